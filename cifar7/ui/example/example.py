"""The example of a server: a design on the built-in shapes that is trained in about half a minute.

For pages that have nothing to show yet. There is one for all who look: whoever asks second finds the first
one's run. Its folder says what it is in example.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from cifar7.data.library import BUILT_IN
from cifar7.errors import UserError
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.runs import queue
from cifar7.runs.directory import RunError, make_runs_dir
from cifar7.runs.files import read_json, replace_json, try_lock
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.people import COMMAND_LINE
from cifar7.runs.status import ENDED, Status
from cifar7.training.config import TrainConfig

Side = Literal["wide", "narrow"]
FILE = "example.json"
PATIENCE = 20.0  # seconds for another one who starts it


def _design(name: str, sees_far: bool) -> NetSpec:
    """Like the starter, and less than half of its work. Who does not see far widens nothing from C3 on."""
    unit = partial(Unit, kernel=3 if sees_far else 1)
    return NetSpec(
        name=name,
        bias=False,
        stages=(
            Stage((Unit(8), Unit(16)), pool=2),
            Stage((Unit(32), Unit(32)), pool=2),
            Stage((unit(48, dilation=2 if sees_far else 1), unit(64)), pool=2 if sees_far else None),
            Stage((unit(64),)),
        ),
        output=Head(classifier="linear"),
    )


# Receptive fields of 60 and 16 pixels before pooling. Who sees 16 can only guess within the two pairs of the
# shapes, an arrow at the dot or past it, an eye at the star or past it.
DESIGNS: dict[Side, NetSpec] = {
    "wide": _design("Example", True),
    "narrow": _design("Example, short-sighted", False),
}
CONFIG = TrainConfig(epochs=5, batch_size=64, crop_padding=0, holdout=1000, train_sample=1000)


@dataclass(frozen=True, slots=True)
class Example:
    """A run of one side, as it stands."""

    run: RunFolder
    status: Status

    @property
    def pending(self) -> bool:
        """Whether it waits or goes on."""
        return self.status["state"] not in ENDED

    @property
    def of_use(self) -> bool:
        """Whether it has a result, or may still come to one."""
        return self.pending or self.run.has_predictions()


def newest(runs_dir: Path) -> dict[Side, Example]:
    """The newest example of each side, however it ended; those whose process died are marked failed."""
    found: dict[Side, Example] = {}
    for run in list_runs(runs_dir):
        side = side_of(run)
        if side and side not in found:
            with suppress(UserError):  # deleted or damaged by hand: an older one, then
                found[side] = Example(run, run.reconcile())
    return found


def start(runs_dir: Path, sides: Sequence[Side]) -> None:
    """Queue those of the `sides` that there are none of yet; call `queue.ensure_worker` after it.

    Raises RunError where another one holds the door for too long, else as `queue.enqueue`.
    """
    lock = try_lock(make_runs_dir(runs_dir) / "example.lock", timeout=PATIENCE)
    if lock is None:
        raise RunError("somebody else starts the example at this moment; try again")
    try:
        there = newest(runs_dir)
        for side in sides:
            if side not in there or not there[side].of_use:
                run = queue.enqueue(runs_dir, DESIGNS[side], CONFIG, BUILT_IN, by=COMMAND_LINE)
                replace_json(run.path / FILE, {"example": side})
    finally:
        lock.release()


def side_of(run: RunFolder) -> Side | None:
    """Which example the run is; None for any other run."""
    if "-example-" not in run.id:  # ids tell the design: only those of its name are looked into
        return None
    with suppress(OSError, ValueError):
        side = read_json(run.path / FILE).get("example")
        return next((known for known in DESIGNS if known == side), None)
    return None
