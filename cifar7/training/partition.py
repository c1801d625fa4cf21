"""Which training images are trained on, which are held out, and on which the train accuracy is taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cifar7.data.batches import stratified_holdout
from cifar7.training.config import ConfigError, TrainConfig

Rows = npt.NDArray[np.int64]  # (n,) indices into the training images, ascending

_SPLIT_SEED = 7  # the same for every run: runs with different seeds stay comparable, image for image


@dataclass(frozen=True, slots=True)
class Partition:
    """Rows of the training images. `sample` is a part of `train`; `heldout` shares nothing with it."""

    train: Rows
    sample: Rows
    heldout: Rows  # empty under test-each-epoch


def partition(labels: Rows, config: TrainConfig) -> Partition:
    """Split the training images (labels (N,)) as the protocol says: the same for every seed of a run.

    `holdout` sets aside `config.holdout` images, at most a tenth of all, each class in proportion. Raises
    ConfigError where there are too few images for that.
    """
    everything = np.arange(len(labels), dtype=np.int64)
    train, heldout = everything, everything[:0]
    if config.protocol == "holdout":
        count = min(config.holdout, len(labels) // 10)
        if count < len(np.unique(labels)):
            raise ConfigError(
                f"a tenth of the {len(labels)} training images is too few to hold out one of each class; "
                "choose the protocol test-each-epoch, or a larger set."
            )
        train, heldout = stratified_holdout(labels, count, seed=_SPLIT_SEED)
    sample = train
    if config.train_sample < len(train):
        _, chosen = stratified_holdout(labels[train], config.train_sample, seed=_SPLIT_SEED)
        sample = train[chosen]
    return Partition(train=np.sort(train), sample=np.sort(sample), heldout=np.sort(heldout))
