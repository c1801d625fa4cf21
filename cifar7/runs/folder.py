"""A run is a folder: design, settings, surroundings, state, events, weights and predictions.

Everybody may read it at any time; the process that executes the run writes it, through `cifar7.runs.claim`,
holding the lock on `run.lock`. The folder is the only record: what is not written there is not known.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs.directory import ID, TRAINING_ID, hold_queue, make_runs_dir, new_id
from cifar7.runs.directory import RunError as RunError
from cifar7.runs.files import read_json, read_lines, replace_json
from cifar7.runs.kinds import KINDS, Kind, kind_of
from cifar7.runs.limits import Limits
from cifar7.runs.people import COMMAND_LINE, Person, check_may
from cifar7.runs.reasons import at_once_reason, death_reason
from cifar7.runs.status import ENDED as ENDED
from cifar7.runs.status import State as State
from cifar7.runs.status import Status, fresh
from cifar7.training.config import TrainConfig
from cifar7.training.events import Event, Started


@dataclass(frozen=True)
class RunFolder:
    """One run. Reading it takes no lock and may be done by any number of processes."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name: time and design, or a kind other than training, and an unguessable end."""
        return self.path.name

    @property
    def kind(self) -> Kind:
        """What executing it means: a training, as most are, or a learning-rate test."""
        return kind_of(self.id)

    @staticmethod
    def create(
        runs_dir: Path,
        spec: NetSpec,
        config: TrainConfig,
        data_name: str,
        kind: Kind = "training",
        **known: Any,
    ) -> RunFolder:
        """Make a queued run on the image set `data_name` of the library; it appears whole or not at all.

        `known`: fields of its status beyond those of a fresh one.
        """
        runs_dir = make_runs_dir(runs_dir)
        run = RunFolder(runs_dir / new_id(kind, spec.name))
        draft = runs_dir / f".new-{run.id}"
        draft.mkdir()
        settings = config.to_dict()
        replace_json(draft / "spec.json", spec.to_dict())
        replace_json(draft / "config.json", {**settings, "data": data_name})
        replace_json(draft / "status.json", {**fresh(spec.name, data_name, settings["device"]), **known})
        draft.rename(run.path)
        return run

    @staticmethod
    def open(runs_dir: Path, run_id: str, kind: Kind = "training") -> RunFolder:
        """The run of this id, which may come from anywhere; raises RunError if there is none of this kind."""
        run, is_name = RunFolder(runs_dir.absolute() / run_id), ID.fullmatch(run_id)
        if not is_name or run.kind != kind or not (run.path / "status.json").is_file():
            raise RunError(KINDS[kind].absent.format(run_id if is_name else "of that name"))
        return run

    def status(self) -> Status:
        """How the run stands, as written. Raises RunError when the folder is gone or damaged."""
        return cast(Status, {**fresh("", "", "auto"), **self._read("status.json")})

    def events(self, after: int = 0) -> tuple[list[Event], int]:
        """Events from byte `after` of the record on, and the byte to read on from next time.

        Beats are thinned to one per half second, and further in long runs; status()["progress"] is always the
        newest. Events of a kind that is not known here are passed over.
        """
        items, offset = read_lines(self.path / "events.jsonl", max(0, int(after)))
        return [event for item in items if (event := Event.from_dict(item))], offset

    def story(self) -> list[Event]:
        """The events of the run as it stands: without those beyond the point that it was resumed from."""
        story: list[Event] = []
        for event in self.events()[0]:
            if isinstance(event, Started):
                done = event.from_step
                story = [earlier for earlier in story if done and getattr(earlier, "step", 0) <= done]
            story.append(event)
        return story

    def spec(self) -> NetSpec:
        """The design, as it was when the run was made. Raises SpecError if the file is damaged."""
        return NetSpec.from_dict(self._read("spec.json"))

    def config(self) -> TrainConfig:
        """The training settings. Raises ConfigError if the file is damaged."""
        settings = self._read("config.json")
        settings.pop("data", None)
        return TrainConfig.from_dict(settings)

    def data_name(self) -> str:
        """The library's name of the image set."""
        return str(self._read("config.json").get("data", ""))

    def environment(self) -> dict[str, Any]:
        """Versions, device and the data's fingerprint; empty until the run has begun."""
        return self._read_or_empty("environment.json")

    def has_predictions(self) -> bool:
        """Whether the run came to its test."""
        return (self.path / "predictions.npz").is_file()

    def predictions(self) -> Predictions:
        """The network's outputs for the test images; PredictionsError where there are none."""
        return Predictions.load(self.path / "predictions.npz")

    def weights_path(self) -> Path | None:
        """model.pt, a state dict for torch.load(..., weights_only=True); None before an epoch's end."""
        path = self.path / "model.pt"
        return path if path.is_file() else None

    def checkpoint_path(self) -> Path | None:
        """checkpoint.pt, from which the run can go on; None before there is one."""
        path = self.path / "checkpoint.pt"
        return path if path.is_file() else None

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

    def request_test(self, by: Person = COMMAND_LINE) -> None:
        """Put a stopped run that was not tested in the queue, to be tested as it is.

        Raises RunError for any other, and where it is not for `by` to do; LimitError where too many wait.
        """
        with hold_queue(self.path.parent):
            status = self.status()
            if status["state"] != "stopped" or status["result"] or self.checkpoint_path() is None:
                raise RunError(f"the run {self.id} has nothing that could still be tested")
            self.requeue(0, by)
            self._change(then="stop")
        os.utime(self.path.parent)  # workers look at the queue when this time changes

    def request_resume(self, more_epochs: int = 0, by: Person = COMMAND_LINE) -> None:
        """Put the run in the queue again, to go on from its last checkpoint; call `ensure_worker` after it.

        Raises RunError for a run that waits or goes on, one that is finished unless there are `more_epochs`,
        one that came to its end without a checkpoint, one that is not for `by` to resume, and beyond the
        limits in force; ConfigError for too many epochs.
        """
        self.reconcile()
        with hold_queue(self.path.parent):
            self.requeue(more_epochs, by)
        os.utime(self.path.parent)  # workers look at the queue when this time changes

    def requeue(self, more_epochs: int = 0, by: Person = COMMAND_LINE) -> None:
        """As `request_resume`, for a caller that holds the queue."""
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
            limits.check_waiting(read_statuses(self.path.parent), self.kind, by, whose=status["by"])
        limits.check_minutes(status["worked"], by)
        if more_epochs:
            config = self.config()
            longer = replace(config, epochs=config.epochs + more_epochs)
            limits.check_epochs(longer.epochs, by)
            replace_json(self.path / "config.json", {**longer.to_dict(), "data": self.data_name()})
        minutes = limits.minutes_of(by)
        self._change(state="queued", reason=None, ended=None, then=None, queued=time.time(), minutes=minutes)

    def reconcile(self) -> Status:
        """The status, made true: a run that says "running" while nobody holds its lock has failed."""
        status = self.status()
        if status["state"] != "running":
            return status
        with suppress(Timeout), FileLock(self.path / "run.lock", timeout=0):
            status = self.status()
            if status["state"] == "running":
                if self.requested() == "end":
                    state, reason = "stopped", at_once_reason(status, self.kind)
                else:
                    state = "failed"
                    reason = death_reason(status, self.kind, self.checkpoint_path() is not None)
                self._change(state=state, reason=reason, ended=time.time(), durable=True)
        return self.status()

    def requested(self) -> str | None:
        """What the running run is to do: "stop", "end" at once, "pause" or None. Cheap: asked every batch."""
        return self._read_or_empty("control.json").get("ask")

    def _request(self, what: str) -> None:
        replace_json(self.path / "control.json", {"ask": what, "at": time.time()})

    def _change(self, *, durable: bool = False, **changes: Any) -> None:
        status = {**self.status(), "phase": None, **changes}
        replace_json(self.path / "status.json", status, durable=durable)

    def _read_or_empty(self, name: str) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return read_json(self.path / name)
        return {}

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return read_json(self.path / name)
        except OSError:
            raise RunError(f"the run {self.id} is gone, or its {name} is; choose another run") from None
        except ValueError:
            raise RunError(f"{name} of the run {self.id} is damaged; choose another run") from None


def list_runs(runs_dir: Path, *, every_kind: bool = False) -> list[RunFolder]:
    """All trainings, or all runs, the newest first by the time in their ids. Reads no file of theirs."""
    names: list[str] = []
    with suppress(FileNotFoundError), os.scandir(runs_dir) as entries:
        for entry in entries:
            listed = TRAINING_ID.fullmatch(entry.name) or (every_kind and kind_of(entry.name) != "training")
            if listed and entry.is_dir():
                names.append(entry.name)
    return [RunFolder(runs_dir.absolute() / name) for name in sorted(names, reverse=True)]


def read_statuses(runs_dir: Path) -> list[tuple[RunFolder, Status]]:
    """Runs of every kind with their statuses."""
    statuses = []
    for run in list_runs(runs_dir, every_kind=True):
        with suppress(RunError):  # deleted or damaged by hand: no reason to hold up the others
            statuses.append((run, run.status()))
    return statuses
