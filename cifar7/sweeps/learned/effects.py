"""What each choice does to the accuracy, against a reference, and how sure one can be of it.

One linear model holds all choices at once (Montgomery, "Design and Analysis of Experiments", 8th edition,
chapters 4 and 5): the accuracy is a sum of what each axis adds. What it does not explain is the error, and
choices that work differently together than apart enlarge it: they make claims fewer, never more.

- A full grid: the runs are its rows, the seeds its blocks. A choice's effect is the mean of the differences
  within pairs of runs that are equal in all else, the seed too; the error is pooled over all pairs.
- Anything else (drawn combinations, a grid with gaps): the rows are the trials, each the mean over its seeds,
  since two runs of a design say the same about what the model leaves out. The error is what the model does
  not explain of them, pooled with the spread between seeds unless it is more than twice as large in variance
  (Paull, "On a preliminary test for pooling mean squares in the analysis of variance", Annals of
  Mathematical Statistics 21, 1950), which tells that choices do not just add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cifar7.sweeps.knobs import Value
from cifar7.sweeps.learned.inference import Fit, least_squares, student_p, student_quantile
from cifar7.sweeps.measured import Levels, Measured

# Below this residual deviation, in accuracy, runs are copies of each other: no error can be taken from them.
NO_SPREAD = 1e-7
POOL = 2.0


@dataclass(frozen=True, slots=True)
class Effect:
    """One choice of an axis against the reference."""

    axis: str
    choice: Value  # None for a range
    reference: Value  # None for a range
    cut: float | None  # of a range: the effect is that of being above it
    points: float | None  # percentage points of accuracy; None where the trials cannot tell
    margin: float | None  # half the 95 % interval, in points; None without an error
    p: float | None  # chance of as much without any effect, before the other claims count; None if unknown
    pairs: int  # runs with and without it that are equal in all else; 0 where it is no full grid
    designs: tuple[int, int]  # with the choice, and with the reference


def effects(measured: Measured) -> list[Effect]:
    """The effect of every choice that occurs, axis by axis. Axes with one level have none.

    With one seed there is no spread to judge by: margin and p are None.
    """
    if not len(measured.trials):
        return []
    crossed = measured.crossed
    fit = _fit(measured, crossed)
    return [
        _effect(measured, level, place, column, fit, crossed)
        for level, place, column in _columns(measured.levels)
        if (level.of == place).any()
    ]


def shares(measured: Measured) -> dict[str, float]:
    """By axis, the share of the variance between trials that lies between its levels, 0..1."""
    means = measured.means()
    away = means - means.mean()
    total = float(away @ away)
    found = {}
    for level in measured.levels:
        counts = np.bincount(level.of, minlength=level.count)
        sums = np.bincount(level.of, away, level.count)
        between = float((sums**2 / np.maximum(counts, 1)).sum())
        found[level.axis.name] = between / total if total > len(means) * NO_SPREAD**2 else 0.0
    return found


def _columns(levels: tuple[Levels, ...]) -> Iterator[tuple[Levels, int, int]]:
    """Each level beside the reference, with its column in the model; column 0 is the mean."""
    column = 1
    for level in levels:
        for place in range(1, level.count):
            yield level, place, column
            column += 1


def _fit(measured: Measured, crossed: bool) -> Fit:
    marks = [np.ones(len(measured.trials))]
    marks += [level.of == place for level, place, _ in _columns(measured.levels)]
    rows = np.column_stack(marks).astype(np.float64)  # (T, p)
    if crossed:
        blocks = np.eye(measured.seeds)[measured.seed][:, 1:]  # (N, S - 1)
        return least_squares(np.hstack([rows[measured.trial], blocks]), measured.accuracy)
    return _pooled(least_squares(rows, measured.means()), measured)


def _pooled(fit: Fit, measured: Measured) -> Fit:
    """The fit of the trials' means with the spread within trials added to its error, if they agree."""
    variance, freedom = measured.within()
    if fit.freedom < 1 or freedom < 1 or fit.deviation**2 > POOL * variance:
        return fit
    both = (fit.freedom * fit.deviation**2 + freedom * variance) / (fit.freedom + freedom)
    return Fit(fit.coefficients, fit.units, math.sqrt(both), fit.freedom + freedom)


def _effect(measured: Measured, level: Levels, place: int, column: int, fit: Fit, crossed: bool) -> Effect:
    points, error = 100 * fit.coefficients[column], 100 * fit.errors[column]
    known = measured.repeated and math.isfinite(error)
    margin = p = None
    if known:
        margin = float(error) * student_quantile(fit.freedom)
        p = student_p(float(points / error), fit.freedom) if fit.deviation > NO_SPREAD else 1.0
    return Effect(
        axis=level.axis.name,
        choice=level.values[place] if level.values else None,
        reference=level.values[0] if level.values else None,
        cut=level.cut,
        points=float(points) if math.isfinite(points) else None,
        margin=margin,
        p=p,
        pairs=_pairs(measured, level, place) if crossed else 0,
        designs=(int((level.of == place).sum()), int((level.of == 0).sum())),
    )


def _pairs(measured: Measured, level: Levels, place: int) -> int:
    """How many runs with a level of a full grid have one with the reference, equal in all else."""
    others = np.zeros(len(measured.trials), np.int64)
    for other in measured.levels:
        others = others * other.count + (0 if other is level else other.of)
    context = others[measured.trial] * measured.seeds + measured.seed
    which = level.of[measured.trial]
    return len(np.intersect1d(context[which == place], context[which == 0]))
