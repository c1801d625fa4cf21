"""What the protocol lets one look at, and which weights it keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cifar7.data.batches import stratified_holdout
from cifar7.data.imageset import ImageSet
from cifar7.training.budget import held_out
from cifar7.training.config import ConfigError, TrainConfig
from cifar7.training.devices import choose, precision_on
from cifar7.training.evaluation import Evaluation, evaluate
from cifar7.training.step.batches import Batches
from cifar7.training.step.precision import layout
from cifar7.training.throughput import Throughput

Rows = npt.NDArray[np.int64]  # (n,) indices into the training images, ascending
Scores = dict[str, tuple[float, int]]  # name in Finished -> the figure, and of how many images it is

_SPLIT_SEED = 7  # the same for every run: runs with different seeds stay comparable, image for image


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
        self.images = to_device(data.train.images, device)  # (N, 3, 32, 32) uint8
        self.labels = to_device(data.train.labels, device)  # (N,)
        rows = [to_device(part, device) for part in partition(data.train.labels, config)]
        self.train_rows, self.sample_rows, self.heldout_rows = rows  # (n,) rows of `images`
        self.holds_out = config.protocol == "holdout"
        self.scale = config.scale(data.mean, data.std)  # mean and deviation that pixels are normalised by
        self.best: Candidate | None = None
        self._test: tuple[Tensor, Tensor] | None = None  # images and labels, from the first test on
        self._data, self._device, self._precision, self._throughput = data, device, precision, throughput
        self._test_flip = config.test_flip
        self.between_batches: Callable[[], None] = lambda: None  # of an evaluation; it may raise

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

    def heldout_by_class(self, candidate: Candidate) -> tuple[float, ...] | None:
        """The held-out accuracy of each class, in their order; None under test-each-epoch."""
        if candidate.heldout is None:
            return None
        labels = self.labels[self.heldout_rows].cpu().numpy()
        hits = candidate.heldout.probabilities.argmax(1) == labels
        return tuple(float(hits[labels == label].mean()) for label in range(len(self._data.classes)))

    def test(self, module: nn.Module) -> Evaluation:
        """Evaluate the module on the test set."""
        test = self._test or self._test_set()
        if not self.holds_out:  # another test follows after the next epoch
            self._test = test
        return self._on(module, *test, "fp32")

    def _test_set(self) -> tuple[Tensor, Tensor]:
        """Its images and labels, on the device."""
        test = self._data.test
        return to_device(test.images, self._device), to_device(test.labels, self._device)

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
        evaluation = evaluate(
            module, images, labels, *self.scale, precision, self._test_flip, self.between_batches
        )
        self._throughput.add_evaluation(len(labels), perf_counter() - began)
        return evaluation


def to_device(values: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    """A copy on the device: the array may be mapped from a file that must not be written."""
    return torch.from_numpy(np.array(values)).to(device)


def partition(labels: Rows, config: TrainConfig) -> tuple[Rows, Rows, Rows]:
    """Rows of the training images (labels (N,)): trained on, a sample of these, held out.

    The same for every seed of a run. The protocol `holdout` sets aside `config.holdout` images, at most a
    tenth of all, each class in proportion. Raises ConfigError where there are too few images for that.
    """
    everything = np.arange(len(labels), dtype=np.int64)
    train, heldout = everything, everything[:0]
    if config.protocol == "holdout":
        count = held_out(len(labels), config)
        if not can_hold_out(labels, config):
            raise ConfigError(
                f"a tenth of the {len(labels)} training images is too few to hold out one of each class; "
                "choose the protocol test-each-epoch, or a larger set."
            )
        train, heldout = stratified_holdout(labels, count, seed=_SPLIT_SEED)
    sample = train
    if config.train_sample < len(train):
        _, chosen = stratified_holdout(labels[train], config.train_sample, seed=_SPLIT_SEED)
        sample = train[chosen]
    return np.sort(train), np.sort(sample), np.sort(heldout)


def can_hold_out(labels: Rows, config: TrainConfig) -> bool:
    """Whether there are enough images to hold out one of each class."""
    return min(config.holdout, len(labels) // 10) >= len(np.unique(labels))


def rescore(module: nn.Module, data: ImageSet, config: TrainConfig, precision: str) -> Scores:
    """Accuracies on the fixed sample of the training images, the held-out and the test images; test loss.

    The rows follow from the images and `config` alone. `precision`: as in `Finished`. The module, with its
    weights, moves to the device. Raises ConfigError where there is no such device, or it has no fp16.
    """
    device = choose(config.device)
    if precision == "fp16":  # bf16 any device can imitate, as often as one evaluation asks
        precision = precision_on(device, precision)
    module = module.to(device).to(memory_format=layout(device, precision))
    selection = ModelSelection(data, config, device, precision, Throughput())
    candidate = selection.candidate(module, None)
    test = candidate.test or selection.test(module)
    scores = {"train_accuracy": (candidate.train.accuracy, len(selection.sample_rows))}
    if candidate.heldout:
        scores["heldout_accuracy"] = (candidate.heldout.accuracy, len(selection.heldout_rows))
    count = len(data.test.labels)
    return scores | {"test_accuracy": (test.accuracy, count), "test_loss": (test.loss, count)}
