"""Sweeps of tiny runs that are trained in this process, one a look: fast, and the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tiny

from cifar7.data import library
from cifar7.runs import queue
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder
from cifar7.sweeps.axes import axis
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.drive import Drive
from cifar7.sweeps.executors import Local
from cifar7.sweeps.folder import SweepFolder

EVERY = 10_000  # looks, far more than any sweep here takes


class Inline(Local):
    """Trains the next run of the queue at every look."""

    def __init__(self, runs_dir: Path, data_dir: Path) -> None:
        super().__init__(runs_dir, data_dir, "cpu")
        self._open = lambda name, progress: library.open_set(name, data_dir=data_dir, progress=progress)
        self.trained: list[str] = []
        self.ending: str | None = None  # why the worker is to end

    def tend(self) -> None:
        claim = queue.claim_next(self._runs_dir, "cpu")
        if claim:
            self.trained.append(claim.run.id)
            execute(claim, self._open, stop_reason=lambda: self.ending)


def define(axes: Sequence[str], **more: Any) -> Definition:
    """A sweep from the tiny network, as in `define(["lr=0.1,0.2"], seeds=2)`."""
    settings = {"batch_size": 64} | {name: more.pop(name) for name in ("epochs", "lr") if name in more}
    varies = tuple(axis(text, tiny.SPEC) for text in axes)
    return Definition(tiny.SPEC, tiny.config(**settings), "tiny", varies, **more)


def carried_out(
    home: Path, definition: Definition, looks: int = EVERY, sweep: SweepFolder | None = None
) -> tuple[SweepFolder, Inline]:
    """The sweep after so many looks, or at its end."""
    runs, data = home / "runs", home / "data"
    sweep = sweep or SweepFolder.create(runs, definition)
    inline = Inline(runs, data)
    drive = Drive(sweep, inline)
    for _ in range(looks):
        if not drive.step():
            break
    else:
        assert looks < EVERY, "the sweep does not come to its end"
    return sweep, inline


def table(sweep: SweepFolder) -> list[tuple[Any, ...]]:
    """What came of the trials, without times and names."""
    return [
        (
            trial.number,
            dict(trial.values),
            trial.obstacle,
            [(r.seed, r.heldout, r.by_class, r.epochs, r.early, r.complete) for r in trial.repeats],
        )
        for trial in sweep.trials()[0]
    ]


def runs_of(sweep: SweepFolder) -> list[RunFolder]:
    """All runs beside it."""
    from cifar7.runs.folder import list_runs

    return list_runs(sweep.runs_dir)
