"""What the accuracy goes with: receptive field, parameters, MACs or time, over all designs of a sweep.

For each figure the cut between small and large is sought that parts the designs' accuracies best. Whether it
parts them better than chance is told by a permutation test (Good, "Permutation, Parametric and Bootstrap
Tests of Hypotheses", 3rd edition, chapter 3): accuracies are dealt out to the designs again and again, and
each time the best cut is sought anew, so that the search is accounted for. For many designs the limit of that
is drawn instead (Lausen and Schumacher, "Maximally selected rank statistics", Biometrics 48, 1992): the sums
of what was dealt out become a Brownian bridge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cifar7.sweeps.learned.effects import NO_SPREAD
from cifar7.sweeps.measured import Floats, Measured, Whole
from cifar7.sweeps.outcome import Trial

# In the order in which one of two figures that say the same is named.
FIGURES: dict[str, Callable[[Trial], float | None]] = {
    "receptive_field": lambda trial: trial.receptive_field,
    "parameters": lambda trial: trial.parameters,
    "macs": lambda trial: trial.macs,
    "seconds": lambda trial: trial.seconds,
}
FEWEST = 4  # designs
SMALLEST = 2  # designs on either side of a cut
MOST_CUTS = 32
DEALS = 19_999  # with few designs; with more, as many as WORK allows, at least LEAST
LEAST, WORK = 9_999, 4_000_000
MANY = 1000  # designs, from which on the limit is taken
SEED = 12  # of the deals: the same trials always give the same p


@dataclass(frozen=True, slots=True)
class Association:
    """The best cut of one figure."""

    figure: str  # one of FIGURES
    cut: float  # the smallest figure of the upper part
    below: float  # mean accuracy 0..1 of the designs with less
    above: float  # mean accuracy 0..1 of the others
    designs: tuple[int, int]  # with the cut or more, and with less
    share: float  # of the variance between designs that lies between both parts, 0..1
    p: float | None  # chance of as good a cut if nothing goes with the figure; None with one seed
    upper: tuple[int, ...]  # numbers of the trials with the cut or more


def associations(measured: Measured) -> list[Association]:
    """The best cut of every figure that varies; of two that order the designs alike, the first."""
    if len(measured.trials) < FEWEST:
        return []
    means = measured.means()
    away = means - means.mean()
    total = float(away @ away)
    if total <= len(means) * NO_SPREAD**2:
        return []
    found, sides = [], []
    ranks_seen: list[Whole] = []
    for name, figure in FIGURES.items():
        values = np.array([np.nan if (v := figure(t)) is None else v for t in measured.trials], np.float64)
        if np.isnan(values).any():
            continue
        ranks = np.unique(values, return_inverse=True)[1]
        order = np.argsort(ranks, kind="stable")
        cuts = _cuts(values[order])
        if not len(cuts) or any(np.array_equal(ranks, seen) for seen in ranks_seen):
            continue
        ranks_seen.append(ranks)
        between = _between(np.cumsum(away[order]), cuts, len(means))
        best = int(between.argmax())
        upper = order[cuts[best] :]
        chosen = np.zeros(len(means), bool)
        chosen[upper] = True
        found.append(
            Association(
                figure=name,
                cut=float(values[order][cuts[best]]),
                below=float(means[~chosen].mean()),
                above=float(means[chosen].mean()),
                designs=(int(chosen.sum()), int((~chosen).sum())),
                share=float(between[best]) / total,
                p=None,
                upper=tuple(measured.trials[place].number for place in np.flatnonzero(chosen)),
            )
        )
        sides.append((cuts, float(between[best])))
    if not found or not measured.repeated:
        return found
    chances = _chances(away, sides)
    return [replace(association, p=p) for association, p in zip(found, chances, strict=True)]


def _cuts(ordered: Floats) -> Whole:
    """After how many of the ordered figures one may cut: between different ones, not near an end."""
    places = np.flatnonzero(np.diff(ordered) > 0) + 1
    places = places[(places >= SMALLEST) & (places <= len(ordered) - SMALLEST)]
    if len(places) <= MOST_CUTS:
        return places
    return places[np.linspace(0, len(places) - 1, MOST_CUTS).round().astype(np.int64)]


def _between(sums: Floats, cuts: Whole, n: int) -> Floats:
    """Sum of squares between both parts of a cut, from cumulative sums (..., n) of what has the mean zero."""
    return sums[..., cuts - 1] ** 2 * (n / (cuts * (n - cuts)))


def _chances(away: Floats, sides: list[tuple[Whole, float]]) -> list[float]:
    random = np.random.default_rng(SEED)
    n = len(away)
    reached, deals = np.zeros(len(sides), np.int64), max(LEAST, min(DEALS, WORK // n))
    rows = max(1, min(deals, 1_000_000 // min(n, MANY)))
    slack = 1 - 1e-9  # two ways to add the same numbers
    for first in range(0, deals, rows):
        size = min(rows, deals - first)
        if n <= MANY:
            sums = np.cumsum(random.permuted(np.broadcast_to(away, (size, n)), axis=1), axis=1)
            best = [_between(sums, cuts, n).max(axis=1) for cuts, _ in sides]
        else:
            best = [_bridges(random, size, cuts / n) * float(away @ away) / (n - 1) for cuts, _ in sides]
        reached += [int((values >= slack * seen).sum()) for values, (_, seen) in zip(best, sides)]
    return [float((1 + count) / (1 + deals)) for count in reached]


def _bridges(random: np.random.Generator, size: int, times: Floats) -> Floats:
    """The largest standardised square (size,) of Brownian bridges at `times`, between 0 and 1."""
    steps = np.diff(times, prepend=0.0, append=1.0)
    walks = np.cumsum(random.standard_normal((size, len(steps))) * np.sqrt(steps), axis=1)
    bridges = walks[:, :-1] - times * walks[:, -1:]
    return np.asarray((bridges**2 / (times * (1 - times))).max(axis=1))
