"""A learning-rate test that a page asks for: a folder with the request, how far it is, and what it told.

Tests lie in `.finds` below the folder of runs, and the worker carries them out before the next run
(`cifar7.runs.execute_find`). They are no runs: nobody lists them, and one that nobody has looked at for an
hour is removed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from cifar7.data.store import check_name
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.runs.children import death
from cifar7.runs.files import Lock, read_json, replace_json, try_lock
from cifar7.runs.folder import RunError, hold_queue, make_runs_dir
from cifar7.training.config import TrainConfig

FOLDER = ".finds"
MOST_WAITING = 20  # a stuck button or a prank must not keep the runs from their turn
KEPT_SECONDS = 3600.0  # since somebody last looked
AWAITED_SECONDS = 180.0  # likewise: a page looks every second, one in the background every minute

_ID = re.compile(r"[a-z2-9]{20}")
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_REPORT_SECONDS = 0.2  # between two reports of progress

FindState = Literal["waiting", "running", "done", "failed", "stopped"]
GOING_ON: tuple[FindState, ...] = ("waiting", "running")


class FindStatus(TypedDict):
    """status.json of a test. `created`: seconds since 1970 (UTC)."""

    state: FindState
    reason: str | None  # why it failed or stopped, in words
    created: float
    pid: int | None  # of the process that carries it out
    device: str  # as asked for
    what: str | None  # what is being done before the first step
    step: int  # done
    steps: int  # of the whole test; 0 before it has begun


@dataclass(frozen=True)
class Request:
    """What is to be tested."""

    spec: NetSpec
    config: TrainConfig
    data: str  # the image set's name in the library


@dataclass(frozen=True)
class Find:
    """One test. Any number of processes may read it; who carries it out holds the lock on find.lock."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name, which cannot be guessed."""
        return self.path.name

    @staticmethod
    def open(runs_dir: Path, find_id: str) -> Find:
        """The test of this id, which may come from anywhere; raises RunError if there is none."""
        path = runs_dir.absolute() / FOLDER / find_id if _ID.fullmatch(find_id) else None
        if path is None or not (path / "status.json").is_file():
            raise RunError("this test of the learning rate is no longer kept; test again")
        return Find(path)

    def request(self) -> Request:
        """What was asked for. Raises RunError, SpecError or ConfigError if the file is damaged."""
        asked = self._read("request.json")
        spec = NetSpec.from_dict(asked.get("spec"))
        return Request(spec, TrainConfig.from_dict(asked.get("config")), str(asked.get("data", "")))

    def status(self) -> FindStatus:
        """How it stands, made true: what says "running" while nobody holds its lock has failed."""
        status = self._status()
        if status["state"] != "running":
            return status
        lock = try_lock(self.path / "find.lock")
        if lock is None:
            return status
        try:
            status = self._status()
            if status["state"] == "running":
                died = f"The worker process (pid {status['pid']}) {death(status['pid'])}. Test again."
                self.change(state="failed", reason=died)
        finally:
            lock.release()
        return self._status()

    def result(self) -> dict[str, Any] | None:
        """The Finding of cifar7.training.lr_finder as plain data; None before the test is done."""
        try:
            return read_json(self.path / "result.json")
        except (OSError, ValueError):
            return None

    def look(self) -> None:
        """Keep it from being removed: somebody still wants it."""
        with suppress(OSError):
            os.utime(self.path)

    def request_stop(self) -> None:
        """Ask the test to stop; no effect on one that has ended."""
        with hold_queue(self.path.parent.parent):
            state = self._status()["state"]
            if state == "waiting":
                self.change(state="stopped", reason="Stopped before it began.")
            elif state == "running":
                replace_json(self.path / "control.json", {"ask": "stop"})

    def stop_asked(self) -> bool:
        """Whether somebody asked it to stop. Cheap enough for every batch."""
        return (self.path / "control.json").exists()

    def change(self, **changes: Any) -> None:
        """Replace status.json with these fields changed."""
        replace_json(self.path / "status.json", {**self._status(), **changes})

    def _status(self) -> FindStatus:
        return cast(FindStatus, {**_fresh("auto"), **self._read("status.json")})

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return read_json(self.path / name)
        except (OSError, ValueError):
            raise RunError("this test of the learning rate is gone or damaged; test again") from None


class Taken:
    """The right to carry out a test, until release() or the death of the process."""

    def __init__(self, find: Find, lock: Lock) -> None:
        self.find = find
        self._lock: Lock | None = lock
        self._next_report = 0.0
        find.change(state="running", pid=os.getpid())

    def report(self, step: int, steps: int, what: str | None = None) -> None:
        """Show how far it is, a few times a second."""
        if time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + _REPORT_SECONDS
            self.find.change(step=step, steps=steps, what=what)

    def done(self, result: dict[str, Any]) -> None:
        """Write what the test told."""
        replace_json(self.find.path / "result.json", result)
        self.find.change(state="done", what=None)

    def end(self, state: Literal["failed", "stopped"], reason: str) -> None:
        """Write why there is no result."""
        self.find.change(state=state, reason=reason, what=None)

    def release(self) -> None:
        """Let go of it. A test that was not brought to an end shows as failed from then on."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def ask(runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str) -> Find:
    """Lay a test for the worker; `queue.ensure_worker` sees to it that there is one.

    Raises SpecError for a network that cannot be built, DataError for what cannot name a set, RunError when
    too many wait.
    """
    check(spec)
    check_name(data_name)
    sweep(runs_dir)
    if len(waiting(runs_dir)) >= MOST_WAITING:
        raise RunError(f"{MOST_WAITING} tests of a learning rate are waiting already; try again later")
    folder = make_runs_dir(runs_dir, FOLDER)
    find = Find(folder / "".join(secrets.choice(_LETTERS) for _ in range(20)))  # 100 bits
    draft = folder / f".new-{find.id}"
    draft.mkdir()
    asked = {"spec": spec.to_dict(), "config": config.to_dict(), "data": data_name}
    replace_json(draft / "request.json", asked)
    replace_json(draft / "status.json", cast("dict[str, Any]", _fresh(config.device)))
    draft.rename(find.path)
    os.utime(folder.parent)  # a worker looks at the queue when the folder of runs has changed
    return find


def waiting(runs_dir: Path) -> list[Find]:
    """The tests that wait and that somebody waits for, the next one first."""
    found = []
    for find in _all(runs_dir):
        with suppress(RunError, OSError):
            status = find.status()
            looked = time.time() - find.path.stat().st_mtime < AWAITED_SECONDS
            if status["state"] == "waiting" and looked:
                found.append((status["created"], find.id, find))
    return [find for _, _, find in sorted(found, key=lambda entry: entry[:2])]


def take_next(runs_dir: Path, device: str = "auto") -> Taken | None:
    """Take the test that has waited longest and suits `device`, as `queue.claim_next` does with runs."""
    if not waiting(runs_dir):
        return None
    with hold_queue(runs_dir.absolute()):
        for find in waiting(runs_dir):
            if device != "auto" and find.status()["device"] not in ("auto", device):
                continue
            lock = try_lock(find.path / "find.lock", timeout=1.0)
            if lock is None:
                continue
            try:
                return Taken(find, lock)
            except BaseException:
                lock.release()
                raise
    return None


def sweep(runs_dir: Path) -> None:
    """Remove the tests that nobody has looked at for an hour, and half-made ones; none that is going on."""
    for path in (runs_dir.absolute() / FOLDER).glob("*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEPT_SECONDS and not _is_running(Find(path)):
                shutil.rmtree(path)


def _is_running(find: Find) -> bool:
    try:
        return find.status()["state"] == "running"
    except RunError:  # half-made, or damaged
        return False


def _all(runs_dir: Path) -> Iterator[Find]:
    with suppress(FileNotFoundError), os.scandir(runs_dir.absolute() / FOLDER) as entries:
        yield from (Find(Path(entry.path)) for entry in entries if _ID.fullmatch(entry.name))


def _fresh(device: str) -> FindStatus:
    return FindStatus(
        state="waiting", reason=None, created=time.time(), pid=None, device=device, what=None, step=0, steps=0
    )
