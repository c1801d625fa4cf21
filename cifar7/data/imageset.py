"""What every source of images becomes: 32x32 colour images with labels, split into train and test.

numpy alone, so that the page opens a set without loading torch.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar7.errors import UserError

CHANNELS = 3
SIZE = 32  # pixels, both ways

Images = NDArray[np.uint8]  # (N, 3, 32, 32)
Labels = NDArray[np.int64]  # (N,)

# progress(what, done, total): `what` is a short phrase for people, `done` of `total` in any unit.
Progress = Callable[[str, int, int], None]


class DataError(UserError):
    """Images that are missing, unreadable or not what they should be; one line with the cure."""


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a set: images uint8 (N, 3, 32, 32) in RGB and labels int64 (N,), in the same order."""

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        assert self.images.dtype == np.uint8, self.images.dtype
        assert self.labels.dtype == np.int64, self.labels.dtype
        assert self.images.shape == (len(self.labels), CHANNELS, SIZE, SIZE), self.images.shape

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class RawSet:
    """What a source hands over, before it is stored: the pixels, and what there is to say about them."""

    title: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    origin: str
    synthetic: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ImageSet(RawSet):
    """A set to train on. `mean` and `std`: of its training pixels, as `channel_statistics`.

    `fingerprint` is a hash of pixels, labels and class names: equal fingerprints mean the same data.
    """

    name: str
    fingerprint: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class SetInfo:
    """What can be said of a set without touching its pixels. `present`: it is on this machine already."""

    name: str
    title: str
    classes: tuple[str, ...]
    train_size: int
    test_size: int
    origin: str
    synthetic: bool
    notes: tuple[str, ...]
    fingerprint: str
    present: bool


def silent(what: str, done: int, total: int) -> None:
    """The progress callback of those who do not look."""


def fingerprint(classes: tuple[str, ...], train: Split, test: Split) -> str:
    """A hash, 32 hexadecimal digits, of the class names, pixels and labels of both splits."""
    digest = hashlib.sha256(json.dumps([list(classes), len(train), len(test)]).encode())
    for split in (train, test):
        digest.update(np.ascontiguousarray(split.images).data)
        digest.update(np.ascontiguousarray(split.labels, dtype="<i8").data)
    return digest.hexdigest()[:32]


def channel_statistics(images: Images) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of images (N, 3, 32, 32), on the scale 0..1.

    Exact: counted in a histogram of the 256 values instead of summed in floating point.
    """
    values = np.arange(256, dtype=np.float64) / 255
    means, deviations = [], []
    for channel in range(CHANNELS):
        counts = np.zeros(256, dtype=np.int64)
        for start in range(0, len(images), 4096):  # bounded: a memory-mapped set is not pulled in whole
            counts += np.bincount(images[start : start + 4096, channel].reshape(-1), minlength=256)
        mean = float(counts @ values / counts.sum())
        means.append(mean)
        deviations.append(float(np.sqrt(counts @ (values - mean) ** 2 / counts.sum())))
    return tuple(means), tuple(deviations)
