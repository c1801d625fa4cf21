"""Calibration: by hand, against scikit-learn's curve and against the definition, picture by picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from judged import close, random_predictions, trained

from cifar7.results.calibration import (
    expected_calibration_error,
    mean_confidence,
    reliability,
    verdict,
)
from cifar7.results.predictions import Predictions, PredictionsError


def two_classes(confidence: list[float], correct: list[bool]) -> Predictions:
    """Pictures of class 0 or 1 that are said, with this confidence of a half or more, to be of class 0."""
    sure = np.array(confidence)
    return Predictions(np.stack([sure, 1 - sure], 1), np.where(correct, 0, 1), ("yes", "no"))


def check(p: Predictions, bins: int) -> None:
    from sklearn.calibration import calibration_curve  # a second to load, and not in every process

    found = reliability(p, bins)
    assert len(found) == bins
    assert sum(one.count for one in found) == len(p)
    filled = [one for one in found if one.count]
    accuracy, confidence = calibration_curve(p.correct, p.confidence.astype(np.float64), n_bins=bins)
    close([one.accuracy for one in filled], accuracy)
    close([one.confidence for one in filled], confidence)
    # Guo et al., equations 2 and 3, with one loop over the pictures: bin m holds ((m-1)/M, m/M].
    members: dict[int, list[tuple[float, bool]]] = {}
    for row, label in zip(p.probabilities.tolist(), p.labels.tolist()):
        sure = max(row)
        members.setdefault(math.ceil(sure * bins), []).append((sure, row.index(sure) == label))
    error = 0.0
    for m, pictures in members.items():
        one = found[m - 1]
        assert one.count == len(pictures)
        assert one.low < pictures[0][0] <= one.high
        mean_sure = sum(sure for sure, _ in pictures) / len(pictures)
        mean_right = sum(right for _, right in pictures) / len(pictures)
        error += len(pictures) / len(p) * abs(mean_right - mean_sure)
    assert expected_calibration_error(p, bins) == pytest.approx(error)


@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("seed", range(8))
def test_random_predictions_agree(seed: int, bins: int) -> None:
    check(random_predictions(seed), bins)


@pytest.mark.parametrize("bins", [10, 15])
@pytest.mark.parametrize("run", [0, 1, 2])
def test_trained_runs_agree(run: int, bins: int) -> None:
    check(trained(run), bins)


def test_by_hand() -> None:
    # Bin (0.5, 0.6]: one right of two, mean 0.575. Bin (0.9, 1]: both right, mean 0.975.
    p = two_classes([0.56, 0.59, 0.95, 1.0], [True, False, True, True])
    found = reliability(p, 10)
    assert [one.count for one in found] == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert found[5].confidence == pytest.approx(0.575)
    assert found[5].accuracy == 0.5
    assert found[5].gap == pytest.approx(0.075)
    assert (found[5].low, found[5].high) == (0.5, 0.6)
    assert np.isnan(found[0].accuracy)
    assert expected_calibration_error(p, 10) == pytest.approx(0.5 * 0.075 + 0.5 * 0.025)
    assert mean_confidence(p) == pytest.approx((0.56 + 0.59 + 0.95 + 1) / 4)


def test_an_edge_belongs_to_the_bin_below_it() -> None:
    # 0.5 and 0.75 are exact in float32 as well.
    found = reliability(two_classes([0.5, 0.75, 1.0], [True, True, True]), 4)
    assert [one.count for one in found] == [0, 1, 1, 1]


def test_perfect_and_hopeless() -> None:
    assert expected_calibration_error(two_classes([1.0, 1.0], [True, True])) == 0
    assert expected_calibration_error(two_classes([1.0, 1.0], [False, False])) == 1


def test_verdict() -> None:
    right = [True, True, True, False]
    assert verdict(two_classes([0.95] * 4, right)) == (
        "It is 95\u00a0% sure on average and right on 75\u00a0% of the pictures: too sure of itself."
    )
    assert "not sure enough" in verdict(two_classes([0.6] * 4, right))
    assert "as sure as it may be" in verdict(two_classes([0.76] * 4, right))


def test_without_pictures() -> None:
    p = Predictions(np.zeros((0, 2)), np.zeros(0), ("yes", "no"))
    assert [one.count for one in reliability(p, 3)] == [0, 0, 0]
    assert np.isnan(expected_calibration_error(p))
    assert np.isnan(mean_confidence(p))
    assert verdict(p) == "There are no pictures to judge by."


@pytest.mark.parametrize("bins", [0, -1, 101])
def test_bins_have_limits(bins: int) -> None:
    with pytest.raises(PredictionsError, match="1 to 100"):
        reliability(two_classes([0.6], [True]), bins)
