"""What a learning-rate range test shows about how large the steps may be. Plain numbers, no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import takewhile
from math import floor, isfinite, log10
from statistics import median
from typing import Any

from cifar7.training.config import TrainConfig

STEPS = 120  # of batches of 32 images or more
MOST_STEPS = 480  # of smaller ones, so that chance evens out

Point = tuple[float, float]  # learning rate, loss (nats) of the batch before the step that was taken at it

_MOST_POINTS = 100_000
_WINDOW = 5  # points in a median, at least: two spikes side by side do not move it
_WINDOWS = 24  # medians side by side in a longer test
_ENOUGH = 0.05  # share of the loss at the start by which it must fall for the test to tell anything
_EARLY = 0.1  # share of the fall from which the loss is said to move
_MARGIN = 1 / 5  # of the learning rate with the lowest loss: the suggested peak
_RISEN = 0.25  # share of the fall that is lost again where steps are said to be too large


@dataclass(frozen=True, slots=True)
class Finding:
    """What a range test shows. `reason` says it in words; `suggestion` is None where it shows nothing.

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

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Finding | None:
        """The finding that `to_dict` wrote, further fields aside; None where it is none."""
        values = {f.name: (data or {}).get(f.name) for f in fields(cls)}
        curves = {name: _curve(values[name]) for name in ("rates", "losses", "smoothed")}
        rates = [values[name] for name in ("suggestion", "moving", "lowest", "too_large")]
        sound = all(rate is None or (_is_number(rate) and rate > 0) for rate in rates)
        lengths = {len(curve) for curve in curves.values() if curve is not None}
        if not (sound and isinstance(values["reason"], str) and None not in curves.values()):
            return None
        return cls(**{**values, **curves}) if len(lengths) == 1 else None  # type: ignore[arg-type]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _curve(value: Any) -> tuple[float, ...] | None:
    """Numbers, one a step; None where they are none."""
    if not isinstance(value, (list, tuple)) or len(value) > _MOST_POINTS or not all(map(_is_number, value)):
        return None
    return tuple(map(float, value))


def window(points: int) -> int:
    """How many neighbouring points go into one median, of a test of so many points."""
    return max(_WINDOW, points // _WINDOWS)


def find(points: Iterable[Point]) -> Finding:
    """Read a range test: where the loss falls, where it rises, and which peak learning rate that suggests.

    A fifth of where the loss is lowest: beyond that point steps are too large, and a whole run has to stand
    its peak for longer than one step. (Measured on shapes, two cores, a run each: for `starter` a fifth is
    0.4, and two epochs with peaks of 0.05, 0.1, 0.2, 0.5 and 1 came to test accuracies of 0.48, 0.51, 0.52,
    0.58 and 0.28; for `velasoka-simple` it is 0.01, and one epoch with 0.005, 0.012 and 0.04 came to 0.33,
    0.38 and 0.40.)
    """
    finite = list(takewhile(lambda point: isfinite(point[1]), points))
    rates, losses = tuple(lr for lr, _ in finite), tuple(loss for _, loss in finite)
    smoothed = smooth(losses)
    nothing = (None, None, None, rates, losses, smoothed)
    if len(finite) < 2 * _WINDOW:
        reason = (
            "The loss was no finite number after a few steps, even at the smallest learning rates: look at "
            "the design."
        )
        return Finding(None, reason, *nothing)
    best = min(range(len(smoothed)), key=smoothed.__getitem__)
    start = max(smoothed[: best + 1])
    fall = start - smoothed[best]
    if fall < _ENOUGH * start:
        reason = (
            f"The loss hardly fell at any learning rate from {rates[0]:.2g} to {rates[-1]:.2g}, so that the "
            "test tells nothing: look at the design, or take a larger batch."
        )
        return Finding(None, reason, *nothing)
    moving = next(
        i for i in range(best + 1) if all(s < start - _EARLY * fall for s in smoothed[i : best + 1])
    )
    risen = (rates[i] for i in range(best, len(rates)) if smoothed[i] > smoothed[best] + _RISEN * fall)
    suggestion, too_large = round_down(rates[best] * _MARGIN), next(risen, None)
    edge = (
        f"rises again from {too_large:.2g} on: there the steps are too large"
        if too_large
        else "does not rise within the range"
    )
    reason = (
        f"The loss begins to fall at a learning rate of {rates[moving]:.2g}, is lowest at {rates[best]:.2g} "
        f"and {edge}. Try {suggestion:g} as the peak, a fifth of where it is lowest: large steps, with room "
        "before they are too large."
    )
    return Finding(suggestion, reason, rates[moving], rates[best], too_large, rates, losses, smoothed)


def smooth(losses: tuple[float, ...]) -> tuple[float, ...]:
    """Medians of neighbouring points, which spikes do not move, and then their means."""
    half = window(len(losses)) // 2
    medians = [median(losses[max(0, i - half) : i + half + 1]) for i in range(len(losses))]
    reach = max(1, len(losses) // 30)
    around = [medians[max(0, i - reach) : i + reach + 1] for i in range(len(medians))]
    return tuple(sum(part) / len(part) for part in around)


def round_down(rate: float) -> float:
    """The learning rate with one digit, or one and a half: 0.0873 is 0.08, 0.0163 is 0.015."""
    unit = 10.0 ** floor(log10(rate))
    digits = floor(rate / unit * 2 + 1e-9) / 2
    return float(f"{(digits if digits < 2 else floor(digits)) * unit:.2g}")


def steps_of(config: TrainConfig) -> int:
    """How many steps tell enough: the loss of a batch of few images is mostly chance, so more of them.

    (Measured with `velasoka-simple` and the recipe `velasoka`, batches of 4, on shapes, seeds 1 to 3: 120
    steps suggested 0.0002, 0.0007 and 0.00015; 480 steps 0.00015 each time.)
    """
    return min(MOST_STEPS, max(STEPS, STEPS * 32 // config.batch_size))
