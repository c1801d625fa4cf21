"""How sure one can be: least squares, Student's t, and Holm's step-down over many claims. Numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """A least-squares fit: its coefficients (p,), how exact they are, and what is left over.

    nan: a coefficient that the rows do not determine, and the deviation where no row is left over.
    """

    coefficients: Floats
    units: Floats  # (p,) standard errors in residual standard deviations
    deviation: float  # residual standard deviation
    freedom: int  # degrees of freedom of it

    @property
    def errors(self) -> Floats:
        """The standard errors of the coefficients (p,)."""
        return self.units * self.deviation


def least_squares(rows: Floats, outcome: Floats) -> Fit:
    """Fit `outcome` (n,) by `rows` (n, p), some of whose columns may say the same."""
    values, vectors = np.linalg.eigh(rows.T @ rows)
    kept = values > 1e-9 * max(values[-1], 1e-300)
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    coefficients = inverse @ (rows.T @ outcome)
    freedom = len(outcome) - int(kept.sum())
    left = outcome - rows @ coefficients
    variance = float(left @ left) / freedom if freedom > 0 else math.nan
    # A coefficient is determined where no direction that the rows leave open changes it.
    undetermined = np.abs(vectors[:, ~kept]).max(axis=1, initial=0) > 1e-6
    units = np.sqrt(np.maximum(inverse.diagonal(), 0))
    coefficients[undetermined] = units[undetermined] = math.nan
    return Fit(coefficients, units, math.sqrt(variance), freedom)


@lru_cache(maxsize=64)
def _terms(freedom: int) -> Floats:
    """The factors of the powers of cos² in the series below."""
    odd = freedom % 2
    steps = np.arange(1, freedom // 2, dtype=np.float64)
    return np.concatenate([[1.0], np.cumprod((2 * steps - 1 + odd) / (2 * steps + odd))])


def student_p(t: float, freedom: int) -> float:
    """Chance that Student's t of `freedom` degrees is at least as far from zero as `t`.

    The finite series for whole degrees: Abramowitz and Stegun, "Handbook of Mathematical Functions",
    26.7.3 and 26.7.4.
    """
    if freedom < 1:
        raise ValueError("Student's t has at least one degree of freedom")
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    if freedom == 1:
        return max(0.0, 1 - 2 * angle / math.pi)
    terms = _terms(freedom)
    total = float(terms @ (cosine**2) ** np.arange(len(terms)))
    within = sine * total if freedom % 2 == 0 else 2 / math.pi * (angle + sine * cosine * total)
    return min(1.0, max(0.0, 1 - within))


@lru_cache(maxsize=256)
def student_quantile(freedom: int, chance: float = 0.05) -> float:
    """How far from zero Student's t of `freedom` degrees is with this chance: 2.228 for 10 and 0.05."""
    low, high = 0.0, 1.0
    while student_p(high, freedom) > chance:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_p(middle, freedom) > chance else (low, middle)
    return (low + high) / 2


def holm(chances: Sequence[float]) -> list[float]:
    """Each chance adjusted for all of them: at most a level where Holm's step-down claims at that level.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    1979: the chance that any claim is false is at most the level, however the claims hang together.
    """
    adjusted, reached = [0.0] * len(chances), 0.0
    for rank, at in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        reached = max(reached, min(1.0, (len(chances) - rank) * chances[at]))
        adjusted[at] = reached
    return adjusted
