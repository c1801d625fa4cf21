"""The right to execute a run, and the only way to write into its folder."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any, cast

from filelock import BaseFileLock

from cifar7.disk import is_full
from cifar7.results.predictions import Predictions
from cifar7.runs.directory import RunError, hold_queue
from cifar7.runs.files import append_line, close_torn_line, plain, replace_json, replacing, try_lock
from cifar7.runs.folder import RunFolder
from cifar7.runs.kept.saving import insist
from cifar7.runs.reasons import after_loss
from cifar7.runs.status import State, Status
from cifar7.training.errors import DeviceStateError
from cifar7.training.events import Beat, EpochEnd, Event, Notice, RangeStep

BEAT_SECONDS = 0.5  # at most one beat per this time goes into events.jsonl ...
LONG_RUN_BEATS = 2000  # ... and in a run of T seconds one per T / 2000: 10 hours are 10,000 lines, not 72,000
FULL_NOTICE = "The disk was found full. The run went on, and what had to wait was saved once there was room."
MOST_UNWRITTEN = 10_000  # lines of the record that wait for room on a full disk


class Claim:
    """Holds run.lock while the run is "running", until release() or the death of the process."""

    def __init__(self, run: RunFolder, lock: BaseFileLock, foreground: bool = False) -> None:
        self.run = run
        self._lock = lock
        self.give_up: Callable[[], object] = lambda: None  # asked while the end waits for a full disk
        self._next_beat = 0.0
        self._began = time.monotonic()
        self._unwritten: list[bytes] = []  # lines of the record that wait for room on the disk
        self.status: Status = run.status()  # what was last written, or is to be
        close_torn_line(run.path / "events.jsonl")
        for left_over in (
            run.path / "control.json",
            *run.path.glob(".half-*"),
        ):  # half files of a dead worker
            left_over.unlink(missing_ok=True)
        self.then = self.status["then"]
        started = self.status["started"] or time.time()
        self._worked = self.status["worked"]  # seconds, before this process
        self.update(
            state="running",
            started=started,
            served=time.time(),
            pid=os.getpid(),
            phase="starting",
            reason=None,
            then=None,
            foreground=foreground,
        )

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def update(self, *, durable: bool = False, **changes: Any) -> None:
        """Replace status.json with these fields changed."""
        status = {**self.status, **changes}
        replace_json(self.run.path / "status.json", status, durable=durable)
        self.status = cast(Status, status)

    def note(self, **changes: Any) -> None:
        """As `update`, but while the disk is full the changes are kept, and written with the next ones."""
        try:
            self.update(**changes)
        except OSError as error:
            if not is_full(error):
                raise
            self.status = cast(Status, {**self.status, **changes})
            self.missed()

    def record(self, event: Event) -> None:
        """Append an event to the record; the status holds the newest beat and epoch, and all notices.

        While the disk is full this waits for the next event, and the run goes on.
        """
        written = event.to_dict()
        if isinstance(event, (Beat, RangeStep)):
            now = time.monotonic()
            if now >= self._next_beat:
                self._append(written)
                self._next_beat = now + max(BEAT_SECONDS, (now - self._began) / LONG_RUN_BEATS)
            self.note(progress=written)
            return
        self._append(written)
        if isinstance(event, EpochEnd):
            self.note(epoch=written)
        elif isinstance(event, Notice):
            self.note(notices=[*self.status["notices"], event.words])

    def missed(self) -> None:
        """Something could not be written as the disk is full: a notice tells once there is room."""
        if FULL_NOTICE not in self.status["notices"]:
            self.status = cast(Status, {**self.status, "notices": [*self.status["notices"], FULL_NOTICE]})

    def end(self, state: State, reason: str | None = None, result: dict[str, Any] | None = None) -> None:
        """Write how the run ended; the first end counts. The lock is kept until release().

        While the disk is full, this waits for room, as `saving.insist` does.
        """
        if self.status["state"] != "running":
            return
        result = self.status["result"] if result is None else result
        ended: dict[str, Any] = {"state": state, "reason": reason, "result": result, "phase": None}
        insist(lambda: self.update(durable=True, **ended, ended=time.time(), **self._left()), self.give_up)

    def pause(self) -> None:
        """Leave the run as it is, to be resumed; the lock is kept until release().

        Where a stop was requested after the pause that is being carried out, the stop comes next.
        """
        stops: list[bool] = []

        def write() -> None:
            with hold_queue(self.run.path.parent):
                self.update(durable=True, state="paused", phase=None, preparing=None, **self._left())
                stops.append(self.run.requested() in ("stop", "end"))

        insist(write, self.give_up)
        if any(stops):
            self.run.request_stop()
            self.status = self.run.status()

    def lose(self, error: DeviceStateError) -> None:
        """Leave the run to a fresh process, as this one can no longer be trusted with its device.

        It waits in the queue again, or has failed, as `reasons.after_loss` says. The lock is kept until
        release().
        """

        def write() -> None:
            with hold_queue(self.run.path.parent):
                found, asked = self.run.checkpoint_path() is not None, self.run.requested()
                changes = after_loss(self.status, self.run.kind, found, asked, error)
                self.update(durable=True, **{**self._left(), "phase": None, **changes})

        if self.status["state"] == "running":
            insist(write, self.give_up)

    def worked_seconds(self) -> float:
        """How long processes have executed the run, all together."""
        return self._worked + time.monotonic() - self._began

    def _left(self) -> dict[str, float]:
        """What the status holds of a run that this process lets go of."""
        return {"served": time.time(), "worked": self.worked_seconds()}

    def requested(self) -> str | None:
        """What the run is to do, as `RunFolder.requested`; None to go on. Cheap enough for every batch."""
        return self.then or self.run.requested()

    def save_environment(self, environment: dict[str, Any]) -> None:
        """Write the versions, device and data that the run works with."""
        insist(lambda: replace_json(self.run.path / "environment.json", environment), self.give_up)

    def save_predictions(self, predictions: Predictions) -> None:
        """Write the network's outputs for the test images."""

        def write() -> None:
            with replacing(self.run.path / "predictions.npz", durable=True) as half:
                predictions.save(half)

        insist(write, self.give_up)

    def release(self) -> None:
        """Let go of the run. One that was not brought to an end shows as failed from then on."""
        self._lock.release()

    def _append(self, written: dict[str, Any]) -> None:
        line = json.dumps(plain(written), ensure_ascii=False, allow_nan=False) + "\n"
        self._unwritten.append(line.encode())
        try:
            while self._unwritten:
                append_line(self.run.path / "events.jsonl", self._unwritten[0])
                del self._unwritten[0]
        except OSError as error:
            if not is_full(error):
                raise
            self.missed()
            del self._unwritten[:-MOST_UNWRITTEN]


def claim(run: RunFolder, foreground: bool = False) -> Claim:
    """Take a queued run for this process; call it under hold_queue. Raises RunError if another has it.

    `foreground`: a command that somebody waits for executes it, and no worker takes it up if that dies.
    Raises OSError where the folder cannot be worked in.
    """
    # A reconciling reader may hold the lock for an instant, so one try is too few.
    lock = try_lock(run.path / "run.lock", timeout=1.0)
    if lock is None:
        raise RunError(f"the run {run.id} is being executed by another process")
    try:
        return Claim(run, lock, foreground)
    except BaseException:
        lock.release()
        raise
