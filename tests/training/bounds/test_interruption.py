"""A run is stopped or paused within a step and within an evaluation, and is as if that had not begun."""

from __future__ import annotations

from itertools import count
from math import inf

import pytest
import torch
from toys import config, make_set, network
from training.continued import assert_same_end, at, ends, run, through_a_file

from cifar7.training.engine import Training
from cifar7.training.interruption import Interrupted, Watch
from cifar7.training.lr_finder import range_test

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = {"crop_padding": 2, "flip": "random", "averaging": 0.5}  # dropout and a norm are in the network


@pytest.fixture(scope="module")
def data():
    return make_set()


@pytest.fixture(scope="module")
def whole(data):
    return run(config(**RECIPE), data)[1]


def questions(data, **how):
    """How often a whole run asks when it asks as often as it can."""
    asked = count()
    run(config(**RECIPE), data, control=lambda: next(asked) * 0 or None, ask_seconds=0.0, **how)
    return next(asked)


def test_wherever_it_is_paused_it_goes_on_as_if_it_had_not_been(data, whole, tmp_path):
    asked = questions(data)
    # Two epochs of nine steps of six layers each, forward and backward, and evaluations between.
    assert asked > 2 * 9 * 10
    left = set()
    for question in [*range(0, 14, 3), *range(14, asked, asked // 7), asked - 1]:
        first, events = run(config(**RECIPE), data, control=at(question), ask_seconds=0.0)
        left.add(events[-1].step)
        assert events[-1].kind == "paused"
        _, rest = run(config(**RECIPE), data, resume=through_a_file(first, tmp_path))
        assert ends(events + rest) == ends(whole), question
        assert_same_end(rest[-1], whole[-1])
    assert {0, 9, 18} <= left, "before the first step, in an epoch's evaluation, in the last test"


def test_a_stop_in_the_last_test_leaves_the_last_epoch(data, whole, tmp_path):
    training, events = run(config(**RECIPE), data, control=at(questions(data) - 1, "stop"), ask_seconds=0.0)
    assert [event.kind for event in events[-2:]] == ["epoch", "left"]
    assert (events[-1].epoch, events[-1].epochs, events[-1].step) == (2, 2, 18)
    # It can still be tested: the test is all that is left to do.
    _, rest = run(config(**RECIPE), data, resume=through_a_file(training, tmp_path))
    assert [event.kind for event in rest] == ["started", "finished"]
    assert_same_end(rest[-1], whole[-1])


def test_a_stop_tests_what_there_is_if_there_is_time(data):
    assert run(config(), data, control=at(12, "stop"))[1][-1].kind == "finished"
    last = run(config(), data, control=at(12, "stop"), test_seconds=0.0)[1][-1]
    assert (last.kind, last.epoch, last.step) == ("left", 1, 12)
    # What waits only to be tested has all the time that it takes.
    assert run(config(), data, control=at(12, "test"), test_seconds=0.0)[1][-1].kind == "finished"


def test_at_once_nothing_is_tested(data):
    last = run(config(), data, control=at(12, "end"))[1][-1]
    assert (last.kind, last.step) == ("left", 12)


def test_where_each_epoch_is_tested_the_last_one_s_test_is_there_already(data):
    last = run(config(protocol="test-each-epoch"), data, control=at(12, "end"))[1][-1]
    assert (last.kind, last.best_epoch, last.steps) == ("finished", 1, 12)


def test_no_hook_is_left_behind(data):
    module = network()
    training = Training(module, data, config(), control=at(3), ask_seconds=0.0)
    list(training.events())
    assert not any(layer._forward_hooks for layer in module.modules())


def test_between_two_questions_some_time_passes(monkeypatch):
    now, asked = [100.0], []
    monkeypatch.setattr("cifar7.training.interruption.perf_counter", lambda: now[0])
    watch = Watch(lambda: asked.append(now[0]), 0.1, torch.device("cpu"))
    for _ in range(11):
        watch.check()
        now[0] += 0.04
    assert asked == pytest.approx([100.12, 100.24, 100.36])
    watch.allow(1.0)
    watch.check()
    now[0] += 1.0
    with pytest.raises(Interrupted) as interrupted:
        watch.check()
    assert interrupted.value.request == "end"


def test_another_answer_is_a_mistake():
    with pytest.raises(ValueError, match="control returns None or one of stop, pause, test, end, not 'halt'"):
        Watch(lambda: "halt", inf, torch.device("cpu")).ask()


def test_a_test_of_the_learning_rate_is_stopped_within_a_step(data):
    asked = count()
    points = list(
        range_test(
            network(), data, config(), steps=20, control=lambda: "stop" if next(asked) > 30 else None,
            ask_seconds=0.0,
        )
    )  # fmt: skip
    assert 0 < len(points) < 20
