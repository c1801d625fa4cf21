"""The figures of a trained network, computed again as the end of its training did."""

from __future__ import annotations

from torch import nn

from cifar7.data.imageset import ImageSet
from cifar7.training.config import TrainConfig
from cifar7.training.devices import choose
from cifar7.training.selection import ModelSelection
from cifar7.training.step.batches import layout
from cifar7.training.throughput import Throughput

Scores = dict[str, tuple[float, int]]  # name in Finished -> the figure, and of how many images it is


def rescore(module: nn.Module, data: ImageSet, config: TrainConfig, precision: str) -> Scores:
    """Accuracies on the fixed sample of the training images, the held-out and the test images; test loss.

    The rows follow from the images and `config` alone. `precision`: as in `Finished`, "fp32" or "bf16". The
    module, with its weights, moves to the device. Raises ConfigError where there is no such device.
    """
    device = choose(config.device)
    module = module.to(device).to(memory_format=layout(device))
    selection = ModelSelection(data, config, device, precision, Throughput())
    candidate = selection.candidate(module, None)
    test = candidate.test or selection.test(module)
    scores = {"train_accuracy": (candidate.train.accuracy, len(selection.sample_rows))}
    if candidate.heldout:
        scores["heldout_accuracy"] = (candidate.heldout.accuracy, len(selection.heldout_rows))
    count = len(data.test.labels)
    return scores | {"test_accuracy": (test.accuracy, count), "test_loss": (test.loss, count)}
