"""Pausing, resuming and continuing with a real worker: what is asked, what is kept, what is equal."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from handmade import recorded
from place import LONG, Place

from cifar7.data import library
from cifar7.network import module
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunError, RunFolder, State
from cifar7.runs.queue import claim_next, enqueue, resume_here, start_here, waiting
from cifar7.training.config import ConfigError, TrainConfig
from cifar7.training.events import E, EpochEnd, Event, Notice, Paused, Started

SOME = 60  # epochs: a second or two


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
    time.sleep(1.0)
    assert run.status() == paused

    status = tiny.ended(resumed(place, run))
    assert status["state"] == "finished"
    assert status["started"] == paused["started"]
    assert_same(run, whole)
    result = status["result"] or {}
    assert result["steps"] == SOME * 10
    assert result["seconds"] < (status["ended"] or 0) - (status["started"] or 0) - 1.0
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
    tiny.wait_for(lambda: run.reconcile()["state"] == "failed")
    assert "Resume it to go on from its last checkpoint." in str(run.status()["reason"])

    resumed(place, run)
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


def laid(folder: Path, **settings: Any) -> RunFolder:
    return enqueue(folder, tiny.SPEC, tiny.config(**settings), "tiny")


def test_a_waiting_run_is_paused_and_resumed_in_its_place(tmp_path: Path) -> None:
    first, second = laid(tmp_path), laid(tmp_path)
    first.request_pause()
    assert (first.status()["state"], waiting(tmp_path)) == ("paused", [second])
    first.request_resume()
    assert waiting(tmp_path) == [first, second]


def test_a_paused_run_that_never_began_is_stopped_at_once(tmp_path: Path) -> None:
    run = laid(tmp_path)
    run.request_pause()
    run.request_stop()
    assert (run.status()["state"], run.status()["reason"]) == ("stopped", "Stopped before it began.")


def test_what_cannot_be_resumed_is_refused(tmp_path: Path) -> None:
    run = laid(tmp_path)
    with pytest.raises(RunError, match="waits for its turn already"):
        run.request_resume()
    run.request_pause()
    with pytest.raises(RunError, match="-1 more epochs cannot be"):
        run.request_resume(-1)
    with pytest.raises(ConfigError, match="epochs is 1001"):
        run.request_resume(999)
    assert run.config().epochs == 2

    ended = start_here(tmp_path, tiny.SPEC, tiny.config(), "tiny")
    with pytest.raises(RunError, match="is being trained already"):
        ended.run.request_resume()
    ended.end("finished", None, {"test_accuracy": 0.5})
    ended.release()
    with pytest.raises(RunError, match=r"is finished; say how many more epochs"):
        ended.run.request_resume()
    with pytest.raises(RunError, match="no checkpoint to go on from"):
        ended.run.request_resume(2)


def test_what_was_recorded_beyond_the_point_of_return_is_not_told(tmp_path: Path) -> None:
    claim = start_here(tmp_path, tiny.SPEC, tiny.config(), "tiny")
    for event in (
        {"event": "started", "from_step": 0},
        {"event": "epoch", "step": 10, "epoch": 1},
        {"event": "epoch", "step": 20, "epoch": 2},
        {"event": "started", "from_step": 10},
        {"event": "epoch", "step": 20, "epoch": 2, "best": True},
    ):
        claim.record(recorded(event))
    assert [(e.kind, getattr(e, "step", None), getattr(e, "best", None)) for e in claim.run.story()] == [
        ("started", None, None),
        ("epoch", 10, False),
        ("started", None, None),
        ("epoch", 20, True),
    ]
    claim.record(recorded({"event": "started", "from_step": 0}))
    assert [e.kind for e in claim.run.story()] == ["started"]


def carried_out(claim: Claim, data: Path, **how: Any) -> RunFolder:
    torch.set_num_threads(1)
    execute(claim, lambda name, progress: library.open_set(name, progress, data), **how)
    return claim.run


def poison(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """In every network that is built from now on, the training batch of that number comes to nothing."""
    build = module.build

    def poisoned(*given: Any, **more: Any) -> torch.nn.Module:
        made, batches = build(*given, **more), iter(range(1, 1000))
        made.register_forward_hook(
            lambda m, x, logits: logits * torch.nan if m.training and next(batches) == batch else None
        )
        return made

    monkeypatch.setattr(module, "build", poisoned)


def test_a_loss_that_is_not_finite_says_when_why_and_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.make_set(tmp_path / "data")
    poison(monkeypatch, batch=14)  # the fourth of the second epoch
    config = tiny.config(schedule="constant", lr=0.08)
    run = carried_out(start_here(tmp_path / "runs", tiny.SPEC, config, "tiny"), tmp_path / "data")
    status = run.status()
    assert status["state"] == "failed"
    reason = str(status["reason"])
    assert reason.startswith(
        "The loss stopped being a finite number at step 14 of 20, where the learning rate "
    )
    assert "was 0.08; lower the peak learning rate from 0.08 to 0.02, say." in reason
    assert reason.endswith("and the weights of epoch 1 are kept.")
    path = run.weights_path()
    assert path is not None
    assert all(value.isfinite().all() for value in torch.load(path, weights_only=True).values())


def test_what_was_met_and_dealt_with_stays_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.make_set(tmp_path / "data")
    build = module.build

    def hungry(*given: Any, **more: Any) -> torch.nn.Module:
        def too_many(m: torch.nn.Module, x: Any, logits: torch.Tensor) -> None:
            if m.training and len(logits) > 8:
                raise torch.OutOfMemoryError("CUDA out of memory.")

        made = build(*given, **more)
        made.register_forward_hook(too_many)
        return made

    monkeypatch.setattr(module, "build", hungry)
    events: list[Event] = []
    claim = start_here(tmp_path / "runs", tiny.SPEC, tiny.config(), "tiny")
    run = carried_out(claim, tmp_path / "data", listen=events.append)
    (words,) = run.status()["notices"]
    assert "not enough for 16 images at once, so each step now takes them in 2 parts of 8" in words
    assert [event.words for event in events if isinstance(event, Notice)] == [words]
    assert run.status()["state"] == "finished"


def test_no_memory_even_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*given: Any, **more: Any) -> torch.nn.Module:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(module, "build", build)
    tiny.make_set(tmp_path / "data")
    run = carried_out(start_here(tmp_path / "runs", tiny.SPEC, tiny.config(), "tiny"), tmp_path / "data")
    assert str(run.status()["reason"]).startswith(
        "The memory is not enough even to begin; nothing had been trained yet. Close what else uses it"
    )


@pytest.mark.parametrize("batch", [1, 14], ids=["at once", "after an epoch"])
def test_a_second_failure_leaves_the_first_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    tiny.make_set(tmp_path / "data")
    run = carried_out(start_here(tmp_path / "runs", tiny.SPEC, tiny.config(), "tiny"), tmp_path / "data")
    before, weights = run.status()["result"], (run.path / "model.pt").read_bytes()
    assert before is not None
    poison(monkeypatch, batch)
    carried_out(resume_here(run, 2), tmp_path / "data")
    status = run.status()
    assert (status["state"], status["result"]) == ("failed", before)
    assert "What it had come to before it went on is kept, with its figures." in str(status["reason"])
    assert (run.path / "model.pt").read_bytes() == weights


def test_who_is_only_to_be_tested_is_not_stopped_while_the_images_are_prepared(tmp_path: Path) -> None:
    tiny.make_set(tmp_path / "data")
    images = library.open_set("tiny", data_dir=tmp_path / "data")
    claim = start_here(tmp_path / "runs", tiny.SPEC, tiny.config(), "tiny")
    run = claim.run
    execute(
        claim,
        lambda *_: images,
        listen=lambda event: run.request_pause() if event.kind == "beat" else None,
    )
    assert run.status()["state"] == "paused"
    run.request_stop()

    def slowly(name: str, progress: Any) -> Any:
        progress("reading", 1, 2)
        return images

    claimed = claim_next(tmp_path / "runs")
    assert claimed is not None
    execute(claimed, slowly)
    assert run.status()["state"] == "stopped"
    assert run.status()["result"] is not None


def test_a_damaged_checkpoint_is_said_to_be(tmp_path: Path) -> None:
    run = laid(tmp_path / "runs")
    run.request_pause()
    (run.path / "checkpoint.pt").write_bytes(b"nothing")
    tiny.make_set(tmp_path / "data")
    carried_out(resume_here(run), tmp_path / "data")
    assert run.status()["state"] == "failed"
    assert "checkpoint.pt is damaged; train the design again" in str(run.status()["reason"])


def test_a_pause_while_the_images_are_prepared(tmp_path: Path) -> None:
    tiny.make_set(tmp_path / "data")
    claim = start_here(tmp_path / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.run.request_pause()
    execute(claim, lambda name, progress: progress("reading", 1, 2))
    assert claim.run.status()["state"] == "paused"
    assert claim.run.checkpoint_path() is None
    run = carried_out(resume_here(claim.run), tmp_path / "data")
    assert run.status()["state"] == "finished"


def test_settings_on_record_are_those_of_the_longer_run(tmp_path: Path) -> None:
    run = laid(tmp_path, seed=5)
    run.request_pause()
    run.request_resume(3)
    assert run.config() == TrainConfig.from_dict({**tiny.config(seed=5).to_dict(), "epochs": 5})
    assert run.data_name() == "tiny"
