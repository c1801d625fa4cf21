"""Sweeps whose accuracies are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from cifar7.network.presets import preset
from cifar7.sweeps.axes import axis
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import Value
from cifar7.sweeps.outcome import Repeat, Trial
from cifar7.training.config import TrainConfig

STARTER = preset("starter")


def defined(*texts: str, **about: object) -> Definition:
    axes = tuple(axis(text, STARTER) for text in texts)
    return Definition(STARTER, TrainConfig(seed=1), "shapes", axes, **about)


def run(seed: int, accuracy: float, **about: object) -> Repeat:
    plain = {"run": f"run-{seed}", "state": "finished", "by_class": (), "test": None, "seconds": 60.0}
    rest = {"epochs": 4, "early": False, "complete": True}
    return Repeat(seed=seed, heldout=accuracy, **{**plain, **rest, **about})


def trial(number: int, values: Mapping[str, Value], runs: Iterable[Repeat], **about: object) -> Trial:
    """With a receptive field of 20 px and 16 px more for each step of a dilation, and kinds that cost."""
    field = 20 + 16 * sum(int(v) for name, v in values.items() if name.endswith("dilation"))
    cost = 1000 * (1 + sum(v == "standard" for v in values.values()))
    figures = {"parameters": cost, "macs": 100 * cost, "receptive_field": field}
    plain = {"receptive_field_total": field + 28, "fulfilled": None, **figures, **about}
    return Trial(number=number, values=values, repeats=tuple(runs), **plain)


def trials(
    all_values: Iterable[Mapping[str, Value]], accuracies: Sequence[Sequence[float]], **about: object
) -> list[Trial]:
    """Trials in their order with one accuracy for each seed, which count from 1."""
    return [
        trial(number, values, [run(seed, y) for seed, y in enumerate(row, start=1)], **about)
        for number, (values, row) in enumerate(zip(all_values, accuracies, strict=True))
    ]


def by_chance(
    all_values: Sequence[Mapping[str, Value]],
    random: np.random.Generator,
    effect: Callable[[Mapping[str, Value]], float] = lambda values: 0.0,
    seeds: int = 2,
    spread: float = 0.01,
) -> list[Trial]:
    """Trials at 70 % and what `effect` says, with a spread of runs, and of the seeds that all share."""
    base = 0.7 + np.array([effect(values) for values in all_values])[:, None]
    shared = random.normal(0, 2 * spread, (1, seeds))
    return trials(all_values, base + shared + random.normal(0, spread, (len(all_values), seeds)))
