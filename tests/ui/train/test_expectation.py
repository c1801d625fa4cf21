"""What is said of time and memory before a training is begun."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cifar7.network.presets import preset
from cifar7.training.budget import Budget, Place, Plan
from cifar7.training.config import TrainConfig
from cifar7.ui.train.expectation import before_it, estimate

PLAN = Plan(preset("starter"), TrainConfig(batch_size=128), Place("cpu", 2), 50_000, 10_000)


def said(seconds, guided=False, plan=PLAN, memory=620_000_000):
    return estimate(plan, Budget(memory, seconds, guided))


def test_time_and_memory_stand_in_one_line():
    assert said(180, guided=True) == (
        "On the CPU, 2 cores, it takes about 3 min and 0.6 GB of memory, going by an earlier run."
    )


def test_what_is_not_known_is_not_said():
    # Twice as long or half as long, as nothing was trained here yet.
    assert said(240) == "On the CPU, 2 cores, it takes roughly 2 min to 8 min and 0.6 GB of memory."
    on_gpu = replace(PLAN, place=Place("cuda"))
    assert said(None, plan=on_gpu) == (
        "On the GPU it takes about 0.6 GB of memory; how long, the first run will tell."
    )


def test_of_small_batches_no_rule_is_known():
    small = replace(PLAN, config=TrainConfig(batch_size=4))
    assert "with batches as small as 4, expect minutes for every epoch" in said(60, plan=small)


def test_who_comes_first_is_said():
    assert [before_it(runs) for runs in (0, 1, 2)] == [
        "",
        " 1\u00a0run comes before it.",
        " 2\u00a0runs come before it.",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2, "5 s"), (44, "45 s"), (50, "1 min"), (3000, "50 min"), (7200, "2.0 h"), (760_000, "9 days")],
)
def test_an_estimate_is_round(seconds, words):
    assert f"about {words} and" in said(seconds, guided=True)
