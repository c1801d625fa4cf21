"""Pausing, resuming and continuing with a real worker: what is asked, what is kept, what is equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from handmade import recorded

from cifar7.data import library
from cifar7.network import module
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunError, RunFolder
from cifar7.runs.queue import claim_next, enqueue, resume_here, start_here, waiting
from cifar7.training.config import ConfigError, TrainConfig
from cifar7.training.events import Event, Notice


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
