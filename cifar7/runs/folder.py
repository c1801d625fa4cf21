"""A run is a folder: design, settings, surroundings, state, events, weights and predictions.

Everybody may read it at any time; the process that executes the run writes it, through `cifar7.runs.claim`,
holding the lock on `run.lock`. The folder is the only record: what is not written there is not known.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs.directory import RunError as RunError
from cifar7.runs.directory import announce, is_id, make_runs_dir, new_id, run_ids
from cifar7.runs.directory import hold_queue as hold_queue
from cifar7.runs.files import read_json, read_lines, replace_json, try_lock
from cifar7.runs.kinds import KINDS, Kind, kind_of
from cifar7.runs.reasons import death_reason
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
        runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str, kind: Kind = "training"
    ) -> RunFolder:
        """Make a queued run on the image set `data_name` of the library; it appears whole or not at all."""
        runs_dir = make_runs_dir(runs_dir)
        run = RunFolder(runs_dir / new_id(kind, spec.name))
        draft = runs_dir / f".new-{run.id}"
        draft.mkdir()
        settings = config.to_dict()
        replace_json(draft / "spec.json", spec.to_dict())
        replace_json(draft / "config.json", {**settings, "data": data_name})
        replace_json(
            draft / "status.json", cast("dict[str, Any]", fresh(spec.name, data_name, settings["device"]))
        )
        draft.rename(run.path)
        return run

    @staticmethod
    def open(runs_dir: Path, run_id: str, kind: Kind = "training") -> RunFolder:
        """The run of this id, which may come from anywhere; raises RunError if there is none of this kind."""
        run = RunFolder(runs_dir.absolute() / run_id) if is_id(run_id) else None
        if run is None or run.kind != kind or not (run.path / "status.json").is_file():
            raise RunError(KINDS[kind].absent.format(run_id if is_id(run_id) else "of that name"))
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
        try:
            return read_json(self.path / "environment.json")
        except (OSError, ValueError):
            return {}

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
        """Since somebody last looked, or something was written. Raises OSError when the folder is gone."""
        return time.time() - self.path.stat().st_mtime

    def request_stop(self) -> None:
        """Have the run stop: at its next batch, or before it begins. No effect on a run that has ended.

        A paused run waits in the queue from then on, to be tested as it is.
        """
        with hold_queue(self.path.parent):
            state = self.status()["state"]
            if state == "running":
                self._request("stop")
            elif state in ("queued", "paused"):
                if self.checkpoint_path() is None:
                    self._change(
                        state="stopped", reason="Stopped before it began.", ended=time.time(), durable=True
                    )
                else:
                    self._change(state="queued", then="stop")
        self.reconcile()

    def request_pause(self) -> None:
        """Have the run pause: at its next batch, or where it waits.

        No effect on one that has ended, nor after a request to stop: that stands until the run is resumed.
        """
        with hold_queue(self.path.parent):
            status = self.status()
            state = status["state"]
            if state == "queued" and status["then"] != "stop":
                self._change(state="paused")
            elif state == "running" and self.requested() != "stop":
                self._request("pause")
        self.reconcile()

    def request_resume(self, more_epochs: int = 0) -> None:
        """Put the run in the queue again, to go on from its last checkpoint; call `ensure_worker` after it.

        Raises RunError for a run that waits or goes on, one that is finished unless there are `more_epochs`,
        and one that came to its end without a checkpoint; ConfigError for too many epochs.
        """
        self.reconcile()
        with hold_queue(self.path.parent):
            self.requeue(more_epochs)
        announce(self.path.parent)

    def requeue(self, more_epochs: int = 0) -> None:
        """As `request_resume`, for a caller that holds the queue."""
        status = self.status()
        if more_epochs < 0:
            raise RunError(f"{more_epochs} more epochs cannot be; give 1 or more")
        if status["state"] in ("queued", "running"):
            doing = "waits for its turn" if status["state"] == "queued" else "is being trained"
            raise RunError(f"the run {self.id} {doing} already")
        if status["state"] == "finished" and more_epochs < 1:
            raise RunError(f"the run {self.id} is finished; say how many more epochs, as in --epochs 4")
        if status["result"] and self.checkpoint_path() is None:
            raise RunError(f"the run {self.id} has no checkpoint to go on from; train its design again")
        if more_epochs:
            config = self.config()
            longer = replace(config, epochs=config.epochs + more_epochs)
            replace_json(self.path / "config.json", {**longer.to_dict(), "data": self.data_name()})
        self._change(state="queued", reason=None, ended=None, then=None)

    def reconcile(self) -> Status:
        """The status, made true: a run that says "running" while nobody holds its lock has failed."""
        status = self.status()
        if status["state"] != "running":
            return status
        lock = try_lock(self.path / "run.lock")
        if lock is None:
            return status
        try:
            status = self.status()
            if status["state"] == "running":
                reason = death_reason(status, self.kind, self.checkpoint_path() is not None)
                self._change(state="failed", reason=reason, ended=time.time(), durable=True)
                status = self.status()
        finally:
            lock.release()
        return status

    def requested(self) -> str | None:
        """What the running run is to do: "stop", "pause" or None. Cheap enough for every batch."""
        path = self.path / "control.json"
        if not path.exists():
            return None
        try:
            return str(read_json(path).get("ask"))
        except (OSError, ValueError):
            return None

    def _request(self, what: str) -> None:
        replace_json(self.path / "control.json", {"ask": what, "at": time.time()})

    def _change(self, *, durable: bool = False, **changes: Any) -> None:
        status = {**self.status(), "phase": None, **changes}
        replace_json(self.path / "status.json", status, durable=durable)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return read_json(self.path / name)
        except OSError:
            raise RunError(f"the run {self.id} is gone, or its {name} is; choose another run") from None
        except ValueError:
            raise RunError(f"{name} of the run {self.id} is damaged; choose another run") from None


def list_runs(runs_dir: Path) -> list[RunFolder]:
    """All trainings, the newest first by the time in their ids. Reads no file of theirs."""
    return [RunFolder(runs_dir.absolute() / run_id) for run_id in sorted(run_ids(runs_dir), reverse=True)]
