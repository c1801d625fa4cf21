"""A network and a data set so small that a whole training takes a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cifar7.data import store
from cifar7.data.imageset import RawSet, Split
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.runs.folder import ENDED, RunFolder, Status
from cifar7.training.config import TrainConfig

CLASSES = ("blue", "green", "red")

SPEC = NetSpec(
    name="Tiny Net",
    classes=3,
    stages=(Stage((Unit(4, stride=2),), pool=2), Stage((Unit(4),), pool=2), Stage(), Stage()),
    output=Head(classifier="linear"),
)


def config(**settings: Any) -> TrainConfig:
    """Two epochs on the CPU, 10 steps each, unless said otherwise."""
    given = {"epochs": 2, "batch_size": 16, "lr": 0.1, "device": "cpu", "holdout": 20}
    return TrainConfig(**{**given, **settings})


def make_set(data_dir: Path, name: str = "tiny", each: int = 60) -> None:
    """Store a set of noise in three colours: `each` training images a class, 10 test images a class."""
    with store.exclusive(data_dir, name):
        raw = RawSet("Tiny colours", CLASSES, _split(each, 1), _split(10, 2), "made by a test", True, ())
        store.write_set(data_dir, name, raw, "test")


@cache
def _split(each: int, seed: int) -> Split:
    dice = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), each).astype(np.int64)
    images = dice.integers(0, 100, (3 * each, 3, 32, 32), dtype=np.uint8)
    images[np.arange(3 * each), 2 - labels] += 100  # class 0 is bluer, 1 greener, 2 redder
    return Split(images, labels)


def wait_for(happened: Callable[[], object], seconds: float = 30.0, what: str = "it") -> None:
    """Until `happened`, or fail."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


def ended(run: RunFolder, seconds: float = 60.0) -> Status:
    """The status of the run once it has ended."""
    wait_for(lambda: run.status()["state"] in ENDED, seconds, f"the end of {run.id} ({run.status()})")
    return run.status()
