"""A run is a folder: design, settings, surroundings, state, events, weights and predictions.

Everybody may read it at any time; whoever executes the run writes it, through `cifar7.runs.claim`, holding
the lock on `run.lock`. The folder is the only record: what is not written there is not known.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs.files import Lock, read_json, read_lines, replace_json, try_lock
from cifar7.runs.status import ENDED as ENDED
from cifar7.runs.status import State as State
from cifar7.runs.status import Status, death_words, fresh
from cifar7.training.config import TrainConfig

_ID = re.compile(r"[a-z0-9-]{1,120}")
_LISTED_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9-]{1,100}")
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without the look-alikes l, o, 0, 1


class RunError(UserError):
    """A run that is not there, is not what it should be, or cannot do what is asked of it."""


@dataclass(frozen=True)
class RunFolder:
    """One run. Reading it takes no lock and may be done by any number of processes."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name: time, design and an unguessable end."""
        return self.path.name

    @staticmethod
    def create(runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str) -> RunFolder:
        """Lay a queued run on the image set `data_name` of the library; it appears whole or not at all."""
        runs_dir = make_runs_dir(runs_dir)
        run = RunFolder(runs_dir / _new_id(spec.name))
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
    def open(runs_dir: Path, run_id: str) -> RunFolder:
        """The run of this id, which may come from anywhere; raises RunError if there is none."""
        path = runs_dir.absolute() / run_id if _ID.fullmatch(run_id) else None
        if path is None or not (path / "status.json").is_file():
            shown = run_id if _ID.fullmatch(run_id) else "of that name"
            raise RunError(f"there is no run {shown}; `python -m cifar7 runs` lists those there are")
        return RunFolder(path)

    def status(self) -> Status:
        """What is known of the run now. Raises RunError when the folder is gone or damaged."""
        return cast(Status, {**fresh("", "", "auto"), **self._read("status.json")})

    def events(self, after: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events from byte `after` of the record on, and the byte to ask from next time.

        Beats are thinned to one per half second, and further in long runs; status()["progress"] is always the
        newest.
        """
        return read_lines(self.path / "events.jsonl", max(0, int(after)))

    def story(self) -> list[dict[str, Any]]:
        """The events of the run as it stands: without those that it went back behind when it was resumed."""
        told: list[dict[str, Any]] = []
        for event in self.events()[0]:
            if event.get("event") == "started":
                done = event.get("from_step", 0)
                told = [before for before in told if before.get("step", 0) <= done and done]
            told.append(event)
        return told

    def spec(self) -> NetSpec:
        """The design, as it was when the run was asked for. Raises SpecError if the file is damaged."""
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
        """What the network said about the test pictures; PredictionsError where there is nothing."""
        return Predictions.load(self.path / "predictions.npz")

    def weights_path(self) -> Path | None:
        """model.pt, a state dict for torch.load(..., weights_only=True); None before an epoch's end."""
        path = self.path / "model.pt"
        return path if path.is_file() else None

    def checkpoint_path(self) -> Path | None:
        """checkpoint.pt, from which the run can go on; None before there is one."""
        path = self.path / "checkpoint.pt"
        return path if path.is_file() else None

    def request_stop(self) -> None:
        """Ask the run to stop: at its next batch, or before it begins. No effect on a run that has ended.

        A paused run waits in the queue from then on, to be tested as it is.
        """
        with hold_queue(self.path.parent):
            state = self.status()["state"]
            if state == "running":
                self._ask("stop")
            elif state in ("queued", "paused"):
                if self.checkpoint_path() is None:
                    self._change(
                        state="stopped", reason="Stopped before it began.", ended=time.time(), durable=True
                    )
                else:
                    self._change(state="queued", then="stop")
        self.reconcile()

    def request_pause(self) -> None:
        """Ask the run to pause: at its next batch, or where it waits.

        No effect on one that has ended, nor where a stop was asked for: that stands until the run is resumed.
        """
        with hold_queue(self.path.parent):
            status = self.status()
            state = status["state"]
            if state == "queued" and status["then"] != "stop":
                self._change(state="paused")
            elif state == "running" and self.asked() != "stop":
                self._ask("pause")
        self.reconcile()

    def request_resume(self, more_epochs: int = 0) -> None:
        """Lay the run in the queue again, to go on from its last checkpoint; call `ensure_worker` after it.

        Raises RunError for a run that waits or goes on, one that is finished unless `more_epochs` are asked
        for, and one that came to its end without a checkpoint; ConfigError for too many epochs.
        """
        self.reconcile()
        with hold_queue(self.path.parent):
            self.lay_again(more_epochs)
        os.utime(self.path.parent)  # a worker looks at the queue when the folder of runs has changed

    def lay_again(self, more_epochs: int = 0) -> None:
        """As `request_resume`, for who holds the queue."""
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
                reason = death_words(status, self.checkpoint_path() is not None)
                self._change(state="failed", reason=reason, ended=time.time(), durable=True)
                status = self.status()
        finally:
            lock.release()
        return status

    def asked(self) -> str | None:
        """What the running run was asked for: "stop", "pause" or None. Cheap enough for every batch."""
        path = self.path / "control.json"
        if not path.exists():
            return None
        try:
            return str(read_json(path).get("ask"))
        except (OSError, ValueError):
            return None

    def _ask(self, what: str) -> None:
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
    """The folder of runs, absolute, or one `inside` it, made if need be. RunError if it cannot be made."""
    try:
        (runs_dir / inside).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror
        raise RunError(f"runs cannot be kept in {runs_dir} ({why}); choose another folder") from None
    return (runs_dir / inside).absolute()


def list_runs(runs_dir: Path) -> list[RunFolder]:
    """All runs, the newest first by the time in their ids. Reads no file of theirs."""
    return [RunFolder(runs_dir.absolute() / name) for name in sorted(_names(runs_dir), reverse=True)]


def _names(runs_dir: Path) -> Iterator[str]:
    try:
        with os.scandir(runs_dir) as entries:
            yield from (
                entry.name for entry in entries if _LISTED_ID.fullmatch(entry.name) and entry.is_dir()
            )
    except FileNotFoundError:
        return


def _new_id(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "network"
    secret = "".join(secrets.choice(_LETTERS) for _ in range(12))  # 60 bits
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}-{secret}"
