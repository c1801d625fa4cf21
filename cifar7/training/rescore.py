"""The figures of a trained network, computed again as the end of its training did."""

from __future__ import annotations

from torch import nn

from cifar7.data.imageset import ImageSet
from cifar7.training.batches import layout
from cifar7.training.config import TrainConfig
from cifar7.training.devices import choose
from cifar7.training.selection import Judge
from cifar7.training.throughput import Pace

Scored = dict[str, tuple[float, int]]  # name in Finished -> the figure, and of how many images it is


def rescore(module: nn.Module, data: ImageSet, config: TrainConfig, precision: str) -> Scored:
    """Accuracies on the fixed sample of the training images, the held-out and the test images; test loss.

    The rows follow from the images and `config` alone. `precision`: as `Finished` told it, "fp32" or "bf16".
    The module, with its weights, moves to the device. Raises ConfigError where there is no such device.
    """
    device = choose(config.device)
    module = module.to(device).to(memory_format=layout(device))
    judge = Judge(data, config, device, precision, Pace())
    now = judge.verdict(module, None)
    test = now.test or judge.test(module)
    scored = {"train_accuracy": (now.train.accuracy, len(judge.sample_rows))}
    if now.heldout:
        scored["heldout_accuracy"] = (now.heldout.accuracy, len(judge.heldout_rows))
    count = len(data.test.labels)
    return scored | {"test_accuracy": (test.accuracy, count), "test_loss": (test.loss, count)}
