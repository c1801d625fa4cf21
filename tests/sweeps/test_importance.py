"""Importances by optuna, and the front over each price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sweeps.made import by_chance, defined, trials

from cifar7.sweeps.importance import front, importances
from cifar7.sweeps.knobs import SweepError


def test_the_axis_that_decides_is_the_most_important():
    sweep = defined("c3.dilation=1,2,3", "lr=log:0.01:1", "c1.channels=16:64", sampler="random", trials=60)
    random = np.random.default_rng(1)
    values = [
        {"c3.dilation": int(d), "lr": float(lr), "c1.channels": int(c)}
        for d, lr, c in zip(
            random.integers(1, 4, 60), 10 ** random.uniform(-2, 0, 60), random.integers(16, 65, 60)
        )
    ]
    made = by_chance(values, random, lambda v: 0.1 * (v["c3.dilation"] == 2))
    found = importances(sweep, made)
    assert next(iter(found)) == "c3.dilation"
    assert sum(found.values()) == pytest.approx(1)
    assert set(found) == {"c3.dilation", "lr", "c1.channels"}
    assert importances(sweep, made) == found
    assert importances(sweep, made[:4]) == {}


def test_the_front_holds_what_no_other_beats_in_accuracy_and_price():
    sweep = defined("c3.dilation=1,2,3,4", seeds=2)
    made = trials(sweep.grid(), [[0.7, 0.8], [0.8, 0.9], [0.7, 0.7], [0.9, 0.9]])
    costs = (100, 300, 200, 400)
    made = [replace(t, parameters=cost, macs=1000 - cost) for t, cost in zip(made, costs)]
    assert front(made) == [0, 1, 3]
    assert front(made, "macs") == [3]
    made[3] = replace(made[3], obstacle="too many")
    assert front(made) == [0, 1]
    with pytest.raises(SweepError, match="parameters, macs, seconds"):
        front(made, "gpu")
