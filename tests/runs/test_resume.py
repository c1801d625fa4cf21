"""Pause, kill, stop and continue, with a real worker: the end is that of a run left alone, to the bit."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from place import LONG, Place

from cifar7.runs.folder import RunFolder, State
from cifar7.training.events import E, EpochEnd, Paused, Started

SOME = 40  # epochs: a second or so


def in_state(run: RunFolder, state: State) -> None:
    tiny.wait_for(lambda: run.status()["state"] == state, 60, f"{state} ({run.status()})")


def of_kind(run: RunFolder, event_class: type[E]) -> list[E]:
    return [event for event in run.events()[0] if isinstance(event, event_class)]


def resumed(place: Place, run: RunFolder, more_epochs: int = 0) -> RunFolder:
    run.request_resume(more_epochs)
    place.tick()
    return run


@pytest.fixture(scope="module")
def whole(place: Place) -> RunFolder:
    """A run of SOME epochs that nothing happened to."""
    run = place.train(epochs=SOME)
    tiny.ended(run)
    return run


ASIDE = ("seconds", "epochs")  # times, and how many epochs it was to have


def story_of_epochs(run: RunFolder) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in event.to_dict().items() if key not in ASIDE}
        for event in run.story()
        if isinstance(event, EpochEnd)
    ]


def assert_same(run: RunFolder, whole: RunFolder) -> None:
    """Curve, probabilities and weights, to the bit."""
    assert story_of_epochs(run) == story_of_epochs(whole)
    assert np.array_equal(run.predictions().probabilities, whole.predictions().probabilities)
    found, expected = (torch.load(r.path / "model.pt", weights_only=True) for r in (run, whole))
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_a_paused_run_is_resumed_to_the_same_end_and_others_are_trained_meanwhile(
    place: Place, whole: RunFolder
) -> None:
    run = place.train(epochs=SOME)
    place.under_way(run, 3)
    run.request_pause()
    in_state(run, "paused")
    paused = run.status()
    assert (paused["reason"], paused["ended"], paused["phase"]) == (None, None, None)
    assert run.checkpoint_path() is not None
    other = place.train(epochs=1)
    assert tiny.ended(other)["state"] == "finished"
    assert other.status()["pid"] == paused["pid"]
    time.sleep(0.2)
    assert run.status() == paused

    status = tiny.ended(resumed(place, run))
    assert status["state"] == "finished"
    assert status["started"] == paused["started"]
    assert_same(run, whole)
    result = status["result"] or {}
    assert result["steps"] == SOME * 10
    assert result["seconds"] < (status["ended"] or 0) - (status["started"] or 0) - 0.2
    _, left, again = (e for e in run.events()[0] if isinstance(e, (Started, Paused)))
    assert isinstance(left, Paused)
    assert isinstance(again, Started)
    assert again.from_step == left.step > 0
    assert left.seconds <= again.seconds < left.seconds + 1.0, "the pause was longer"
    kinds = [event.kind for event in run.events()[0] if event.kind != "beat"]
    assert (kinds.count("started"), kinds.count("paused"), kinds.count("epoch")) == (2, 1, SOME)


def test_after_kill_minus_9_it_goes_on_from_its_last_checkpoint(place: Place, whole: RunFolder) -> None:
    run = place.train(epochs=LONG)
    tiny.wait_for(lambda: run.checkpoint_path() is not None, 60, "a checkpoint")
    done = place.under_way(run)
    saved = torch.load(run.path / "checkpoint.pt", weights_only=True)
    os.kill(done, signal.SIGKILL)
    tiny.wait_for(lambda: place.tick() is not None, 60, "a new worker")  # and nothing else is done
    tiny.wait_for(lambda: len(of_kind(run, Started)) == 2, 60, "going on")
    started = of_kind(run, Started)[1]
    assert started.from_step >= saved["step"] > 0
    place.under_way(run, started.from_step // 10 + 2)
    run.request_stop()
    assert tiny.ended(run)["state"] == "stopped"
    epochs = [event.epoch for event in run.story() if isinstance(event, EpochEnd)]
    assert epochs == list(range(1, len(epochs) + 1))  # none twice, none missing


def test_a_stopped_run_is_resumed_to_the_same_end(place: Place, whole: RunFolder) -> None:
    run = place.train(epochs=SOME)
    place.under_way(run, 2)
    run.request_stop()
    assert tiny.ended(run)["state"] == "stopped"
    assert tiny.ended(resumed(place, run))["state"] == "finished"
    assert_same(run, whole)


def test_a_finished_run_is_continued_and_keeps_what_it_had_until_then(place: Place) -> None:
    longer = place.train(epochs=5, schedule="constant")
    run = place.train(epochs=2, schedule="constant")
    before = tiny.ended(run)["result"]
    assert tiny.ended(longer)["state"] == "finished"
    run.request_resume(3)
    assert run.config().epochs == 5
    assert (run.status()["state"], run.status()["result"]) == ("queued", before)
    place.tick()
    status = tiny.ended(run)
    assert (status["state"], (status["result"] or {})["epochs"]) == ("finished", 5)
    assert_same(run, longer)


def test_a_paused_run_that_is_stopped_is_tested_as_it_is(place: Place) -> None:
    run = place.train(epochs=LONG)
    place.under_way(run, 2)
    run.request_pause()
    in_state(run, "paused")
    step = torch.load(run.path / "checkpoint.pt", weights_only=True)["step"]
    run.request_stop()
    assert run.status()["state"] == "queued"
    place.tick()
    status = tiny.ended(run)
    assert status["state"] == "stopped"
    assert str(status["reason"]).startswith(f"Stopped as asked, after {step:,} steps")
    assert len(run.predictions()) == 30
