"""Random networks that can be built, for properties that must hold of all of them.

They are drawn from a `Random` whose seed Hypothesis gives: when it draws every number itself, that takes ten
times as long. With CIFAR7_SHRINK=1 it does, and makes a failing network smaller.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from cifar7.network.problems import problems
from cifar7.network.spec import ACTIVATIONS, CLASSIFIERS, NORMS, ORDERS, Head, NetSpec, Stage, Unit

Made = TypeVar("Made")

SEEDS = st.integers(0, 2**64 - 1)
EACH_NUMBER = st.randoms(use_true_random=False)
EITHER = (False, True)


def randomly(make: Callable[[Random], Made]) -> st.SearchStrategy[Made]:
    """What `make` makes of chance. For two of them make a pair: two seeds are often the same one."""
    if os.environ.get("CIFAR7_SHRINK"):
        return EACH_NUMBER.map(make)
    return SEEDS.map(lambda seed: make(Random(seed)))


@cache
def groups_of(channels: int, width: int) -> list[int]:
    return [g for g in range(1, 13) if channels % g == 0 and width % g == 0]


def random_unit(chance: Random, channels: int) -> Unit:
    kind = chance.choice(["standard", "standard", "grouped", "separable"])
    width = chance.choice([2, 4, 6, 8, 12])
    groups = chance.choice(groups_of(channels, width)) if kind == "grouped" else 1
    kernel, dilation = chance.randint(1, 7), chance.randint(1, 4)
    kept = chance.choice(EITHER) and dilation * (kernel - 1) % 2 == 0
    return Unit(
        channels=width,
        kernel=kernel,
        kind=kind,
        groups=groups,
        stride=chance.choice([1, 1, 1, 1, 2, 3]),
        dilation=dilation,
        padding=None if kept else chance.randint(0, 6),
        norm=chance.choice(EITHER),
        activation=chance.choice(EITHER),
        dropout=chance.choice([0.0, 0.15]),
        between=chance.choice(EITHER),
        dropout_after=chance.choice(["unit", "depthwise"]),
        pointwise_padding=chance.choice([0, 0, 0, 1]),
    )


def connected(chance: Random, row: list[Unit], channels: int) -> list[Unit]:
    """Units with residual connections around some of them, changed so that both maps fit."""
    inputs = [channels, *(unit.channels for unit in row)]
    out, at = [], 0
    while at < len(row):
        around = chance.choice([0, 0, 1, 2, 3])
        if not 0 < around <= len(row) - at:
            out.append(row[at])
            at += 1
            continue
        inner = [_keeping(unit) for unit in row[at : at + around]]
        last = replace(inner[-1], channels=inputs[at], residual=around)
        if last.kind == "grouped":
            last = replace(last, kind="standard", groups=1)
        out += [*inner[:-1], last]
        # What follows has other channels to take: no groups that may no longer divide them.
        at += around
        if at < len(row) and row[at].kind == "grouped":
            row[at] = replace(row[at], kind="standard", groups=1)
        inputs[at] = last.channels
    return out


def _keeping(unit: Unit) -> Unit:
    """The unit with its map kept, an even kernel by a second padding behind it where that can be."""
    span = unit.dilation * (unit.kernel - 1)
    if unit.kind == "separable" and unit.pointwise_padding and span >= 2 and span % 2 == 0:
        return replace(unit, stride=1, padding=span // 2 - 1)
    kernel = unit.kernel if span % 2 == 0 else unit.kernel + 1
    return replace(unit, stride=1, padding=None, kernel=kernel, pointwise_padding=0)


def random_spec(chance: Random) -> NetSpec:
    """Up to twelve units, two to four pools, kernels 1 to 7, dilations 1 to 4, strides, uneven maps."""
    channels, stages = 3, []
    pools = [2, 2, chance.choice([2, 3, None]), chance.choice([2, None])]
    chance.shuffle(pools)
    for pool in pools:
        row, entering = [], channels
        for _ in range(chance.randint(0, 3)):
            row.append(random_unit(chance, channels))
            channels = row[-1].channels
        row = connected(chance, row, entering)
        channels = row[-1].channels if row else entering
        stages.append(Stage(tuple(row), pool))
    classifier, classes = chance.choice(CLASSIFIERS), chance.choice([2, 5, 10])
    last = (Unit(classes, kernel=1, norm=False, activation=False),) if classifier == "none" else ()
    return NetSpec(
        name="random",
        stages=tuple(stages),
        output=Head(last, classifier=classifier),
        activation=chance.choice(ACTIVATIONS),
        norm=chance.choice(NORMS),
        order=chance.choice(ORDERS),
        bias=chance.choice(EITHER),
        classes=classes,
        image_size=chance.choice([27, 32, 33, 48]),
    )


def specs() -> st.SearchStrategy[NetSpec]:
    return randomly(random_spec)


def buildable(spec: NetSpec) -> bool:
    return not problems(spec)
