"""The right to execute a run, and the only way to write into its folder."""

from __future__ import annotations

import json
import os
import time
from typing import Any, cast

from filelock import BaseFileLock

from cifar7.results.predictions import Predictions
from cifar7.runs.directory import RunError, hold_queue
from cifar7.runs.files import plain, replace_json, replacing, try_lock
from cifar7.runs.folder import RunFolder
from cifar7.runs.status import State, Status
from cifar7.training.events import Beat, EpochEnd, Event, Notice, RangeStep

BEAT_SECONDS = 0.5  # at most one beat per this time goes into events.jsonl ...
LONG_RUN_BEATS = 2000  # ... and in a run of T seconds one per T / 2000: 10 hours are 10,000 lines, not 72,000


class Claim:
    """Holds run.lock while the run is "running", until release() or the death of the process."""

    def __init__(self, run: RunFolder, lock: BaseFileLock) -> None:
        self.run = run
        self._lock = lock
        self.status: Status = run.status()  # what was last written
        self._next_beat = 0.0
        self._began = time.monotonic()
        self._close_torn_line()
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

    def record(self, event: Event) -> None:
        """Append an event to the record; the status holds the newest beat and epoch, and all notices."""
        written = event.to_dict()
        if isinstance(event, (Beat, RangeStep)):
            now = time.monotonic()
            if now >= self._next_beat:
                self._append(written)
                self._next_beat = now + max(BEAT_SECONDS, (now - self._began) / LONG_RUN_BEATS)
            self.update(progress=written)
            return
        self._append(written)
        if isinstance(event, EpochEnd):
            self.update(epoch=written)
        elif isinstance(event, Notice):
            self.update(notices=[*self.status["notices"], event.words])

    def end(self, state: State, reason: str | None = None, result: dict[str, Any] | None = None) -> None:
        """Write how the run ended; the first end counts. The lock is kept until release()."""
        if self.status["state"] != "running":
            return
        result = self.status["result"] if result is None else result
        ended = {"ended": time.time(), "phase": None, **self._left()}
        self.update(durable=True, state=state, reason=reason, result=result, **ended)

    def pause(self) -> None:
        """Leave the run as it is, to be resumed; the lock is kept until release().

        Where a stop was requested after the pause that is being carried out, the stop comes next.
        """
        with hold_queue(self.run.path.parent):
            self.update(durable=True, state="paused", phase=None, preparing=None, **self._left())
            stop = self.run.requested() in ("stop", "end")
        if stop:
            self.run.request_stop()
            self.status = self.run.status()

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
        replace_json(self.run.path / "environment.json", environment)

    def save_predictions(self, predictions: Predictions) -> None:
        """Write the network's outputs for the test images."""
        with replacing(self.run.path / "predictions.npz", durable=True) as half:
            predictions.save(half)

    def release(self) -> None:
        """Let go of the run. One that was not brought to an end shows as failed from then on."""
        self._lock.release()

    def _append(self, written: dict[str, Any]) -> None:
        line = json.dumps(plain(written), ensure_ascii=False, allow_nan=False) + "\n"
        # One write per line: a reader meets whole lines, save for the last one of a writer that was killed.
        with (self.run.path / "events.jsonl").open("ab", buffering=0) as file:
            file.write(line.encode())

    def _close_torn_line(self) -> None:
        path = self.run.path / "events.jsonl"
        if path.exists() and path.stat().st_size:
            with path.open("rb+") as file:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")


def claim(run: RunFolder) -> Claim:
    """Take a queued run for this process; call it under hold_queue. Raises RunError if another has it."""
    # A reconciling reader may hold the lock for an instant, so one try is too few.
    lock = try_lock(run.path / "run.lock", timeout=1.0)
    if lock is None:
        raise RunError(f"the run {run.id} is being executed by another process")
    try:
        return Claim(run, lock)
    except BaseException:
        lock.release()
        raise
