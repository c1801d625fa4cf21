"""The built-in set: drawn, not photographed; the same on every machine; no download."""

import numpy as np

from cifar7.data.drawing import paint
from cifar7.data.imageset import Progress, RawSet, SetInfo, Split, silent
from cifar7.data.scenes import CLASSES, draw_scenes

TRAIN, TEST = 10_000, 2_000  # images
SEED = 7
RECIPE = "shapes-2"  # changed whenever other pictures would come out
TITLE = "Shapes (synthetic)"
ORIGIN = "generated"
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
    for images, before, source in zip((train, test), (0, train), np.random.SeedSequence(seed).spawn(2)):
        random = np.random.default_rng(source)
        scenes = draw_scenes(images // len(CLASSES), random)
        pixels = paint(scenes, random, lambda n, before=before: progress(what, before + n, total))  # type: ignore[misc]
        splits.append(Split(pixels, scenes.labels))
    return RawSet(TITLE, CLASSES, splits[0], splits[1], ORIGIN, True, NOTES)
