"""Predictions to judge results by: at random, of trainings of a moment, and how near is near enough."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
import toys
from numpy.typing import ArrayLike

from cifar7.data.imageset import ImageSet
from cifar7.network.module import Network, build
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.results.predictions import Predictions
from cifar7.training.engine import Training
from cifar7.training.events import Finished

DESIGNS = (
    Stage((Unit(6, stride=2),), pool=2),
    Stage((Unit(8, kind="separable"),), pool=4),
    Stage((Unit(4, dilation=2), Unit(8)), pool=4),
)


def close(ours: ArrayLike, theirs: ArrayLike) -> None:
    """Equal to rounding, nan where the other has nan."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9, equal_nan=True)


def random_predictions(seed: int) -> Predictions:
    """Some hundreds of pictures of a few classes; some classes have none, some are never said."""
    dice = np.random.default_rng(seed)
    classes, pictures = int(dice.integers(2, 12)), int(dice.integers(1, 400))
    scores = dice.random((pictures, classes)) ** dice.uniform(1, 12)
    labels = np.where(dice.random(pictures) < 0.6, scores.argmax(1), dice.integers(0, classes, pictures))
    if seed % 2 and classes > 2:
        labels[labels == 1] = 0  # class 1 has no pictures
        scores[:, 2] = 0  # class 2 is never said
    scores += 1e-9
    names = tuple(f"class {k}" for k in range(classes))
    return Predictions(scores / scores.sum(1, keepdims=True), labels, names)


@cache
def stripes(noise: int = 243) -> ImageSet:
    """Stripes so faint that a network of a moment is often mistaken."""
    return toys.make_set(train=320, test=240, noise=noise)


def network(run: int) -> Network:
    """The untrained network of a run."""
    # A kernel as large as the map: where the stripe lies is what there is to learn.
    stages = (DESIGNS[run], Stage((Unit(8, kernel=8, padding=0),)), Stage(), Stage())
    return build(NetSpec(f"run {run}", stages, Head(classifier="linear"), classes=4), seed=run)


@cache
def trained(run: int) -> Predictions:
    """What one of three small networks says about the stripes after three epochs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        events = list(Training(network(run), stripes(), toys.config(epochs=3, lr=0.05, seed=run)).events())
    finally:
        torch.set_num_threads(threads)
    end = events[-1]
    assert isinstance(end, Finished)
    return Predictions(end.probabilities, end.labels, stripes().classes)
