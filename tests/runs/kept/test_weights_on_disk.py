"""The weights on disk: not at every epoch of a moment, and yet those that are said to be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import Tensor

from cifar7.data import library
from cifar7.runs import carry_out
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder, Status
from cifar7.runs.queue import start_here
from cifar7.runs.reasons import after_death
from cifar7.training.events import EpochEnd, Event
from cifar7.training.step.train_step import TrainStep

EPOCHS = 5  # of ten steps


class Disk:
    """What was written of a run, and the weights of its epochs."""

    def __init__(self) -> None:
        self.writes: Counter[str] = Counter()
        self.of_epoch: dict[int, dict[str, Tensor]] = {}


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, one_thread: None) -> Disk:
    """The second between two writes never passes."""
    made, save, take = Disk(), carry_out.save_tensors, carry_out._Weights.take

    def counted(path: Path, content: Any) -> None:
        made.writes[path.name] += 1
        save(path, content)

    def noted(self: Any, epoch: int, weights: dict[str, Tensor]) -> None:
        made.of_epoch[epoch] = {name: value.clone() for name, value in weights.items()}
        take(self, epoch, weights)

    monkeypatch.setattr(carry_out, "SAVING_SECONDS", 1e9)
    monkeypatch.setattr(carry_out, "save_tensors", counted)
    monkeypatch.setattr(carry_out._Weights, "take", noted)
    return made


def carried_out(
    folder: Path, listen: Callable[[Claim, Event], None] = lambda claim, event: None
) -> RunFolder:
    tiny.make_set(folder / "data")
    claim = start_here(folder / "runs", tiny.SPEC, tiny.config(epochs=EPOCHS), "tiny")

    def heard(event: Event) -> None:
        listen(claim, event)

    def opened(name: str, progress: Any) -> Any:
        return library.open_set(name, progress, folder / "data")

    execute(claim, opened, listen=heard)
    return claim.run


def assert_holds(run: RunFolder, weights: dict[str, Tensor]) -> None:
    path = run.weights_path()
    assert path is not None
    found = torch.load(path, weights_only=True)
    assert all(torch.equal(found[name], value) for name, value in weights.items())


def test_of_a_run_of_moments_the_first_and_the_last_are_written(tmp_path: Path, disk: Disk) -> None:
    run = carried_out(tmp_path)
    assert disk.writes == {"model.pt": 2, "checkpoint.pt": 1}
    best = (run.status()["result"] or {})["best_epoch"]
    assert_holds(run, disk.of_epoch[best])


def test_once_a_second_otherwise(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carry_out, "SAVING_SECONDS", 0.0)
    run = carried_out(tmp_path)
    assert disk.writes == {"model.pt": EPOCHS + 1, "checkpoint.pt": EPOCHS + 1}
    assert run.status()["kept"] == EPOCHS


@pytest.mark.parametrize("ask", ["pause", "end"])
def test_a_run_that_is_left_has_the_weights_of_its_last_whole_epoch(
    tmp_path: Path, disk: Disk, ask: str
) -> None:
    def after_three(claim: Claim, event: Event) -> None:
        if isinstance(event, EpochEnd) and event.epoch == 3:
            claim.run._request(ask)

    run = carried_out(tmp_path, after_three)
    status = run.status()
    assert status["state"] == ("paused" if ask == "pause" else "stopped")
    assert status["kept"] == 3
    assert_holds(run, disk.of_epoch[3])


def test_so_has_one_in_which_something_goes_wrong(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = TrainStep.take

    def fail_in_the_fourth(self: TrainStep, rows: Tensor, lr: float, number: int) -> str | None:
        if number == 34:  # counted from 0: the fourth epoch has learnt from four batches
            raise RuntimeError("odd")
        return step(self, rows, lr, number)

    monkeypatch.setattr(TrainStep, "take", fail_in_the_fourth)
    run = carried_out(tmp_path)
    status = run.status()
    assert status["state"] == "failed"
    assert "and the weights of epoch 3 are kept" in str(status["reason"])
    assert_holds(run, disk.of_epoch[3])


def test_what_is_said_after_a_death_is_what_lies_there(tmp_path: Path, disk: Disk) -> None:
    """The status as a process leaves it that is killed in its fourth epoch, and the weights then on disk."""
    left: list[tuple[Status, dict[str, Tensor]]] = []

    def at_three(claim: Claim, event: Event) -> None:
        if isinstance(event, EpochEnd) and event.epoch == 3:
            left.append((claim.run.status(), torch.load(claim.run.path / "model.pt", weights_only=True)))

    carried_out(tmp_path, at_three)
    ((status, weights),) = left
    assert all(torch.equal(weights[name], value) for name, value in disk.of_epoch[1].items())
    said = after_death(status, "training", True, "end", "was killed")["reason"]
    assert said.endswith("and the weights of epoch 1 are kept.")
