"""Least squares, Student's t and Holm's step-down, by numbers that one can look up or work out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cifar7.sweeps.learned.inference import holm, least_squares, student_p, student_quantile


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    [
        (1.0, 1, 0.5),  # Cauchy: a quarter of it lies above 1
        (math.sqrt(2), 2, 1 - math.sqrt(0.5)),  # 1 - t / sqrt(2 + t²)
        (-math.sqrt(2), 2, 1 - math.sqrt(0.5)),
        (0.0, 7, 1.0),
        (2.776, 4, 0.05), (2.571, 5, 0.05), (2.228, 10, 0.05), (3.365, 5, 0.02), (1.960, 100_000, 0.05),
    ],
)  # fmt: skip
def test_student_has_the_chances_of_the_tables(t, freedom, p):
    assert student_p(t, freedom) == pytest.approx(p, abs=1e-4)
    if 0 < p < 1:
        assert student_quantile(freedom, p) == pytest.approx(abs(t), abs=1e-3)


def test_holm_asks_the_most_of_the_smallest_chance():
    # 4 * 0.005, 3 * 0.01, 2 * 0.03, and the last not below the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_mean_has_the_error_that_one_knows():
    fit = least_squares(np.ones((4, 1)), np.array([1.0, 2.0, 3.0, 4.0]))
    # Squares of ±0.5 and ±1.5 sum to 5, over 3 degrees of freedom; the mean of four has half of that.
    assert (fit.coefficients[0], fit.freedom) == (pytest.approx(2.5), 3)
    assert fit.errors[0] == pytest.approx(math.sqrt(5 / 3) / 2)


def test_what_the_rows_do_not_tell_apart_has_no_figure():
    rows = np.array([[1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1], [1, 1, 1, 1]], float)
    fit = least_squares(rows, np.array([0.0, 1.0, 2.0, 3.0]))
    assert np.isnan(fit.coefficients).tolist() == np.isnan(fit.errors).tolist() == [False, True, True, False]
    assert fit.coefficients[[0, 3]] == pytest.approx([0, 2])
