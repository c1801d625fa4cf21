"""The built-in set: drawn, not photographed; the same on every machine; no download."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cifar7.data.drawing import masks, paint
from cifar7.data.imageset import Progress, RawSet, SetInfo, Split, silent
from cifar7.data.scenes import CLASSES, PAIR_LABELS, Scenes, draw_scenes

TRAIN, TEST = 10_000, 2_000  # images
SEED = 7
RECIPE = "shapes-2"  # changed whenever other pictures would come out
TITLE = "Shapes (synthetic)"
ORIGIN = "generated"
GROUPS = {"Relational pairs": tuple(label for pair in PAIR_LABELS for label in pair)}  # of classes
NOTES = (
    "Synthetic: drawn by cifar7 itself, not photographs. A score here says nothing about real images.",
    "Four classes are two pairs that differ only in where something points: the arrow at the dot or past it, "
    "the eye at the star or past it. The two things stand more than 20 pixels apart, so a network with a "
    "receptive field of 16 pixels or less can only guess between them.",
)


def info(name: str) -> SetInfo:
    """The set as it is listed before it was generated."""
    return SetInfo(
        name=name, title=TITLE, classes=CLASSES, train_size=TRAIN, test_size=TEST, origin=ORIGIN,
        synthetic=True, notes=NOTES, fingerprint="", present=False,
    )  # fmt: skip


def generate(train: int = TRAIN, test: int = TEST, seed: int = SEED, progress: Progress = silent) -> RawSet:
    """`train` and `test` images, the same number of every class; equal arguments give equal images."""
    what, total = "Drawing shapes", train + test
    progress(what, 0, total)
    splits = []
    for (scenes, random), before in zip(_draw(train, test, seed), (0, train)):
        pixels = paint(scenes, random, lambda n, before=before: progress(what, before + n, total))  # type: ignore[misc]
        splits.append(Split(pixels, scenes.labels))
    return RawSet(TITLE, CLASSES, splits[0], splits[1], ORIGIN, True, NOTES)


def where_shapes_lie(train: int = TRAIN, test: int = TEST, seed: int = SEED) -> NDArray[np.bool_]:
    """Where the shape lies in each test image of `generate` with the same arguments, (test, 32, 32)."""
    _, (scenes, _) = _draw(train, test, seed)
    return masks(scenes)


def _draw(train: int, test: int, seed: int) -> Iterator[tuple[Scenes, np.random.Generator]]:
    """What both splits show, each with the generator that goes on to paint it."""
    for images, source in zip((train, test), np.random.SeedSequence(seed).spawn(2)):
        random = np.random.default_rng(source)
        yield draw_scenes(images // len(CLASSES), random), random
