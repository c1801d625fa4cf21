"""The trials of a sweep as rows to draw: at most a thousand, the front and the best always among them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar7.sweeps.importance import front
from cifar7.sweeps.learned.phrases import Named, together
from cifar7.sweeps.outcome import Judged, Trial, score
from cifar7.ui.shell.charts import Rows
from cifar7.ui.words.wording import duration

MOST_DRAWN = 1_000
PRICES = {"parameters": "Parameters", "macs": "MACs", "seconds": "Training time"}
TRAINED, EARLY, BEST = "trained to the end", "stopped early", "best by held-out accuracy"


@dataclass(frozen=True, slots=True)
class Point:
    """A trial that was trained, with the accuracy that is looked at."""

    trial: Trial
    accuracy: float  # 0..1, mean over its seeds; of one stopped early, what it had by then
    early: bool
    spread: float | None  # between its seeds, of all classes


def points(trials: Sequence[Trial], judged: Judged) -> list[Point]:
    """All trials that have an accuracy."""
    found = []
    for trial in trials:
        if trial.obstacle:
            continue
        complete = trial.complete
        scores = [score(repeat, judged) for repeat in complete or trial.repeats]
        known = [value for value in scores if value is not None and math.isfinite(value)]
        if known and (complete or trial.early):
            mean = math.fsum(known) / len(known)
            spread = statistics.stdev(known) if complete and len(known) > 1 else None
            found.append(Point(trial, mean, not complete, spread))
    return found


def on_front(found: Sequence[Point], price: str, judged: Judged) -> set[int]:
    """The numbers of the trials, trained to the end, that no other one beats in accuracy and price."""
    return set(front([point.trial for point in found], price, judged))


def drawn(found: Sequence[Point], keep: set[int], most: int = MOST_DRAWN) -> list[Point]:
    """At most about so many: those to keep, the best tenth of the room, and every n-th of the others."""
    if len(found) <= most:
        return list(found)
    ranked = sorted(found, key=lambda point: (point.early, -point.accuracy))
    kept = keep | {point.trial.number for point in ranked[: most // 10]}
    others = [point for point in found if point.trial.number not in kept]
    step = math.ceil(len(others) / max(1, most - len(kept)))
    thinned = {point.trial.number for point in others[::step]} | kept
    return [point for point in found if point.trial.number in thinned]


def rows(
    shown: Sequence[Point],
    axes: Mapping[str, Named],
    front_numbers: set[int],
    best: int | None,
    picked: int | None,
) -> Rows:
    """One row a trial; numbers count from 1, as in the names of their runs."""
    return [
        {
            "trial": point.trial.number + 1,
            "what": together(point.trial.values, axes),
            "accuracy": round(point.accuracy, 5),
            "spread": "" if point.spread is None else f"{100 * point.spread:.1f} points",
            "seeds": max(1, len(point.trial.complete)),
            "parameters": point.trial.parameters,
            "macs": point.trial.macs,
            "seconds": None if point.trial.seconds is None else round(point.trial.seconds, 2),
            "time": duration(point.trial.seconds, tenths_below=60),
            "receptive field": point.trial.receptive_field,
            "state": EARLY if point.early else BEST if point.trial.number == best else TRAINED,
            "front": "on it" if point.trial.number in front_numbers else "",
            "picked": point.trial.number == picked,
        }
        for point in shown
    ]
