"""The directory that all runs lie in: making it, naming runs, and the lock on the queue."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from cifar7.errors import UserError
from cifar7.runs.files import Lock, try_lock
from cifar7.runs.kinds import Kind, kind_of

_ID = re.compile(r"[a-z0-9-]{1,120}")
_TRAINING_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9-]{1,100}")  # of those that are listed
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without the look-alikes l, o, 0, 1; 5 bits each


class RunError(UserError):
    """A run that is not there, is not what it should be, or cannot do what it is to do."""


class hold_queue:  # noqa: N801 - reads as a statement: with hold_queue(runs_dir):
    """The lock under which a run changes from queued to something else. Held for milliseconds."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._lock: Lock | None = None

    def __enter__(self) -> None:
        self._lock = try_lock(self._runs_dir / "queue.lock", timeout=20.0)
        if self._lock is None:
            raise RunError("the queue of runs is held by another process for over 20 s; try again")

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.release()


def make_runs_dir(runs_dir: Path, inside: str = "") -> Path:
    """The directory of runs, absolute, or one `inside` it, made if need be. RunError if it cannot be made."""
    try:
        (runs_dir / inside).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror
        raise RunError(f"runs cannot be kept in {runs_dir} ({why}); choose another folder") from None
    return (runs_dir / inside).absolute()


def announce(runs_dir: Path) -> None:
    """Have the workers look at the queue: they do when the directory's time of change is another."""
    os.utime(runs_dir)


def run_ids(runs_dir: Path, *, every_kind: bool = False) -> Iterator[str]:
    """The ids of the trainings, or of all runs, in no order. Reads no file of theirs."""
    try:
        with os.scandir(runs_dir) as entries:
            yield from (
                entry.name
                for entry in entries
                if _TRAINING_ID.fullmatch(entry.name) or (every_kind and kind_of(entry.name) != "training")
                if entry.is_dir()
            )
    except FileNotFoundError:
        return


def is_id(text: str) -> bool:
    """Whether a text, which may come from anywhere, can be the name of a run's folder."""
    return _ID.fullmatch(text) is not None


def new_id(kind: Kind, design: str) -> str:
    """An id that cannot be guessed. A training's tells time and design as well."""
    if kind != "training":
        return f"{kind}-{_secret(20)}"
    slug = re.sub(r"[^a-z0-9]+", "-", design.lower()).strip("-")[:40].strip("-") or "network"
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}-{_secret(12)}"


def _secret(letters: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(letters))
