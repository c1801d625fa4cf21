"""What the pictures of the built-in set show, as numbers: drawn at random here, painted in `drawing`.

Six classes are one plain shape each; a smaller, fainter one of another kind may stray about. Four are two
pairs that differ only in a relation: a small arrow points at the dot or past it, an eye looks at the star or
past it. There are two places where the target may stand; a fair coin says where it stands, another one at
which of them is pointed. So in both classes of a pair things stand alike and point alike, and a pixel of the
pointer that tells its direction and a pixel of either place never lie in one window of 16 by 16. Only who
sees more than that can do better than guess.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar7.data.imageset import SIZE, Labels

Floats = NDArray[np.float64]

PLAIN = ("disc", "ring", "square", "triangle", "star", "cross")
PAIRS = (("arrow at dot", "arrow past dot"), ("eye at star", "eye past star"))
CLASSES = (*PLAIN, *(name for pair in PAIRS for name in pair))
PAIR_LABELS = [tuple(CLASSES.index(name) for name in pair) for pair in PAIRS]

# All of these are pixels, except for the share and the angle.
RADIUS, STRAY_RADIUS = (3.5, 9.5), (2.0, 3.0)  # of plain shapes
STRAY_SHARE = 0.6  # of the plain pictures have a stray shape
ARROW, EYE = 4.4, 4.2  # radii, from the centre
PUPIL, GAZE = 1.9, 1.7  # its radius, and how far it stands from the eye's centre
DOT, STAR = 2.1, 3.0  # radii of the targets
POINTER_MARGIN, TARGET_MARGIN = 4.5, 3.2  # from a centre to the border
REACH = (22.6, 24.3)  # from pointer to target, the larger of horizontal and vertical distance
ANGLE = (55.0, 100.0)  # degrees between the two places, as seen from the pointer


@dataclass(frozen=True, eq=False)
class Scenes:
    """N pictures. Coordinates in pixels from the top left corner, x to the right, y down; angles in radians.

    Plain classes: a shape at (`x`, `y`) with `radius`, turned by `turn`; a stray shape of the class `stray`,
    -1 for none. Pairs: the pointer at (`x`, `y`) points along `turn`, the target stands at (`target_x`,
    `target_y`), (`other_x`, `other_y`) is empty. What does not belong to a picture's class is left unused.
    """

    labels: Labels  # (N,), as all of these
    x: Floats
    y: Floats
    radius: Floats
    turn: Floats
    stray: Labels
    stray_x: Floats
    stray_y: Floats
    stray_radius: Floats
    stray_turn: Floats
    target_x: Floats
    target_y: Floats
    other_x: Floats
    other_y: Floats


def draw_scenes(per_class: int, random: np.random.Generator) -> Scenes:
    """`per_class` scenes of every class, in random order."""
    labels = random.permutation(np.repeat(np.arange(len(CLASSES)), per_class))
    n, related = len(labels), labels >= len(PLAIN)
    radius = random.uniform(*RADIUS, n)
    # Some of a large shape may be cut by the border, never its middle.
    x, y = (random.uniform(0.75 * radius, SIZE - 0.75 * radius) for _ in "xy")
    turn, stray_turn = random.uniform(0, 2 * np.pi, (2, n))
    stray = (labels + random.integers(1, len(PLAIN), n)) % len(PLAIN)  # another one
    stray[related | (random.uniform(size=n) > STRAY_SHARE)] = -1
    stray_x, stray_y = random.uniform(0, SIZE, (2, n))
    pointer, first, second = np.zeros((3, n, 2))
    pointer[related], first[related], second[related] = _places(int(related.sum()), random)
    points = random.integers(0, 2, n).astype(bool)
    past = (labels - len(PLAIN)) % 2 == 1
    stands = points ^ past  # as fair a coin as `points`, whatever the class
    target = np.where(stands[:, None], first, second)  # (N, 2)
    other = np.where(stands[:, None], second, first)  # (N, 2)
    aim = np.where(points[:, None], first, second) - pointer
    return Scenes(
        labels=labels.astype(np.int64),
        x=np.where(related, pointer[:, 0], x),
        y=np.where(related, pointer[:, 1], y),
        radius=radius,
        turn=np.where(related, np.arctan2(aim[:, 1], aim[:, 0]), turn),
        stray=stray, stray_x=stray_x, stray_y=stray_y,
        stray_radius=random.uniform(*STRAY_RADIUS, n), stray_turn=stray_turn,
        target_x=target[:, 0], target_y=target[:, 1], other_x=other[:, 0], other_y=other[:, 1],
    )  # fmt: skip


def _places(n: int, random: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Pointer and two places, (N, 2) each, by rejection among all that keep the margins, REACH and ANGLE.

    Proposed with the pointer near the left border, then turned and mirrored: REACH leaves the pointer no
    other place than near some border.
    """
    edge, near, far = SIZE - TARGET_MARGIN, TARGET_MARGIN, POINTER_MARGIN + REACH[0]
    places = np.empty((0, 3, 2))  # (accepted, pointer and two places, xy)
    while len(places) < n:
        m = 8 * n
        pointer = random.uniform(POINTER_MARGIN, edge - REACH[0], (m, 2))
        along = random.integers(0, 2, m).astype(bool)  # along the left border, or in its upper corner
        pointer[along, 1] = random.uniform(POINTER_MARGIN, SIZE - POINTER_MARGIN, along.sum())
        across, side = random.uniform(far, edge, (m, 2)), random.uniform(near, edge, (m, 2))
        below = random.integers(0, 2, (m, 2)).astype(bool) & ~along[:, None]  # a place by the lower border
        two = np.stack([np.where(below, side, across), np.where(below, across, side)], axis=2)  # (M, 2, 2)
        offset = two - pointer[:, None]
        reach = np.abs(offset).max(axis=2)  # (M, 2)
        angle = np.degrees(np.arctan2(offset[:, :, 1], offset[:, :, 0]))
        between = np.abs((angle[:, 0] - angle[:, 1] + 180) % 360 - 180)
        good = (reach >= REACH[0]).all(axis=1) & (reach <= REACH[1]).all(axis=1)
        good &= (between >= ANGLE[0]) & (between <= ANGLE[1])
        places = np.concatenate([places, np.concatenate([pointer[:, None], two], axis=1)[good]])
    places = places[:n]
    flip = random.integers(0, 2, (n, 1, 2)).astype(bool)
    swap = random.integers(0, 2, (n, 1, 1)).astype(bool)
    places = np.where(flip, SIZE - places, places)
    places = np.where(swap, places[:, :, ::-1], places)
    return places[:, 0], places[:, 1], places[:, 2]
