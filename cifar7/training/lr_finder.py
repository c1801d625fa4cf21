"""The learning-rate finder: what a short test tells about how large the steps may be.

Smith 2017, "Cyclical learning rates for training neural networks", section 3.3: the rate grows from step to
step over some decades, and the loss shows where steps begin to help and where they become too large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from math import floor, isfinite, log10
from statistics import median
from typing import Any

from torch import nn

from cifar7.data.imageset import ImageSet
from cifar7.training.config import TrainConfig
from cifar7.training.state import TrainingState

Point = tuple[float, float]  # learning rate, loss (nats) of the batch before the step that was taken at it

STEPS = 120  # of batches of 32 images or more
MOST_STEPS = 480  # of smaller ones, so that chance evens out
RANGE = {"sgd": (1e-4, 10.0), "adamw": (1e-6, 1.0)}  # learning rates of the first and the last step

_WINDOW = 5  # points in a median, at least: two spikes side by side do not move it
_WINDOWS = 24  # medians side by side in a longer test
_EXPLODED = 4.0  # the test ends where the loss is so many times its lowest
_ENOUGH = 0.05  # share of the loss at the start by which it must fall for the test to tell anything
_EARLY = 0.1  # share of the fall from which the loss is said to move
_MARGIN = 1 / 5  # of the learning rate with the lowest loss: the peak that is suggested
_RISEN = 0.25  # share of the fall that is lost again where steps are said to be too large


@dataclass(frozen=True, slots=True)
class Finding:
    """What a range test came to. `reason` tells it in words; `suggestion` is None where it told nothing.

    The tuples have an entry a step, up to the last finite loss.
    """

    suggestion: float | None  # peak learning rate
    reason: str
    moving: float | None  # learning rate from which the loss falls
    lowest: float | None  # ... at which it is lowest
    too_large: float | None  # ... from which it rises again; None: not within the range
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def range_test(
    module: nn.Module,
    data: ImageSet,
    config: TrainConfig,
    *,
    low: float | None = None,
    high: float | None = None,
    steps: int | None = None,
    control: Callable[[], str | None] = lambda: None,
) -> Iterator[Point]:
    """Take steps as `config` says, the learning rate growing from `low` to `high` by equal factors.

    `steps`: how many; by default as many as `steps_of` says.

    Ends early where the loss is no finite number or has exploded, or `control` answers anything. The module
    is trained in place and is of no use afterwards. Raises what making a `TrainingState`, or a step, raises.
    """
    usual_low, usual_high = RANGE[config.optimiser]
    low, high = low or usual_low, high or usual_high
    steps = steps or steps_of(config)
    window = _window(steps)
    run = TrainingState(module, data, replace(config, averaging=0.0))
    run.module.train()
    recent: list[float] = []
    best = float("inf")
    try:
        for step, rows in zip(range(steps), _batches(run), strict=False):
            if control() is not None:
                return
            lr = low * (high / low) ** (step / max(1, steps - 1))
            run.train_step.take(rows, lr, step)
            loss, _, _ = run.metrics.since_last()
            yield lr, loss
            recent = [*recent, loss][-window:]
            if not isfinite(loss):
                return
            if len(recent) == window:
                best = min(best, median(recent))
                if median(recent) > _EXPLODED * best:
                    return
    finally:
        run.train_step.close()


def steps_of(config: TrainConfig) -> int:
    """How many steps tell enough: the loss of a batch of few images is mostly chance, so more of them.

    (Measured with `velasoka-simple` and the recipe `velasoka`, batches of 4, on shapes, seeds 1 to 3: 120
    steps suggested 0.0002, 0.0007 and 0.00015; 480 steps 0.00015 each time.)
    """
    return min(MOST_STEPS, max(STEPS, STEPS * 32 // config.batch_size))


def _window(points: int) -> int:
    """How many neighbours are taken together."""
    return max(_WINDOW, points // _WINDOWS)


def _batches(run: TrainingState) -> Iterator[Any]:
    """Rows (B,) of one batch after the other, without end."""
    epoch = 0
    while True:
        yield from run.batches.epoch(epoch)
        epoch += 1


def find(points: Iterable[Point]) -> Finding:
    """Read a range test: where the loss falls, where it rises, and which peak learning rate that suggests.

    A fifth of where the loss is lowest: beyond that point steps are too large, and a whole run has to stand
    its peak for longer than one step. (Measured on shapes, two cores, a run each: for `starter` a fifth is
    0.4, and two epochs with peaks of 0.05, 0.1, 0.2, 0.5 and 1 came to test accuracies of 0.48, 0.51, 0.52,
    0.58 and 0.28; for `velasoka-simple` it is 0.01, and one epoch with 0.005, 0.012 and 0.04 came to 0.33,
    0.38 and 0.40.)
    """
    known = _finite(points)
    rates, losses = tuple(lr for lr, _ in known), tuple(loss for _, loss in known)
    smoothed = smooth(losses)
    nothing = Finding(None, "", None, None, None, rates, losses, smoothed)
    if len(known) < 2 * _WINDOW:
        return replace(
            nothing,
            reason="The loss was no finite number after a few steps, even at the smallest learning rates: "
            "look at the design.",
        )
    best = min(range(len(smoothed)), key=smoothed.__getitem__)
    start = max(smoothed[: best + 1])
    fall = start - smoothed[best]
    if fall < _ENOUGH * start:
        return replace(
            nothing,
            reason=f"The loss hardly fell at any learning rate from {rates[0]:.2g} to {rates[-1]:.2g}, so "
            "that the test tells nothing: look at the design, or take a larger batch.",
        )
    moving = next(
        i for i in range(best + 1) if all(s < start - _EARLY * fall for s in smoothed[i : best + 1])
    )
    risen = [i for i in range(best, len(smoothed)) if smoothed[i] > smoothed[best] + _RISEN * fall]
    found = replace(
        nothing,
        suggestion=round_down(rates[best] * _MARGIN),
        moving=rates[moving],
        lowest=rates[best],
        too_large=rates[risen[0]] if risen else None,
    )
    return replace(found, reason=_words(found))


def smooth(losses: tuple[float, ...]) -> tuple[float, ...]:
    """Medians of neighbouring points, which spikes do not move, and then their means."""
    half = _window(len(losses)) // 2
    medians = [median(losses[max(0, i - half) : i + half + 1]) for i in range(len(losses))]
    reach = max(1, len(losses) // 30)
    around = [medians[max(0, i - reach) : i + reach + 1] for i in range(len(medians))]
    return tuple(sum(part) / len(part) for part in around)


def round_down(rate: float) -> float:
    """The learning rate with one digit, or one and a half: 0.0873 is 0.08, 0.0163 is 0.015."""
    unit = 10.0 ** floor(log10(rate))
    digits = floor(rate / unit * 2 + 1e-9) / 2
    return float(f"{(digits if digits < 2 else floor(digits)) * unit:.2g}")


def _finite(points: Iterable[Point]) -> list[Point]:
    """The points before the first whose loss is no finite number."""
    known = []
    for lr, loss in points:
        if not isfinite(loss):
            break
        known.append((lr, loss))
    return known


def _words(found: Finding) -> str:
    edge = (
        f"rises again from {found.too_large:.2g} on: there the steps are too large"
        if found.too_large
        else "does not rise within the range"
    )
    return (
        f"The loss begins to fall at a learning rate of {found.moving:.2g}, is lowest at {found.lowest:.2g} "
        f"and {edge}. Try {found.suggestion:g} as the peak, a fifth of where it is lowest: large steps, with "
        "room before they are too large."
    )
