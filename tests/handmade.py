"""A run folder written by hand: every figure is known, and nobody waits for a training."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cifar7.data import library, store
from cifar7.data.imageset import RawSet, Split
from cifar7.network.module import build
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.results.predictions import Predictions
from cifar7.runs.folder import RunFolder
from cifar7.runs.queue import start_here
from cifar7.training.config import TrainConfig
from cifar7.training.events import Event

CLASSES = ("blue", "green", "red")
SPEC = NetSpec(
    name="Handmade",
    classes=3,
    stages=(
        Stage((Unit(4, dropout=0.15), Unit(6, dilation=2)), pool=2),
        Stage((Unit(8, kind="separable", dropout=0.15),), pool=2),
        Stage(),
        Stage(),
    ),
    output=Head(classifier="linear"),
)
# After each of four epochs: on the training sample, on the held-out (or test) images, and the losses.
TRAIN = (0.4037, 0.5519, 0.6630, 0.7111)
WATCHED = (0.35, 0.55, 0.65, 0.6)
LOSSES = ((1.05, 1.02), (0.93, 0.97), (0.84, 0.88), (0.79, 0.9))
# Of 10 test images a class, [true, predicted]: 7, 5 and 9 right.
CONFUSION = ((7, 2, 1), (4, 5, 1), (0, 1, 9))
TEST = 21 / 30
DEVICE = "CPU, 64 cores"


def make_set(
    data_dir: Path, name: str = "colours", title: str = "Colours", classes: tuple[str, ...] = CLASSES
) -> None:
    """60 training and 10 test images a class, of noise in three colours."""
    with store.exclusive(data_dir, name):
        raw = RawSet(title, classes, _split(60, 1), _split(10, 2), "folder colours", False, ())
        store.write_set(data_dir, name, raw, "test")


@cache
def _split(each: int, seed: int) -> Split:
    labels = np.repeat(np.arange(3), each).astype(np.int64)
    images = np.random.default_rng(seed).integers(0, 100, (3 * each, 3, 32, 32), dtype=np.uint8)
    images[np.arange(3 * each), 2 - labels] += 100
    return Split(images, labels)


def config(**settings: Any) -> TrainConfig:
    """Four epochs of 10 steps of 16 images; 18 of the 180 images are held out."""
    return TrainConfig(**{"epochs": 4, "batch_size": 16, "device": "cpu", "precision": "fp32", **settings})


def make_run(folder: Path, spec: NetSpec = SPEC, data: str = "colours", **settings: Any) -> RunFolder:
    """A finished run in `folder`/runs on the set `data` in `folder`/data."""
    settings_of_run = config(**settings)
    images = library.open_set(data, data_dir=folder / "data")
    with start_here(folder / "runs", spec, settings_of_run, data) as claim:
        claim.save_environment(_environment(images))
        for event in _events(data, settings_of_run):
            claim.record(event)
        claim.save_predictions(Predictions(*_predictions(), images.classes))
        torch.save(build(spec, seed=3).state_dict(), claim.run.path / "model.pt")
        result = _result(settings_of_run)
        claim.record(recorded(result))
        claim.end("finished", None, result)
    return claim.run


def recorded(data: dict[str, Any]) -> Event:
    """The event that a record holds as `data`; what is left out is nan, 0, "" or None."""
    event = Event.from_dict(data)
    assert event is not None, data
    return event


def _environment(images: Any) -> dict[str, Any]:
    told = {key: getattr(images, key) for key in ("name", "title", "origin", "synthetic", "fingerprint")}
    return {
        "python": "3.11.9",
        "torch": "2.15.0+cpu",
        "platform": "Linux x86_64",
        "device": DEVICE,
        "device_type": "cpu",
        "data": {**told, "classes": list(images.classes), "train": 180, "test": 30},
    }


def _events(data: str, settings: TrainConfig) -> Iterator[Event]:
    started = {"event": "started", "data": data, "protocol": settings.protocol, "epochs": 4,
               "batch_size": 16, "train_images": 162, "heldout_images": 18, "test_images": 30}  # fmt: skip
    yield recorded(started)
    for epoch, (train, watched, (train_loss, loss)) in enumerate(zip(TRAIN, WATCHED, LOSSES), 1):
        none = dict.fromkeys(("heldout_accuracy", "heldout_loss", "test_accuracy", "test_loss"))
        event = {"event": "epoch", "epoch": epoch, "epochs": 4, "step": 10 * epoch, "train_loss": train_loss,
                 "train_accuracy": train, "train_accuracy_running": train - 0.05, "lr": 0.1,
                 "best": epoch < 4, "seconds": 30.0 * epoch, **none}  # fmt: skip
        prefix = "heldout" if settings.protocol == "holdout" else "test"
        yield recorded({**event, f"{prefix}_accuracy": watched, f"{prefix}_loss": loss})


def _result(settings: TrainConfig) -> dict[str, Any]:
    holds_out = settings.protocol == "holdout"
    return {"event": "finished", "state": "finished", "protocol": settings.protocol, "epochs": 4, "steps": 40,
            "best_epoch": 3 if holds_out else 4, "train_accuracy": TRAIN[2] if holds_out else TRAIN[3],
            "heldout_accuracy": WATCHED[2] if holds_out else None, "test_accuracy": TEST, "test_loss": 0.81,
            "seconds": 125.4, "seconds_training": 110.0, "images_per_second": 2871.3, "device": DEVICE,
            "precision": "fp32"}  # fmt: skip


def _predictions() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (30, 3) of 0.8 for the predicted class, and labels (30,), that make up CONFUSION."""
    pairs = [
        (true, said) for true, row in enumerate(CONFUSION) for said, n in enumerate(row) for _ in range(n)
    ]
    labels, predicted = (np.array(side, dtype=np.int64) for side in zip(*pairs))
    probabilities = np.full((30, 3), 0.1, dtype=np.float32)
    probabilities[np.arange(30), predicted] = 0.8
    return probabilities, labels
