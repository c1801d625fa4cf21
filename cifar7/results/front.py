"""Small against accurate: which networks no other one beats in both, and figures that others published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """A network of the literature: its parameters, and the test accuracy (0..1) that its authors report."""

    name: str
    parameters: int
    accuracy: float


# He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, table 6: CIFAR-10 test
# error 8.75 % with 0.27 M parameters and 6.97 % with 0.85 M. Their protocol: 64,000 steps of 128 images,
# shifted by up to 4 pixels and mirrored (section 4.2).
RESNETS = (Published("ResNet-20", 270_000, 0.9125), Published("ResNet-56", 850_000, 0.9303))
SOURCE = "He et al. 2016, table 6"


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """The places of the Pareto front among `points` of (parameters, accuracy), from small to large.

    Another price may stand for the parameters. A point is on it if no other has at most as many of them and
    at least the accuracy, and is better in one of the two. Of several equal ones the first stands for all.
    """
    found: list[int] = []
    for at in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i)):
        if not found or points[at][1] > points[found[-1]][1]:
            found.append(at)
    return found
