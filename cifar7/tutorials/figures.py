"""The figures of a person's own runs, as tasks ask for them. A run that has ended is read once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path

from cifar7.errors import UserError
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.assignment import Achieved, measure
from cifar7.network.profiles import RUN_MEASURES
from cifar7.network.spec import NetSpec
from cifar7.runs import people
from cifar7.runs.folder import ENDED, RunFolder, State, list_runs
from cifar7.training.config import TrainConfig
from cifar7.training.events import Finished

LOOKED_AT, KEPT = 400, 40  # of the newest runs of all; of a person's own


@dataclass(frozen=True, eq=False)
class Figures:
    """A run that came to its test. Accuracies are fractions 0..1."""

    run: RunFolder
    spec: NetSpec
    config: TrainConfig
    data: str  # the image set's name
    result: Finished
    on_gpu: bool

    def value(self, name: str, classes: Sequence[str] = ()) -> float | None:
        """One of MEASURES or RUN_MEASURES; None where the run has no such figure."""
        if name not in RUN_MEASURES:
            achieved = Achieved(accuracy=self.result.test_accuracy, on_gpu=self.on_gpu)
            return _known(measure(name, self.analysis(), achieved))
        if name == "class_accuracy":
            return _on_classes(self.run, self.result.seconds, tuple(classes))
        heldout = self.result.heldout_accuracy
        values = {
            "heldout_accuracy": heldout,
            "train_accuracy": self.result.train_accuracy,
            "gap": None if heldout is None else self.result.train_accuracy - heldout,
            "epochs": float(self.result.epochs),
        }
        return _known(values[name])

    def analysis(self) -> Analysis:
        """What is counted on its network."""
        return _analysis(self.spec)


def own_runs(runs_dir: Path, person: str) -> tuple[tuple[Figures, ...], bool]:
    """The newest runs of the person that came to their test, newest first; and whether one is under way.

    `person`: the public id, as status.json has it in `by`. A run by nobody, made on the command line, is
    anybody's, but in a class.
    """
    owners = {person} if people.has_teacher() else {person, ""}
    found: list[Figures] = []
    under_way = False
    for run in list_runs(runs_dir)[:LOOKED_AT]:
        if len(found) == KEPT:
            break
        with suppress(UserError, OSError):
            if _by(run) not in owners:
                continue
            state, figures = _figures(run, (run.path / "status.json").stat().st_mtime_ns)
            under_way = under_way or state in ("queued", "running")
            if figures is not None:
                found.append(figures)
    return tuple(found), under_way


@lru_cache(maxsize=4096)
def _by(run: RunFolder) -> str:
    """Whose run it is, which never changes."""
    return run.status()["by"]


@lru_cache(maxsize=1024)
def _figures(run: RunFolder, written: int) -> tuple[State, Figures | None]:
    """State and figures; `written`, when the status was, is there because a run may go on after its end."""
    status = run.status()
    result = Finished.from_dict(status["result"])
    if status["state"] not in ENDED or result is None or not isfinite(result.test_accuracy):
        return status["state"], None
    on_gpu = run.environment().get("device_type", "cpu") != "cpu"
    return status["state"], Figures(run, run.spec(), run.config(), status["data"], result, on_gpu)


@lru_cache(maxsize=256)
def _analysis(spec: NetSpec) -> Analysis:
    return analyse(spec)


@lru_cache(maxsize=1024)
def _on_classes(run: RunFolder, seconds: float, classes: tuple[str, ...]) -> float | None:
    """Test accuracy on the pictures of these classes together; None where one is missing."""
    with suppress(UserError):
        predictions = run.predictions()
        if set(classes) <= set(predictions.classes):
            counts = predictions.confusion()
            rows = [predictions.classes.index(name) for name in classes]
            pictures = int(counts[rows].sum())
            return float(counts[rows, rows].sum() / pictures) if pictures else None
    return None


def _known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
