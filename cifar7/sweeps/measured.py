"""The complete runs of a sweep as arrays: which choice of each axis, which seed, which accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.sweeps.axes import Axis
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import Value, knob, same
from cifar7.sweeps.outcome import Judged, Trial, score
from cifar7.training.config import TrainConfig

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Levels:
    """How the trials fall on one axis: the choices that occur, the reference first.

    A range has two: up to its middle, the reference, and above. The middle, in the logarithm where the range
    is even in it, is set before anything is seen, so that no accuracy can have chosen it.
    """

    axis: Axis
    values: tuple[Value, ...]  # of a list; () for a range
    cut: float | None  # the middle of a range
    of: Whole  # (T,) for each trial, the place of its level

    @property
    def count(self) -> int:
        """How many levels there are."""
        return len(self.values) or 2


@dataclass(frozen=True, slots=True)
class Measured:
    """Complete runs (N) of trials (T), judged in one way."""

    trials: tuple[Trial, ...]
    levels: tuple[Levels, ...]
    trial: Whole  # (N,) place in `trials`
    seed: Whole  # (N,) counted from 0 in the order of the seeds
    accuracy: Floats  # (N,) 0..1

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return int(self.seed.max(initial=-1)) + 1

    @property
    def repeated(self) -> bool:
        """Whether any trial was trained to the end with two seeds: without that, no spread is known."""
        return len(self.trial) > len(self.trials)

    @property
    def shared(self) -> bool:
        """Whether all trials have the same seeds."""
        return len(self.trial) == len(self.trials) * self.seeds

    @property
    def crossed(self) -> bool:
        """Whether every combination of the levels that occur is there exactly once."""
        if any(level.cut is not None for level in self.levels):
            return False
        if math.prod(level.count for level in self.levels) != len(self.trials):
            return False
        return len(np.unique(self.cells())) == len(self.trials)

    def cells(self) -> Whole:
        """A number (T,) for each trial's combination of levels; for grids, which are not large."""
        cell = np.zeros(len(self.trials), np.int64)
        for level in self.levels:
            cell = cell * level.count + level.of
        return cell

    def means(self) -> Floats:
        """Accuracy of each trial (T,), the mean over its seeds.

        Where trials have not all the same seeds, what a seed adds to all of them is taken off first, so that
        no trial is better for its seeds alone.
        """
        counts = np.bincount(self.trial, minlength=len(self.trials))
        accuracy = self.accuracy if self.shared else self.accuracy - self._of_seeds()[self.seed]
        return np.bincount(self.trial, accuracy, len(self.trials)) / counts

    def within(self, seeds: int = 0) -> tuple[float, int]:
        """What the seeds alone leave as variance of a trial's mean, and the degrees of freedom of that.

        The mean is over `seeds` seeds; 0: over as many as the trials have on average. What a seed adds to all
        trials alike is no part of it. nan without degrees of freedom.
        """
        freedom = len(self.trial) - len(self.trials) - (self.seeds - 1)
        if freedom < 1:
            return math.nan, 0
        counts = np.bincount(self.trial, minlength=len(self.trials))
        accuracy = self.accuracy - self._of_seeds()[self.seed]
        left = accuracy - (np.bincount(self.trial, accuracy) / counts)[self.trial]
        return float(left @ left) / freedom * (1 / seeds if seeds else float((1 / counts).mean())), freedom

    def _of_seeds(self) -> Floats:
        """What each seed (S,) adds to the accuracy, by least squares within the trials."""
        counts = np.bincount(self.trial, minlength=len(self.trials))
        marks = np.eye(self.seeds)[self.seed]  # (N, S)
        sums = np.zeros((len(self.trials), self.seeds))
        np.add.at(sums, self.trial, marks)
        within = marks - (sums / counts[:, None])[self.trial]
        own = self.accuracy - (np.bincount(self.trial, self.accuracy) / counts)[self.trial]
        return np.asarray(np.linalg.pinv(within.T @ within, hermitian=True) @ (within.T @ own))


def measured(definition: Definition, trials: Sequence[Trial], judged: Judged) -> Measured:
    """What is known of the trials that were trained to their end; others are left out.

    A run that was stopped early has no accuracy that compares with those of its rivals.
    """
    found = []
    for trial in trials:
        runs = [
            (repeat.seed, value)
            for repeat in trial.complete
            if (value := score(repeat, judged)) is not None and not trial.obstacle
        ]
        if runs and all(axis.name in trial.values for axis in definition.axes):
            found.append((trial, runs))
    levels, kept = [], np.ones(len(found), bool)
    for axis in definition.axes:
        places = _places(axis, [trial.values[axis.name] for trial, _ in found])
        kept &= places >= 0
        levels.append(places)
    chosen = [pair for pair, keep in zip(found, kept) if keep]
    seeds = {
        seed: place for place, seed in enumerate(sorted({seed for _, runs in chosen for seed, _ in runs}))
    }
    return Measured(
        trials=tuple(trial for trial, _ in chosen),
        levels=tuple(
            _levels(axis, places[kept], own(axis, definition.spec, definition.config))
            for axis, places in zip(definition.axes, levels)
        ),
        trial=np.repeat(np.arange(len(chosen)), [len(runs) for _, runs in chosen]),
        seed=np.array([seeds[seed] for _, runs in chosen for seed, _ in runs], np.int64),
        accuracy=np.array([value for _, runs in chosen for _, value in runs], np.float64),
    )


def middle(axis: Axis) -> float:
    """Where a range is split in two: half-way, in the logarithm for one that is even in it."""
    if axis.log:
        return math.sqrt(axis.low * axis.high)
    return (axis.low + axis.high) / 2


def own(axis: Axis, spec: NetSpec, config: TrainConfig) -> Value:
    """The value among those of a list that the design has by itself; the first if none is."""
    turned = knob(axis.name, spec)
    for value in axis.values:
        try:
            if turned.turn(spec, config, value) == (spec, config):
                return value
        except UserError:
            continue
    return axis.values[0] if axis.values else None


def _places(axis: Axis, values: Sequence[Value]) -> Whole:
    """The place of each value among those of the axis, or on which side of the middle; -1 for neither."""
    if axis.is_range:
        numbers = [value if isinstance(value, (int, float)) else math.nan for value in values]
        above = np.array(numbers, np.float64) > middle(axis)
        return np.where(np.isnan(numbers), -1, above).astype(np.int64)
    known = {(type(value) is bool, value): place for place, value in enumerate(axis.values)}
    return np.array([known.get((type(value) is bool, value), -1) for value in values], np.int64)


def _levels(axis: Axis, places: Whole, reference: Value) -> Levels:
    if axis.is_range:
        return Levels(axis, (), middle(axis), places)
    occurring = sorted(
        set(places.tolist()), key=lambda place: (not same(axis.values[place], reference), place)
    )
    rank = np.full(len(axis.values), -1, np.int64)
    rank[occurring] = np.arange(len(occurring))
    return Levels(axis, tuple(axis.values[place] for place in occurring), None, rank[places])
