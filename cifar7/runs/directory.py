"""The directory that all runs lie in: making it, naming runs, and the lock on the queue."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cifar7.disk import is_trouble, why_not
from cifar7.errors import UserError
from cifar7.runs.files import try_lock
from cifar7.runs.kinds import Kind

ID = re.compile(r"[a-z0-9-]{1,120}")  # what can be the name of a run's folder
TRAINING_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9-]{1,100}")  # of those that are listed
DRAFT, GONE = ".new-", ".gone-"  # begin the names of a run that is being made, or removed
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without the look-alikes l, o, 0, 1; 5 bits each


class RunError(UserError):
    """A run that is not there, is not what it should be, or cannot do what it is to do."""


class DamagedError(RunError):
    """A run whose folder cannot be read. `reason`: why, as in "status.json is a pipe"."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@contextmanager
def told(runs_dir: Path) -> Iterator[None]:
    """What cannot be written in between is told in words: raises RunError in place of OSError."""
    try:
        yield
    except OSError as error:
        raise RunError(f"in the folder of runs, {runs_dir.name}, {why_not(error)}") from error


@contextmanager
def hold_queue(runs_dir: Path, patience: float = 20.0) -> Iterator[None]:
    """The lock under which a run changes from queued to something else. Held for milliseconds.

    Raises RunError where another process holds it for longer than `patience` seconds, and in words what
    cannot be written under it.
    """
    with told(runs_dir):
        lock = try_lock(runs_dir / "queue.lock", timeout=patience)
        if lock is None:
            raise RunError(f"the queue of runs is held by another process for over {patience:g} s; try again")
        try:
            yield
        finally:
            lock.release()


def make_runs_dir(runs_dir: Path, inside: str = "") -> Path:
    """The directory of runs, absolute, or one `inside` it, made if need be. RunError if it cannot be made."""
    try:
        (runs_dir / inside).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if runs_dir.is_dir() and is_trouble(error):
            raise RunError(f"in the folder of runs, {runs_dir.name}, {why_not(error)}") from error
        why = error.strerror
        raise RunError(f"runs cannot be kept in {runs_dir} ({why}); choose another folder") from None
    return (runs_dir / inside).absolute()


def new_id(kind: Kind, design: str) -> str:
    """An id that cannot be guessed. A training's tells time and design as well."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(12 if kind == "training" else 20))
    if kind != "training":
        return f"{kind}-{secret}"
    slug = re.sub(r"[^a-z0-9]+", "-", design.lower()).strip("-")[:40].strip("-") or "network"
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}-{secret}"
