"""Pause, resume, continue: a run that was left goes on as if it had not been."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import nn
from toys import config, make_set, network
from training.continued import RECIPES, STEPS, assert_same_end, at, ends, run, through_a_file

from cifar7.training import reporting, selection, state
from cifar7.training.engine import Training
from cifar7.training.errors import TrainingError
from cifar7.training.schedule import lr_at

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def uninterrupted(data):
    """The events of a run with this recipe that nothing happens to: trained once, compared with several."""
    return cache(lambda recipe: run(recipe, data)[1])


@pytest.mark.parametrize("settings", RECIPES, ids=str)
def test_a_resumed_run_is_the_uninterrupted_one_to_the_bit(settings, data, uninterrupted, tmp_path):
    recipe = config(**settings)
    whole = uninterrupted(recipe)
    first, events = run(recipe, data, control=at(4))
    assert events[-1].kind == "paused"
    second, more = run(recipe, data, control=at(8), resume=through_a_file(first, tmp_path))
    assert more[-1].step == 12  # 4 and 8, in the second epoch
    torch.randn(7)  # what is drawn elsewhere must not matter
    _, rest = run(recipe, data, resume=through_a_file(second, tmp_path))
    assert ends(events + more + rest) == ends(whole)
    assert_same_end(rest[-1], whole[-1])


@pytest.mark.parametrize("batch", [0, 1, 8, 9, 10, 17])
def test_wherever_it_is_paused(batch, data, uninterrupted, tmp_path):
    recipe = config(crop_padding=2)
    whole = uninterrupted(recipe)
    first, events = run(recipe, data, control=at(batch))
    paused = events[-1]
    assert (paused.kind, paused.step, paused.epoch) == ("paused", batch, batch // 9 + 1)
    _, rest = run(recipe, data, resume=through_a_file(first, tmp_path))
    assert rest[0].from_step == batch
    assert [event.step for event in rest if event.kind == "beat"] == list(range(batch + 1, STEPS + 1))
    assert ends(events + rest) == ends(whole)
    assert_same_end(rest[-1], whole[-1])


def test_the_first_beat_after_a_pause_is_of_the_batches_since_the_last_one(data, uninterrupted, tmp_path):
    whole = uninterrupted(config())
    first, _ = run(config(), data, control=at(4))
    _, rest = run(config(), data, resume=through_a_file(first, tmp_path))
    fifth, sixth = [event for event in rest if event.kind == "beat"][:2]
    beats = [event for event in whole if event.kind == "beat"]
    assert [(fifth.loss, fifth.accuracy), (sixth.loss, sixth.accuracy)] == [
        (beat.loss, beat.accuracy) for beat in beats[4:6]
    ]


def test_from_the_end_of_an_epoch_as_after_the_death_of_its_process(data, uninterrupted, tmp_path):
    recipe = config()
    whole = uninterrupted(recipe)
    dying = Training(network(), data, recipe, beat_seconds=0.0)
    for event in dying.events():
        if event.kind == "epoch":
            saved = through_a_file(dying, tmp_path)
            break
    _, rest = run(recipe, data, resume=saved)
    assert (rest[0].from_step, rest[1].step) == (9, 10)
    assert ends(rest) == ends(whole)[1:]
    assert_same_end(rest[-1], whole[-1])


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(data, uninterrupted, tmp_path):
    recipe = config()
    whole = uninterrupted(recipe)
    first, events = run(recipe, data, control=at(12, "stop"))
    assert events[-1].state == "stopped"
    _, rest = run(recipe, data, resume=through_a_file(first, tmp_path))
    assert ends(rest) == ends(whole)[1:]
    assert_same_end(rest[-1], whole[-1])


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "constant"},
        {"schedule": "step", "step_epochs": 2},
        {"schedule": "constant", "averaging": 0.8},
    ],
    ids=str,
)
def test_a_finished_run_that_is_continued_is_the_longer_run_where_the_schedule_does_not_look_ahead(
    settings, data, uninterrupted, tmp_path
):
    recipe = config(**settings)
    whole = uninterrupted(replace(recipe, epochs=4))
    first, _ = run(recipe, data)
    _, rest = run(replace(recipe, epochs=4), data, resume=through_a_file(first, tmp_path))
    assert ends(rest) == ends(whole)[2:]
    assert_same_end(rest[-1], whole[-1])


def test_a_schedule_that_looks_ahead_is_the_longer_run_s_from_there_on(data, tmp_path):
    recipe = config()
    first, _ = run(recipe, data)
    longer = replace(recipe, epochs=4)
    _, rest = run(longer, data, resume=through_a_file(first, tmp_path))
    rates = [event.lr for event in rest if event.kind == "beat"]
    assert rates == [lr_at(step, 36, longer) for step in range(18, 36)]


def test_the_best_epoch_of_before_stays_the_best(tmp_path):
    # Learning much too fast at the end of the run spoils what the first epochs had.
    recipe, images = config(epochs=6, lr=3.0, warmup=1.0, precision="fp32"), make_set(noise=230)
    _, whole = run(recipe, images)
    best = whole[-1].best_epoch
    assert best < 6
    first, _ = run(recipe, images, control=at(9 * 5 + 3))
    _, rest = run(recipe, images, resume=through_a_file(first, tmp_path))
    assert rest[-1].best_epoch == best
    assert_same_end(rest[-1], whole[-1])


def test_a_finished_run_goes_on_from_its_last_weights_and_not_from_the_kept_ones(tmp_path):
    recipe, images = config(epochs=6, lr=3.0, warmup=1.0, precision="fp32"), make_set(noise=230)
    training, events = run(recipe, images)
    last = Training(network(), images, recipe)
    for event in last.events():
        if event.kind == "epoch" and event.epoch == 6:
            expected = {name: value.clone() for name, value in last.weights().items()}
            break
    saved = through_a_file(training, tmp_path)
    assert all(torch.equal(saved["module"][name], value) for name, value in expected.items())
    assert not torch.equal(saved["module"]["0.weight"], events[-1].weights["0.weight"])


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        for module in (state, selection, reporting):
            monkeypatch.setattr(module, "perf_counter", lambda: self.now)

    def second_a_batch(self, batches):
        """A control that pauses after so many batches, each of which takes a second."""
        left = iter(range(batches))

        def control():
            if next(left, None) is None:
                return "pause"
            self.now += 1.0
            return None

        return control


def test_a_minute_s_pause_costs_no_second_and_no_step(data, tmp_path, monkeypatch):
    clock = Clock(monkeypatch)
    _, whole = run(config(), data, control=clock.second_a_batch(STEPS))
    assert (whole[-1].seconds, whole[-1].seconds_training) == (STEPS, STEPS)

    first, events = run(config(), data, control=clock.second_a_batch(4))
    assert (events[-1].kind, events[-1].step, events[-1].seconds) == ("paused", 4, 4.0)
    saved = through_a_file(first, tmp_path)
    clock.now += 60.0
    second, rest = run(config(), data, control=clock.second_a_batch(STEPS - 4), resume=saved)
    assert (rest[0].from_step, rest[0].seconds) == (4, 4.0)
    beats = [event for event in events + rest if event.kind == "beat"]
    assert [(beat.step, beat.seconds) for beat in beats] == [(step, step) for step in range(1, STEPS + 1)]
    assert [event.to_dict() for event in rest[-1:]] == [whole[-1].to_dict()], "times and speed included"
    assert second.state.throughput.training_images == STEPS * 32
    assert_same_end(rest[-1], whole[-1])


def test_no_number_any_more_is_seen_at_a_pause(data):
    class Poisoned(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network()

        def forward(self, x):
            return self.inner(x) * torch.nan

    training = Training(Poisoned(), data, config(), control=at(3), beat_seconds=1000.0)
    events = training.events()
    with pytest.raises(TrainingError, match="step 1 of 18"):
        list(events)
