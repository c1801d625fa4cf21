"""A stop wins over whatever else is asked of a run, by whomever, until it is resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from cifar7.data import library
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder
from cifar7.runs.queue import claim_next, start_here
from cifar7.training.events import Event


@pytest.fixture
def claim(tmp_path: Path) -> Claim:
    tiny.make_set(tmp_path / "data")
    return start_here(tmp_path / "runs", tiny.SPEC, tiny.config(), "tiny")


def elsewhere(claim: Claim) -> RunFolder:
    """The run as another browser has it."""
    return RunFolder.open(claim.run.path.parent, claim.run.id)


def carried_out(claim: Claim, tmp_path: Path, **how: Any) -> RunFolder:
    torch.set_num_threads(1)
    execute(claim, lambda name, progress: library.open_set(name, progress, tmp_path / "data"), **how)
    return claim.run


def test_a_pause_after_a_stop_does_not_take_its_place(claim: Claim, tmp_path: Path) -> None:
    claim.run.request_stop()
    elsewhere(claim).request_pause()
    assert claim.requested() == "stop"
    assert carried_out(claim, tmp_path).status()["state"] == "stopped"


def test_a_stop_takes_the_place_of_a_pause(claim: Claim) -> None:
    claim.run.request_pause()
    elsewhere(claim).request_stop()
    elsewhere(claim).request_pause()
    assert claim.requested() == "stop"
    claim.release()


def paused(claim: Claim, tmp_path: Path) -> RunFolder:
    """The run, paused after its first beat."""
    run = carried_out(
        claim,
        tmp_path,
        listen=lambda event: claim.run.request_pause() if event.kind == "beat" else None,
    )
    assert run.status()["state"] == "paused"
    return run


def test_what_waits_to_be_tested_as_it_is_is_not_paused_again(claim: Claim, tmp_path: Path) -> None:
    run = paused(claim, tmp_path)
    run.request_stop()
    elsewhere(claim).request_pause()
    assert (run.status()["state"], run.status()["then"]) == ("queued", "stop")
    taken = claim_next(tmp_path / "runs")
    assert taken is not None
    assert carried_out(taken, tmp_path).status()["state"] == "stopped"


def test_a_stop_that_comes_while_the_pause_is_being_carried_out(claim: Claim, tmp_path: Path) -> None:
    def pause_at_a_beat(event: Event) -> None:
        if event.kind == "beat":
            claim.run.request_pause()

    record = claim.record

    def record_and_stop(event: Event) -> None:
        record(event)
        if event.kind == "paused":  # the loop has left the run, and its folder says "running" still
            elsewhere(claim).request_stop()

    claim.record = record_and_stop  # type: ignore[method-assign]
    run = carried_out(claim, tmp_path, listen=pause_at_a_beat)
    assert (run.status()["state"], run.status()["then"]) == ("queued", "stop")
    assert claim.status["state"] == "queued"


def test_resumed_it_can_be_paused_again(claim: Claim, tmp_path: Path) -> None:
    claim.run.request_stop()
    run = carried_out(claim, tmp_path)
    run.request_resume()
    again = claim_next(tmp_path / "runs")
    assert again is not None
    assert again.requested() is None
    run.request_pause()
    assert again.requested() == "pause"
    again.release()
