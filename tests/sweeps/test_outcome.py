"""Trials and their runs: means, spread, state, and the accuracy over a group of classes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cifar7.data.scenes import CLASSES
from cifar7.sweeps.outcome import ALL_CLASSES, Judged, Repeat, Trial, judgements, score

RUN = Repeat(1, "run", "finished", 0.8, (1.0, 0.5, 0.25), None, 60.0, 4, False, True)
TRIAL = Trial(0, {"lr": 0.1}, 1000, 10_000, 29, 32, None, (RUN,))


def test_means_and_spread_are_over_the_complete_runs_alone():
    early = replace(RUN, seed=3, state="stopped", heldout=0.1, early=True, complete=False)
    trial = replace(TRIAL, repeats=(RUN, replace(RUN, seed=2, heldout=0.9, seconds=80.0, test=0.7), early))
    assert trial.heldout == pytest.approx(0.85)
    assert trial.spread == pytest.approx(0.1 / 2**0.5)  # two values: their difference over the root of two
    assert (trial.seconds, trial.test) == (70, 0.7)
    assert trial.early
    none = replace(TRIAL, repeats=(early,))
    assert (none.heldout, none.spread, none.seconds, none.test) == (None, None, None, None)
    assert TRIAL.spread is None


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ((), "queued"),
        (("finished", "finished"), "finished"),
        (("finished", "queued"), "queued"),
        (("failed", "running"), "running"),
        (("failed", "finished"), "failed"),
        (("stopped", "finished"), "stopped"),
        (("paused", "queued"), "paused"),
    ],
)
def test_the_state_of_a_trial_is_what_still_goes_on_then_what_ended_badly(states, state):
    assert replace(TRIAL, repeats=tuple(replace(RUN, state=each) for each in states)).state == state


def test_a_trial_with_an_obstacle_was_left_out():
    assert replace(TRIAL, repeats=(), obstacle="too many parameters").state == "left out"


def test_each_class_of_a_group_weighs_the_same():
    assert score(RUN, ALL_CLASSES) == 0.8
    assert score(RUN, Judged("two", (0, 2))) == (1.0 + 0.25) / 2
    assert score(RUN, Judged("more than there are", (3,))) is None
    assert score(replace(RUN, by_class=()), Judged("two", (0, 2))) is None
    assert score(replace(RUN, by_class=(float("nan"), 1, 1)), Judged("two", (0, 2))) is None
    assert score(replace(RUN, heldout=float("nan")), ALL_CLASSES) is None


def test_the_shapes_are_judged_on_their_relational_pairs_as_well():
    every, pairs = judgements("shapes")
    assert every == ALL_CLASSES
    assert pairs.title == "Relational pairs"
    assert [CLASSES[label] for label in pairs.classes] == [
        "arrow at dot", "arrow past dot", "eye at star", "eye past star",
    ]  # fmt: skip
    assert judgements("cifar10") == (ALL_CLASSES,)
