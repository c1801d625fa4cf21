"""Two runs or more beside each other: pictures, curves, and one toggle tried several times. Numpy only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cifar7.results.predictions import Predictions, PredictionsError
from cifar7.training.events import EpochEnd, Event

Axis = Literal["epoch", "time"]
Figure = Literal[
    "train loss", "held-out loss", "test loss", "train accuracy", "held-out accuracy", "test accuracy"
]

# The event's fields behind each figure of an epoch. The running loss is what the network met, augmented.
FIGURES: dict[Figure, str] = {
    "train loss": "train_loss",
    "held-out loss": "heldout_loss",
    "test loss": "test_loss",
    "train accuracy": "train_accuracy",
    "held-out accuracy": "heldout_accuracy",
    "test accuracy": "test_accuracy",
}

# 97.5 % quantiles of Student's t for 1, 2, ... degrees of freedom, from a table; then the next one.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip
_T_MANY = 2.08


@dataclass(frozen=True, slots=True)
class OnlyOneRight:
    """Indices of the test pictures that one run alone gets right, and how many both or neither do."""

    only_a: tuple[int, ...]  # the surest of a first
    only_b: tuple[int, ...]  # the surest of b first
    both: int
    neither: int


def only_one_right(a: Predictions, b: Predictions) -> OnlyOneRight:
    """Raises PredictionsError unless both are about the same pictures."""
    a.check_same_pictures(b)
    return OnlyOneRight(
        only_a=tuple(a.ordered(a.correct & ~b.correct)),
        only_b=tuple(b.ordered(b.correct & ~a.correct)),
        both=int((a.correct & b.correct).sum()),
        neither=int((~a.correct & ~b.correct).sum()),
    )


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One figure at the end of one epoch of one run."""

    run: str
    figure: Figure
    epoch: int  # counted from 1
    seconds: float  # since the start of the run
    value: float  # accuracies 0..1, losses in nats


def curves(run: str, events: Iterable[Event]) -> tuple[CurvePoint, ...]:
    """The curves in a run's recorded events: every figure there is, epoch by epoch.

    Of an epoch that was done twice, after a pause or a crash, the later one counts. What is not finite, the
    loss of a run that exploded, is left out.
    """
    ends = {event.epoch: event for event in events if isinstance(event, EpochEnd)}
    return tuple(
        CurvePoint(run, figure, epoch, ends[epoch].seconds, value)
        for figure, name in FIGURES.items()
        for epoch in sorted(ends)
        if (value := getattr(ends[epoch], name)) is not None and math.isfinite(value)
    )


def shared_end(points: Iterable[CurvePoint], axis: Axis) -> float:
    """How far all runs come: the last epoch, or second, that each of them has. 0 without runs."""
    ends: dict[str, float] = {}
    for point in points:
        at = point.epoch if axis == "epoch" else point.seconds
        ends[point.run] = max(at, ends.get(point.run, 0.0))
    return min(ends.values(), default=0.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """One toggle tried with several seeds, each once without and once with it."""

    toggle: str
    seeds: tuple[int, ...]  # those with both results
    differences: tuple[float, ...]  # accuracy with it minus without, 0..1, in the seeds' order
    without: float  # mean accuracy, 0..1
    with_it: float
    left_out: tuple[int, ...]  # seeds of which one result is missing

    @property
    def mean(self) -> float:
        """Mean difference, a fraction; above zero where the toggle helped."""
        return sum(self.differences) / len(self.differences)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the differences between seeds (n - 1 in the denominator); None for one."""
        return float(np.std(self.differences, ddof=1)) if len(self.differences) > 1 else None

    @property
    def clear(self) -> bool:
        """Whether the 95 % interval of the mean difference (Student's t, paired by seed) leaves out zero."""
        count = len(self.differences)
        if self.spread is None:
            return False
        quantile = _T[count - 2] if count - 2 < len(_T) else _T_MANY
        return abs(self.mean) > quantile * self.spread / math.sqrt(count)

    @property
    def words(self) -> str:
        """As "dilation: +0.8 ± 0.3 points over 3 seeds"."""
        spread = "" if self.spread is None else f" ± {100 * self.spread:.1f}"
        count = len(self.seeds)
        return (
            f"{self.toggle}: {_points(self.mean)}{spread} points over {count} seed{'' if count == 1 else 's'}"
        )

    @property
    def meaning(self) -> str:
        """What follows, in a sentence or two."""
        count = len(self.seeds)
        if count == 1:
            return "One pair of runs: another seed alone may change as much. Repeat it to know."
        if not any(self.differences):
            return f"With {self.toggle} and without it are the same for all {count} seeds."
        word, sign = ("better", 1) if self.mean >= 0 else ("worse", -1)
        agree = sum(sign * d > 0 for d in self.differences)
        outcome = f"It was {word} with {self.toggle} for {agree} of {count} seeds"
        if self.clear:
            return f"{outcome}, and by more than chance between seeds explains."
        return f"{outcome}: that much can be chance between seeds. More repeats would tell."


def trial(toggle: str, without: Mapping[int, float], with_it: Mapping[int, float]) -> Trial:
    """Accuracies (0..1) by seed, without and with the toggle, as one experiment.

    Paired by seed, which gives both the same initial draw and order of images. Raises PredictionsError where
    no seed has both.
    """
    seeds = tuple(sorted(without.keys() & with_it.keys()))
    if not seeds:
        raise PredictionsError(
            f"no seed has a result both with and without {toggle}; wait for the runs to end"
        )
    return Trial(
        toggle=toggle,
        seeds=seeds,
        differences=tuple(with_it[s] - without[s] for s in seeds),
        without=sum(without[s] for s in seeds) / len(seeds),
        with_it=sum(with_it[s] for s in seeds) / len(seeds),
        left_out=tuple(sorted(without.keys() ^ with_it.keys())),
    )


def _points(fraction: float) -> str:
    """A difference of accuracies in percentage points, with its sign: "+0.8", "−0.3", "0.0"."""
    text = f"{100 * fraction:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")
