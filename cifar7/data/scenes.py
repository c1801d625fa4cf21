"""What the pictures of the built-in set show, as numbers: drawn at random here, painted in `drawing`.

Six classes are one plain shape each. Four are two pairs that differ only in a relation: a small arrow
points at the dot or past it, an eye looks at the star or past it. Both stand so far apart that no
window of 16 pixels holds both. There are two places where the target may stand; a fair coin says where it
stands, another one at which of them is pointed. So where things stand and where is pointed are
distributed alike in both classes of a pair, and only who sees both can do better than chance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar7.data.imageset import SIZE, Labels

Floats = NDArray[np.float64]

PLAIN = ("disc", "ring", "square", "triangle", "star", "cross")
PAIRS = (("arrow at dot", "arrow past dot"), ("eye at star", "eye past star"))
CLASSES = (*PLAIN, *(name for pair in PAIRS for name in pair))

MARGIN = 4.5  # pixels from a centre to the border
REACH = (21.0, 23.0)  # pixels between pointer and target, the larger of horizontal and vertical distance
ANGLE = (50.0, 100.0)  # degrees between the two places, as seen from the pointer


@dataclass(frozen=True, eq=False)
class Scenes:
    """N pictures. Coordinates in pixels from the top left corner, x to the right, y down; angles in radians.

    Plain classes: `x`, `y` the centre, `radius`, `turn`. Pairs: `x`, `y` the pointer's centre, `radius` its
    size, `turn` where it points, (`target_x`, `target_y`) the target, (`other_x`, `other_y`) the empty place.
    """

    labels: Labels  # (N,)
    x: Floats
    y: Floats
    radius: Floats
    turn: Floats
    target_x: Floats  # meaningless for plain classes, as are the next two
    target_y: Floats
    other_x: Floats
    other_y: Floats


def draw_scenes(per_class: int, random: np.random.Generator) -> Scenes:
    """`per_class` scenes of every class, in random order."""
    n = per_class * len(CLASSES)
    labels = random.permutation(np.repeat(np.arange(len(CLASSES)), per_class))
    radius = random.uniform(5.5, 11.0, n)
    # Some of a large shape may be cut by the border, never its middle.
    x, y = (random.uniform(0.75 * radius, SIZE - 0.75 * radius) for _ in "xy")
    turn = random.uniform(0, 2 * np.pi, n)
    related = labels >= len(PLAIN)
    pointer, first, second = np.zeros((3, n, 2))
    pointer[related], first[related], second[related] = _places(int(related.sum()), random)
    stands, points = random.integers(0, 2, (2, n)).astype(bool)
    # The class decides whether the coins agree: the second coin is thrown, the first one follows.
    past = (labels - len(PLAIN)) % 2 == 1
    stands = np.where(related, points ^ past, stands)
    target = np.where(stands[:, None], first, second)  # (N, 2)
    other = np.where(stands[:, None], second, first)  # (N, 2)
    aim = np.where(points[:, None], first, second) - pointer
    return Scenes(
        labels=labels.astype(np.int64),
        x=np.where(related, pointer[:, 0], x),
        y=np.where(related, pointer[:, 1], y),
        radius=np.where(related, 3.6, radius),
        turn=np.where(related, np.arctan2(aim[:, 1], aim[:, 0]), turn),
        target_x=target[:, 0], target_y=target[:, 1], other_x=other[:, 0], other_y=other[:, 1],
    )  # fmt: skip


def _places(n: int, random: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Pointer and two places, (N, 2) each, by rejection among all that keep MARGIN, REACH and ANGLE.

    Proposed with the pointer near the left border, then turned and mirrored: REACH leaves the pointer no
    other place than near some border.
    """
    low, high = MARGIN, SIZE - MARGIN
    found = np.empty((0, 3, 2))
    while len(found) < n:
        m = 8 * n
        pointer = random.uniform(low, high - REACH[0], (m, 2))
        anywhere = random.integers(0, 2, m).astype(bool)  # along the left border, or in its upper corner
        pointer[anywhere, 1] = random.uniform(low, high, anywhere.sum())
        far, side = random.uniform(low + REACH[0], high, (m, 2)), random.uniform(low, high, (m, 2))
        below = random.integers(0, 2, (m, 2)).astype(bool) & ~anywhere[:, None]  # a place by the lower border
        places = np.stack(
            [np.where(below, side, far), np.where(below, far, side)], axis=2
        )  # (M, 2 places, 2)
        offset = places - pointer[:, None]
        reach = np.abs(offset).max(axis=2)  # (M, 2)
        angle = np.degrees(np.arctan2(offset[:, :, 1], offset[:, :, 0]))
        between = np.abs((angle[:, 0] - angle[:, 1] + 180) % 360 - 180)
        good = (reach >= REACH[0]).all(axis=1) & (reach <= REACH[1]).all(axis=1)
        good &= (between >= ANGLE[0]) & (between <= ANGLE[1])
        found = np.concatenate([found, np.concatenate([pointer[:, None], places], axis=1)[good]])
    places = found[:n]
    flip, swap = random.integers(0, 2, (n, 1, 2)).astype(bool), random.integers(0, 2, (n, 1, 1)).astype(bool)
    places = np.where(flip, SIZE - places, places)
    places = np.where(swap, places[:, :, ::-1], places)
    return places[:, 0], places[:, 1], places[:, 2]
