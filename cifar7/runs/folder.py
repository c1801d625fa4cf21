"""A run is a folder: design, settings, surroundings, state, events, weights and predictions.

Everybody may read it at any time; the process that executes the run writes it, through `cifar7.runs.claim`,
holding the lock on `run.lock`. The folder is the only record: what is not written there is not known.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from cifar7.disk import is_full
from cifar7.network.spec import NetSpec
from cifar7.runs.children import death
from cifar7.runs.contents import Contents
from cifar7.runs.directory import DRAFT, ID, hold_queue, make_runs_dir, new_id, told
from cifar7.runs.directory import DamagedError as DamagedError
from cifar7.runs.directory import RunError as RunError
from cifar7.runs.files import replace_json
from cifar7.runs.kinds import KINDS, Kind
from cifar7.runs.limits import Limits
from cifar7.runs.listing.looking import Directories, Look
from cifar7.runs.people import COMMAND_LINE, Person, check_may
from cifar7.runs.reasons import after_death
from cifar7.runs.status import ENDED as ENDED
from cifar7.runs.status import State as State
from cifar7.runs.status import Status, fresh
from cifar7.runs.workers.served import CLUSTER
from cifar7.training.config import TrainConfig


@dataclass(frozen=True)
class RunFolder(Contents):
    """One run. Reading it takes no lock and may be done by any number of processes."""

    @staticmethod
    def create(
        runs_dir: Path,
        spec: NetSpec,
        config: TrainConfig,
        data_name: str,
        kind: Kind = "training",
        files: Mapping[str, dict[str, Any]] | None = None,
        **known: Any,
    ) -> RunFolder:
        """Make a queued run on the image set `data_name` of the library; it appears whole or not at all.

        `known`: fields of its status beyond those of a fresh one. `files`: JSON objects to lie in it besides.
        """
        runs_dir = make_runs_dir(runs_dir)
        run = RunFolder(runs_dir / new_id(kind, spec.name))
        draft = runs_dir / f"{DRAFT}{run.id}"
        settings = config.to_dict()
        status = cast("dict[str, Any]", fresh(spec.name, data_name, settings["device"]))
        contents = {
            "spec.json": spec.to_dict(),
            "config.json": {**settings, "data": data_name},
            "status.json": {**status, **known},
            **(files or {}),
        }
        try:
            with told(runs_dir):
                draft.mkdir()
                for name, content in contents.items():
                    replace_json(draft / name, content)
                draft.rename(run.path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return run

    @staticmethod
    def open(runs_dir: Path, run_id: str, kind: Kind = "training") -> RunFolder:
        """The run of this id, which may come from anywhere; raises RunError if there is none of this kind."""
        run, is_name = RunFolder(runs_dir.absolute() / run_id), ID.fullmatch(run_id)
        # What stands there may be damaged: whoever reads it hears so.
        if not is_name or run.kind != kind or not os.path.lexists(run.path / "status.json"):
            raise RunError(KINDS[kind].absent.format(run_id if is_name else "of that name"))
        return run

    def look(self) -> None:
        """Note that somebody looks at the run, where runs of its kind are removed when nobody does."""
        with suppress(OSError):
            os.utime(self.path)

    def unwatched_seconds(self) -> float:
        """Since somebody last looked, or something was written; infinite where the folder is gone."""
        with suppress(OSError):
            return time.time() - self.path.stat().st_mtime
        return inf

    def request_stop(self, by: Person = COMMAND_LINE) -> None:
        """Have the run stop: within a moment, or before it begins. No effect on a run that has ended.

        Asked a second time, it is to end at once: `force.stop` sees to it. A paused run waits in the queue
        from then on, to be tested as it is. Raises RunError where it is not for `by` to stop.
        """
        with hold_queue(self.path.parent):
            status = self.status()
            check_may(by, status, "stop")
            state = status["state"]
            if state == "running":
                self._request("end" if self.requested() in ("stop", "end") else "stop")
            elif state in ("queued", "paused"):
                if self.checkpoint_path() is None:
                    self._change(
                        state="stopped", reason="Stopped before it began.", ended=time.time(), durable=True
                    )
                else:
                    queued = status["queued"] if state == "queued" else time.time()
                    self._change(state="queued", then="stop", queued=queued)
        self.reconcile()

    def request_pause(self, by: Person = COMMAND_LINE) -> None:
        """Have the run pause: at its next batch, or where it waits.

        No effect on one that has ended, nor after a request to stop: that stands until the run is resumed.
        Raises RunError where it is not for `by` to pause.
        """
        with hold_queue(self.path.parent):
            status = self.status()
            check_may(by, status, "pause")
            state = status["state"]
            if state == "queued" and status["then"] != "stop":
                self._change(state="paused")
            elif state == "running" and self.requested() not in ("stop", "end"):
                self._request("pause")
        self.reconcile()

    def request_test(self, by: Person = COMMAND_LINE, device: str | None = None) -> None:
        """Put a stopped run that was not tested in the queue, to be tested as it is.

        Raises RunError for any other, and where it is not for `by` to do; LimitError where too many wait.
        """
        with hold_queue(self.path.parent):
            status = self.status()
            if status["state"] != "stopped" or status["result"] or self.checkpoint_path() is None:
                raise RunError(f"the run {self.id} has nothing that could still be tested")
            self.requeue(0, by, device)
            self._change(then="stop", withheld=False)

    def request_resume(
        self, more_epochs: int = 0, by: Person = COMMAND_LINE, device: str | None = None
    ) -> None:
        """Put the run in the queue again, to go on from its last checkpoint; call `ensure_worker` after it.

        Raises RunError for a run that waits or goes on, one that is finished unless there are `more_epochs`,
        one that came to its end without a checkpoint, one that is not for `by` to resume, and beyond the
        limits in force; ConfigError for too many epochs.
        """
        self.reconcile()
        with hold_queue(self.path.parent):
            self.requeue(more_epochs, by, device)

    def requeue(self, more_epochs: int = 0, by: Person = COMMAND_LINE, device: str | None = None) -> None:
        """As `request_resume`, for a caller that holds the queue.

        `device`: for whom it waits. None: for the workers here, also where a cluster had it before.
        """
        status = self.status()
        check_may(by, status, "resume")
        if more_epochs < 0:
            raise RunError(f"{more_epochs} more epochs cannot be; give 1 or more")
        if status["state"] in ("queued", "running"):
            doing = "waits for its turn" if status["state"] == "queued" else "is being trained"
            raise RunError(f"the run {self.id} {doing} already")
        if status["state"] == "finished" and more_epochs < 1:
            raise RunError(f"the run {self.id} is finished; say how many more epochs, as in --epochs 4")
        if status["result"] and self.checkpoint_path() is None:
            raise RunError(f"the run {self.id} has no checkpoint to go on from; train its design again")
        limits = Limits.load()
        if status["state"] != "paused":  # which counts among those that wait already
            others = read_statuses(self.path.parent, ended=False)
            limits.check_waiting(others, self.kind, by, whose=status["by"])
        limits.check_minutes(status["worked"], by)
        if more_epochs:
            config = self.config()
            longer = replace(config, epochs=config.epochs + more_epochs)
            limits.check_epochs(longer.epochs, by)
            replace_json(self.path / "config.json", {**longer.to_dict(), "data": self.data_name()})
        again: dict[str, Any] = {"queued": time.time(), "minutes": limits.minutes_of(by), "deaths": 0}
        if device or status["device"] == CLUSTER:
            again["device"] = device or self.config().device
        self._change(state="queued", reason=None, ended=None, then=None, **again)

    def reconcile(self) -> Status:
        """The status, made true: a run that says "running" while nobody holds its lock is taken up or failed.

        Where that cannot be written at present, it is returned all the same.
        """
        status = self.status()
        if status["state"] != "running" or not self._is_let_go():
            return status
        ending = death(status["pid"])
        try:
            with hold_queue(self.path.parent, patience=2.0), FileLock(self.path / "run.lock", timeout=0):
                status = self.status()
                if status["state"] == "running":
                    found = self.checkpoint_path() is not None
                    changes = after_death(status, self.kind, found, self.requested(), ending)
                    status = cast(Status, {**status, "phase": None, **changes})
                    self._change(durable=True, **changes)
        except Timeout:  # another process has just taken it
            return self.status()
        except DamagedError:
            raise
        except RunError:  # nothing can be written there
            return status
        return status

    def cannot_begin(self, error: OSError) -> None:
        """Have it fail, for a caller that holds the queue: something in its folder stands in the way.

        A run that waits while the disk is full or read-only goes on waiting.
        """
        if is_full(error) or error.errno == errno.EROFS:
            return
        reason = f"Its folder cannot be worked in ({error.strerror}); start the design again."
        with suppress(OSError):
            self._change(state="failed", reason=reason, ended=time.time())

    def _is_let_go(self) -> bool:
        """Whether nobody holds the run's lock, as far as can be told."""
        try:
            with FileLock(self.path / "run.lock", timeout=0):
                return True
        except (Timeout, OSError):
            return False

    def _request(self, what: str) -> None:
        replace_json(self.path / "control.json", {"ask": what, "at": time.time()})

    def _change(self, *, durable: bool = False, **changes: Any) -> None:
        status = {**self.status(), "phase": None, **changes}
        replace_json(self.path / "status.json", status, durable=durable)
        with suppress(OSError):  # workers, and all who look at the runs, look again when this time changes
            os.utime(self.path.parent)


_DIRECTORIES: Directories[RunFolder] = Directories(RunFolder)


def list_runs(runs_dir: Path, *, every_kind: bool = False) -> list[RunFolder]:
    """All trainings, or all runs, the newest first by the time in their ids. Reads no file of theirs."""
    return _DIRECTORIES[runs_dir].runs(every_kind=every_kind)


def look(runs_dir: Path) -> Look[RunFolder]:
    """How the runs of every kind stand; what this process has read, it reads again when it has changed."""
    return _DIRECTORIES[runs_dir].look()


def read_statuses(runs_dir: Path, *, ended: bool = True) -> list[tuple[RunFolder, Status]]:
    """Runs of every kind with their statuses, which are shared: change none. `ended`: those too."""
    found = look(runs_dir)
    seen = found.all() if ended else found.others
    return [(one.run, one.status) for one in seen if one.status is not None]
