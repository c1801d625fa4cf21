"""A set of stripes and a network that learns it, in memory, for the training room's tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from cifar7.data.imageset import ImageSet, Split
from cifar7.training.config import TrainConfig
from cifar7.training.engine import Training

CLASSES = ("top", "upper", "lower", "bottom")


@cache
def stripes(count: int, seed: int, noise: int = 160) -> Split:
    """Noise with one brighter quarter, whose place is the class; `count` images, the classes in turn."""
    labels = np.arange(count, dtype=np.int64) % 4
    images = np.random.default_rng(seed).integers(0, noise, (count, 3, 32, 32), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 8 * label : 8 * label + 8] += 255 - noise
    return Split(images, labels)


def make_set(train: int = 320, test: int = 80, noise: int = 160) -> ImageSet:
    """The set of stripes."""
    return ImageSet(
        name="stripes",
        title="Stripes",
        classes=CLASSES,
        train=stripes(train, 1, noise),
        test=stripes(test, 2, noise),
        fingerprint="0",
        origin="made by a test",
        synthetic=True,
        notes=(),
        mean=(0.4, 0.4, 0.4),
        std=(0.2, 0.2, 0.2),
    )


def network(classes: int = 4) -> nn.Sequential:
    """Convolution, norm, dropout and a linear layer; the same initial weights each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=4, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Flatten(),
            nn.Linear(8 * 8 * 8, classes),
        )


def config(**settings: object) -> TrainConfig:
    """Two epochs of nine steps of 32 images (a tenth of 320 is held out), on the CPU."""
    return TrainConfig(**{"epochs": 2, "batch_size": 32, "lr": 0.02, "device": "cpu", **settings})


def run(
    config: TrainConfig, module: nn.Module | None = None, data: ImageSet | None = None, **how: Any
) -> Any:
    """The events of a whole run."""
    return list(Training(module or network(), data or make_set(), config, **how).events())


def of_kind(events: list[Any], kind: str) -> list[Any]:
    """Those events that are of this kind."""
    return [event for event in events if event.kind == kind]


def stop_at(batch: int) -> Callable[[], str | None]:
    """A control that asks to stop before batch number `batch`, counted from 0."""
    asked = iter(range(10_000))
    return lambda: "stop" if next(asked) >= batch else None
