"""What the protocol lets one look at, and which weights it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cifar7.data.imageset import ImageSet
from cifar7.training.config import TrainConfig
from cifar7.training.evaluation import Evaluation, evaluate
from cifar7.training.partition import partition
from cifar7.training.step.batches import Batches
from cifar7.training.throughput import Throughput


@dataclass(frozen=True, slots=True)
class Candidate:
    """Weights that may be kept, and how good they are."""

    epoch: int | None  # None: taken in mid-epoch
    train: Evaluation  # on the fixed sample
    heldout: Evaluation | None  # under holdout
    test: Evaluation | None  # under test-each-epoch
    weights: dict[str, Tensor]

    @property
    def finite(self) -> bool:
        """Whether every loss is a number."""
        return all(isfinite(part.loss) for part in (self.train, self.heldout, self.test) if part)

    def better_than(self, other: Candidate | None) -> bool:
        """By held-out accuracy, then by held-out loss; without held-out images the later one is."""
        if other is None or self.heldout is None or other.heldout is None:
            return True
        rank = (self.heldout.accuracy, -self.heldout.loss)
        return rank > (other.heldout.accuracy, -other.heldout.loss)

    def state_dict(self) -> dict[str, Any]:
        """Plain data and tensors. Of the probabilities, the end of a run needs those on the test images."""
        return {
            "epoch": self.epoch,
            "weights": self.weights,
            "train": (self.train.loss, self.train.accuracy),
            "heldout": (self.heldout.loss, self.heldout.accuracy) if self.heldout else None,
            "test": (self.test.loss, self.test.accuracy) if self.test else None,
            "probabilities": torch.from_numpy(self.test.probabilities) if self.test else None,
        }

    @classmethod
    def from_state_dict(cls, state: dict[str, Any], device: torch.device) -> Candidate:
        """What `state_dict` was taken of, on the device."""

        def evaluation(figures: tuple[float, float], probabilities: Tensor) -> Evaluation:
            return Evaluation(*figures, probabilities.numpy())

        none = torch.zeros(0, 0)
        return cls(
            epoch=state["epoch"],
            train=evaluation(state["train"], none),
            heldout=evaluation(state["heldout"], none) if state["heldout"] else None,
            test=evaluation(state["test"], state["probabilities"]) if state["test"] else None,
            weights={name: value.to(device) for name, value in state["weights"].items()},
        )


class ModelSelection:
    """The images on the device, which of them each purpose may use, and the best weights so far.

    Training takes `batches`. The test set is not touched before `test` is called, or before the first
    candidate under test-each-epoch.

    Training images are evaluated in the training's precision, which makes a curve cheap; the test set in
    fp32, so that the same weights get the same score and probabilities wherever they are tested again.
    """

    def __init__(
        self,
        data: ImageSet,
        config: TrainConfig,
        device: torch.device,
        precision: str,
        throughput: Throughput,
    ) -> None:
        parts = partition(data.train.labels, config)
        self.images = to_device(data.train.images, device)  # (N, 3, 32, 32) uint8
        self.labels = to_device(data.train.labels, device)  # (N,)
        self.train_rows = to_device(parts.train, device)  # (n,) rows of `images`
        self.sample_rows = to_device(parts.sample, device)
        self.heldout_rows = to_device(parts.heldout, device)
        self.holds_out = config.protocol == "holdout"
        self.scale = config.scale(data.mean, data.std)  # mean and deviation that pixels are normalised by
        self.best: Candidate | None = None
        self._data, self._device, self._precision, self._throughput = data, device, precision, throughput
        self._test_flip = config.test_flip

    def batches(self, config: TrainConfig) -> Batches:
        """The batches of the training rows."""
        return Batches(self.images, self.labels, self.train_rows, config, self.scale, self._precision)

    def candidate(self, module: nn.Module, epoch: int | None) -> Candidate:
        """Evaluate the module as it is now."""
        return Candidate(
            epoch=epoch,
            train=self._on_rows(module, self.sample_rows),
            heldout=self._on_rows(module, self.heldout_rows) if self.holds_out else None,
            test=None if self.holds_out else self.test(module),
            weights={name: value.detach().clone() for name, value in module.state_dict().items()},
        )

    def keep_if_better(self, candidate: Candidate) -> bool:
        """Whether the candidate is better than all before, in which case it is now `best`."""
        better = candidate.better_than(self.best)
        if better:
            self.best = candidate
        return better

    def test(self, module: nn.Module) -> Evaluation:
        """Evaluate the module on the test set."""
        test = self._data.test
        images, labels = to_device(test.images, self._device), to_device(test.labels, self._device)
        return self._on(module, images, labels, "fp32")

    def images_to_evaluate(self, candidates: int) -> int:
        """How many images are still to be evaluated in a run with so many candidates to come.

        An image that is evaluated with its mirror image counts once: that is how the speed is measured.
        """
        tests = len(self._data.test.labels)
        each = len(self.sample_rows) + (len(self.heldout_rows) if self.holds_out else tests)
        return each * candidates + (tests if self.holds_out else 0)

    def state_dict(self) -> dict[str, Any]:
        """The best weights so far."""
        return {"best": self.best.state_dict() if self.best else None}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's `state_dict`."""
        best = state["best"]
        self.best = Candidate.from_state_dict(best, self._device) if best else None

    def _on_rows(self, module: nn.Module, rows: Tensor) -> Evaluation:
        return self._on(module, self.images[rows], self.labels[rows], self._precision)

    def _on(self, module: nn.Module, images: Tensor, labels: Tensor, precision: str) -> Evaluation:
        began = perf_counter()
        evaluation = evaluate(module, images, labels, *self.scale, precision, self._test_flip)
        self._throughput.add_evaluation(len(labels), perf_counter() - began)
        return evaluation


def to_device(values: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    """A copy on the device: the array may be mapped from a file that must not be written."""
    return torch.from_numpy(np.array(values)).to(device)
