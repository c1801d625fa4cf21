"""What the protocol lets one look at, and which weights it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from time import perf_counter

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cifar7.data.imageset import ImageSet
from cifar7.training.batches import Feed
from cifar7.training.config import TrainConfig
from cifar7.training.evaluation import Evaluation, evaluate
from cifar7.training.partition import partition
from cifar7.training.throughput import Pace


@dataclass(frozen=True, slots=True)
class Verdict:
    """Weights and what they are worth."""

    epoch: int | None  # None: taken in mid-epoch
    train: Evaluation  # on the fixed sample
    heldout: Evaluation | None  # under holdout
    test: Evaluation | None  # under test-each-epoch
    weights: dict[str, Tensor]

    @property
    def finite(self) -> bool:
        """Whether every loss is a number."""
        return all(isfinite(part.loss) for part in (self.train, self.heldout, self.test) if part)

    def better_than(self, other: Verdict | None) -> bool:
        """By held-out accuracy, then by held-out loss; without held-out images the later one is."""
        if other is None or self.heldout is None or other.heldout is None:
            return True
        mine = (self.heldout.accuracy, -self.heldout.loss)
        return mine > (other.heldout.accuracy, -other.heldout.loss)


class Judge:
    """The images on the device, and who may look at which.

    The trainer takes `feed`. The test set is not touched before `test` is
    called, or before the first verdict under test-each-epoch.

    Training images are judged in the training's precision, which is what makes a curve cheap; the test set in
    fp32, so that the same weights get the same score and probabilities wherever they are tested again.
    """

    def __init__(
        self, data: ImageSet, config: TrainConfig, device: torch.device, precision: str, pace: Pace
    ) -> None:
        parts = partition(data.train.labels, config)
        self.images = to_device(data.train.images, device)  # (N, 3, 32, 32) uint8
        self.labels = to_device(data.train.labels, device)  # (N,)
        self.train_rows = to_device(parts.train, device)  # (n,) rows of `images`
        self.sample_rows = to_device(parts.sample, device)
        self.heldout_rows = to_device(parts.heldout, device)
        self.holds_out = config.protocol == "holdout"
        self.scale = config.scale(data.mean, data.std)  # mean and deviation that pixels are normalised by
        self._data, self._device, self._precision, self._pace = data, device, precision, pace
        self._test_flip = config.test_flip

    def feed(self, config: TrainConfig) -> Feed:
        """The batches of the training rows."""
        return Feed(self.images, self.labels, self.train_rows, config, self.scale, self._precision)

    def verdict(self, module: nn.Module, epoch: int | None) -> Verdict:
        """Judge the module as it is now."""
        return Verdict(
            epoch=epoch,
            train=self._on_rows(module, self.sample_rows),
            heldout=self._on_rows(module, self.heldout_rows) if self.holds_out else None,
            test=None if self.holds_out else self.test(module),
            weights={name: value.detach().clone() for name, value in module.state_dict().items()},
        )

    def test(self, module: nn.Module) -> Evaluation:
        """Read the test set."""
        test = self._data.test
        images, labels = to_device(test.images, self._device), to_device(test.labels, self._device)
        return self._on(module, images, labels, "fp32")

    def images_to_evaluate(self, verdicts: int) -> int:
        """How many images are still to be evaluated in a run with so many verdicts to come.

        An image that is asked twice counts once: its speed is what is measured.
        """
        tests = len(self._data.test.labels)
        each = len(self.sample_rows) + (len(self.heldout_rows) if self.holds_out else tests)
        return each * verdicts + (tests if self.holds_out else 0)

    def _on_rows(self, module: nn.Module, rows: Tensor) -> Evaluation:
        return self._on(module, self.images[rows], self.labels[rows], self._precision)

    def _on(self, module: nn.Module, images: Tensor, labels: Tensor, precision: str) -> Evaluation:
        began = perf_counter()
        found = evaluate(module, images, labels, *self.scale, precision, self._test_flip)
        self._pace.evaluated(len(labels), perf_counter() - began)
        return found


def to_device(values: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    """A copy on the device: the array may be mapped from a file that is not to be written."""
    return torch.from_numpy(np.array(values)).to(device)
