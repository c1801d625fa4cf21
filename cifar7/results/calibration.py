"""Calibration: whether a network that is 80 % sure is right in 80 of 100 cases. Numpy only.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: predictions are
gathered by their confidence in bins of equal width, ((m-1)/M, m/M], and in each the mean confidence is held
against the accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cifar7.results.predictions import Predictions, PredictionsError, divide

BINS = 15  # as Guo et al.
MOST_BINS = 100
_FAIR = 0.02  # a gap of so much between confidence and accuracy is not worth a word


@dataclass(frozen=True, slots=True)
class Bin:
    """The pictures whose confidence lies above `low` and up to `high`. Fractions 0..1."""

    low: float
    high: float
    confidence: float  # mean; nan without pictures
    accuracy: float  # nan without pictures
    count: int  # pictures

    @property
    def gap(self) -> float:
        """Confidence minus accuracy: above zero where the network is too sure."""
        return self.confidence - self.accuracy


def reliability(predictions: Predictions, bins: int = BINS) -> tuple[Bin, ...]:
    """The bins of a reliability diagram, all of them, from the least sure to the surest.

    Raises PredictionsError unless there are 1 to 100 bins.
    """
    if not 1 <= bins <= MOST_BINS:
        raise PredictionsError(f"there cannot be {bins} bins; choose 1 to {MOST_BINS}")
    edges = np.arange(bins + 1) / bins
    confidence = predictions.confidence.astype(np.float64)  # (N,)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)  # (N,)
    counts = np.bincount(place, minlength=bins)
    sure = divide(np.bincount(place, weights=confidence, minlength=bins), counts)
    right = divide(np.bincount(place, weights=predictions.correct, minlength=bins), counts)
    return tuple(
        Bin(
            low=float(edges[m]),
            high=float(edges[m + 1]),
            confidence=float(sure[m]),
            accuracy=float(right[m]),
            count=int(counts[m]),
        )
        for m in range(bins)
    )


def expected_calibration_error(predictions: Predictions, bins: int = BINS) -> float:
    """The gap between confidence and accuracy, its size averaged over the pictures; 0..1, nan without any."""
    if not len(predictions):
        return float("nan")
    filled = [one for one in reliability(predictions, bins) if one.count]
    return sum(one.count * abs(one.gap) for one in filled) / len(predictions)


def mean_confidence(predictions: Predictions) -> float:
    """How sure the network is on average, 0..1; nan without pictures."""
    return float(predictions.confidence.astype(np.float64).mean()) if len(predictions) else float("nan")


def verdict(predictions: Predictions) -> str:
    """One sentence on whether its probabilities can be believed."""
    if not len(predictions):
        return "There are no pictures to judge by."
    sure, right = mean_confidence(predictions), predictions.accuracy
    sentence = f"It is {_percent(sure)} sure on average and right on {_percent(right)} of the pictures"
    if abs(sure - right) <= _FAIR:
        return f"{sentence}: as sure as it may be."
    return f"{sentence}: {'too' if sure > right else 'not'} sure {'of itself' if sure > right else 'enough'}."


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f}\u00a0%"
