"""Sweeps as they look when they have ended, with made-up accuracies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.runs.people import COMMAND_LINE, Person
from cifar7.sweeps.axes import axis
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import SweepFolder
from cifar7.sweeps.outcome import Repeat, Trial
from cifar7.sweeps.record import to_dict
from cifar7.training.config import TrainConfig

AXES = ("c3.dilation=1,2", "c4.kind=standard,separable")


def definition(*axes: str, seeds: int = 2, **more: object) -> Definition:
    """From the starter, on shapes."""
    spec = preset("starter")
    varies = tuple(axis(text, spec) for text in axes or AXES)
    return Definition(spec, TrainConfig(), "shapes", varies, seeds=seeds, **more)  # type: ignore[arg-type]


def repeat(seed: int, accuracy: float, *, early: bool = False, run: str = "none") -> Repeat:
    """A run that was trained for 8 epochs, or stopped after 2."""
    by_class = (accuracy,) * 10
    epochs = 2 if early else 8
    return Repeat(seed, run, "finished", accuracy, by_class, None, 10.0, epochs, early, not early)


def trial(
    plan: Definition, number: int, values: dict, repeats: tuple[Repeat, ...], obstacle: str = ""
) -> Trial:
    """A trial with the figures of its design."""
    known = analyse(plan.run(values, 0)[0])
    return Trial(
        number, values, known.parameters, known.macs, known.receptive_field_before,
        known.receptive_field_total, None, repeats, obstacle,
    )  # fmt: skip


def lay(
    runs_dir: Path, plan: Definition, accuracy: Callable[[Trial, int], float], by: Person = COMMAND_LINE
) -> SweepFolder:
    """A finished sweep over the whole grid; `accuracy` of a trial without runs and a seed."""
    sweep = SweepFolder.create(runs_dir, plan, by)
    trials = []
    for number, values in enumerate(plan.grid()):
        bare = trial(plan, number, values, ())
        repeats = tuple(repeat(1 + seed, accuracy(bare, seed)) for seed in range(plan.seeds))
        trials.append(trial(plan, number, values, repeats))
    return ended(sweep, trials)


def ended(sweep: SweepFolder, trials: list[Trial]) -> SweepFolder:
    """With these trials, finished; the best one was tested one point below its held-out accuracy."""
    lines = [json.dumps(to_dict(one)) + "\n" for one in trials]
    (sweep.path / "trials.jsonl").write_text("".join(lines))
    tried = [one for one in trials if not one.obstacle]
    best = max(tried, key=lambda one: one.heldout or 0.0)
    sweep.update(
        sweep.status(), state="finished", ended=time.time(), worked=60.0, tried=len(tried),
        left_out=len(trials) - len(tried), winner=best.number,
        tests={one.run: (one.heldout or 0.0) - 0.01 for one in best.repeats},
    )  # fmt: skip
    return sweep
