"""Figures of a confusion matrix: per class, in shares, side by side, and in words. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cifar7.results.predictions import Predictions, PredictionsError, divide

By = Literal["counts", "recall", "precision"]

Counts = NDArray[np.int64]  # (K, K), [true, predicted]
Floats = NDArray[np.float64]

_NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
# Shares that are put as "so many in so many", beside one in n.
_PARTS = ((2, 3), (3, 4), (2, 5), (3, 5), (4, 5), (9, 10))
_CLOSE = 0.05  # a share is "about" another one that is off by more than this part of it
_NEARLY_ALL = 0.95


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class is recognised. Fractions 0..1, nan where there is nothing to divide by."""

    name: str
    precision: float  # of the pictures called so, those that are; nan where none was called so
    recall: float  # of the pictures of this class, those called so; nan where there are none
    f1: float  # 2 TP / (2 TP + FP + FN): the harmonic mean of both
    support: int  # pictures of this class


@dataclass(frozen=True, slots=True)
class Confusion:
    """One class taken for another, and how often."""

    true: int  # class index
    predicted: int
    count: int  # pictures
    share: float  # of the pictures of the true class, 0..1
    words: str  # "one cat in five is called dog", without a full stop


def per_class(predictions: Predictions) -> tuple[ClassFigures, ...]:
    """Precision, recall, F1 and support of every class, in the classes' order."""
    counts = predictions.confusion()
    right = counts.diagonal().astype(np.float64)  # (K,)
    called, support = counts.sum(axis=0), counts.sum(axis=1)  # (K,)
    precision, recall = divide(right, called), divide(right, support)
    f1 = divide(2 * right, called + support)  # TP + FP and TP + FN
    return tuple(
        ClassFigures(name, float(precision[k]), float(recall[k]), float(f1[k]), int(support[k]))
        for k, name in enumerate(predictions.classes)
    )


def normalised(counts: Counts, by: By) -> Floats:
    """The matrix (K, K) as counts, by row (recall: rows sum to 1) or by column (precision: columns do).

    A row or column without pictures is nan. Raises PredictionsError for an unknown `by`.
    """
    if by == "counts":
        return counts.astype(np.float64)
    if by not in get_args(By):
        raise PredictionsError(f"there is no matrix by {by!r}; choose one of {', '.join(get_args(By))}")
    return divide(counts, counts.sum(axis=1 if by == "recall" else 0, keepdims=True))


def difference(a: Predictions, b: Predictions, by: By = "counts") -> Floats:
    """What changes from a to b in each cell (K, K): above zero where b has more.

    nan where either has nothing to divide by. Raises PredictionsError unless both are about the same
    pictures.
    """
    a.check_same_pictures(b)
    return normalised(b.confusion(), by) - normalised(a.confusion(), by)


def similarity_order(counts: Counts) -> list[int]:
    """The classes in an order that puts those side by side that are confused most.

    Average linkage: the two groups with the highest mean confusion, both ways and as a share of the true
    class, become one, turned so that their most confused ends meet. Groups that are never confused stand in
    the classes' own order.
    """
    shares = np.nan_to_num(normalised(counts, "recall"))
    alike = shares + shares.T  # (K, K)
    groups: list[list[int]] = [[k] for k in range(len(counts))]
    # Mean likeness of groups i and j; -1 for those that are gone, which stays -1 in a mean of both.
    between = np.where(np.eye(len(counts), dtype=bool), -1, alike)
    for _ in range(len(groups) - 1):
        i, j = sorted(divmod(int(between.argmax()), len(groups)))
        if between[i, j] <= 0:
            break
        a, b = len(groups[i]), len(groups[j])
        groups[i], groups[j] = _joined(groups[i], groups[j], alike), []
        mean = (a * between[i] + b * between[j]) / (a + b)
        between[i, :] = between[:, i] = mean
        between[i, i] = between[j, :] = between[:, j] = -1
    ordered = sorted((group for group in groups if group), key=min)
    return [k for group in ordered for k in group]


def most_confused(counts: Counts, most: int) -> list[int]:
    """The classes, `most` of them at most, of the commonest confusions, in the classes' own order."""
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    chosen: dict[int, None] = {}
    for at in np.argsort(-wrong, axis=None, kind="stable"):
        pair = [int(k) for k in np.unravel_index(at, wrong.shape)]
        if wrong[pair[0], pair[1]] == 0 or len({*chosen, *pair}) > most:
            break
        chosen |= dict.fromkeys(pair)
    return sorted(chosen) or list(range(min(most, len(counts))))


def sentences(predictions: Predictions, limit: int = 5) -> tuple[Confusion, ...]:
    """The commonest confusions, most pictures first, in words."""
    names = predictions.classes
    return tuple(
        Confusion(true, predicted, count, share, _words(names[true], names[predicted], share))
        for true, predicted, count, share in predictions.confused_pairs(limit)
    )


def _joined(a: list[int], b: list[int], alike: Floats) -> list[int]:
    """Both groups in a row, each turned so that the likeness where they meet is highest."""
    ways = [(x, y) for x in (a, a[::-1]) for y in (b, b[::-1])]
    x, y = max(ways, key=lambda way: alike[way[0][-1], way[1][0]])
    row = [*x, *y]
    return min(row, row[::-1])


def _words(true: str, predicted: str, share: float) -> str:
    if share == 1:
        return f"every {true} is called {predicted}"
    if share > _NEARLY_ALL:
        return f"nearly every {true} is called {predicted}"
    part, whole = _fraction(share)
    about = "" if abs(part / whole - share) <= _CLOSE * share else "about "
    if part == 1:
        return f"{about}one {true} in {_number(whole)} is called {predicted}"
    # "pictures", because the plural of a class name cannot be known.
    return f"{about}{_number(part)} {true} pictures in {_number(whole)} are called {predicted}"


def _fraction(share: float) -> tuple[int, int]:
    """The nearest share that is easily put in words."""
    parts = [*_PARTS, (1, max(2, int(1 / share))), (1, max(2, int(1 / share) + 1))]
    return min(parts, key=lambda part: abs(part[0] / part[1] - share))


def _number(value: int) -> str:
    return _NUMBERS[value] if value < len(_NUMBERS) else f"{value:,}"
