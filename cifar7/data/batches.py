"""Which images go where: holding a part of the training images out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifar7.data.imageset import DataError, Labels

Rows = NDArray[np.int64]  # indices into the images


def stratified_holdout(labels: Labels, count: int, seed: int) -> tuple[Rows, Rows]:
    """Split the indices of labels (N,) into (the rest, `count` held out), both ascending.

    Every class is held out in proportion to its share, exactly up to rounding (largest remainders first);
    which of its images, `seed` alone decides. DataError unless 0 <= count <= N.
    """
    if not 0 <= count <= len(labels):
        raise DataError(
            f"{count:,} of {len(labels):,} images cannot be held out: choose 0 to {len(labels):,}"
        )
    _, label_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    quotas, remainders = np.divmod(sizes * count, max(len(labels), 1))  # integers: no rounding decides a tie
    quotas[np.argsort(-remainders, kind="stable")[: count - int(quotas.sum())]] += 1  # ties: the first class
    held = np.zeros(len(labels), dtype=bool)
    for label, quota in enumerate(quotas):
        random = np.random.default_rng([seed, label])  # a class's choice does not hang on the others
        held[random.permutation(np.flatnonzero(label_of == label))[:quota]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)
