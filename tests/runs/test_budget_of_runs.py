"""What takes more than there is, or than the limits, is refused where it is queued and before it begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny

from cifar7 import machine
from cifar7.data import library
from cifar7.network.presets import preset
from cifar7.network.spec import NetSpec, Stage, Unit
from cifar7.runs.execute import execute
from cifar7.runs.expected import available, place
from cifar7.runs.folder import list_runs
from cifar7.runs.limits import Limits
from cifar7.runs.people import Person
from cifar7.runs.queue import enqueue, start_here
from cifar7.training import devices
from cifar7.training.budget import BudgetError, Place
from cifar7.training.config import TrainConfig

WIDE = NetSpec("wide", (Stage((Unit(200),) * 12), Stage(), Stage(), Stage()))  # 4.06e9 MACs
ADA = Person("ada")


@pytest.fixture
def of_class(limit: Callable[..., None], empty_home: Path) -> Path:
    limit(**Limits.of_class().to_dict())
    return empty_home / "runs"


def refusal(runs: Path, spec: NetSpec, **settings: object) -> str:
    with pytest.raises(BudgetError) as refused:
        enqueue(runs, spec, TrainConfig(device="cpu", **settings), "cifar10", by=ADA)  # type: ignore[arg-type]
    assert list_runs(runs) == [], "nothing is queued"
    return str(refused.value)


def test_a_batch_of_16384_in_a_class(of_class: Path) -> None:
    said = refusal(of_class, preset("starter"), batch_size=16_384)
    assert "it would take about 15 GB of memory, and 4.0 GB are the limit here" in said
    assert "take a batch size of 3,072 or less" in said


def test_a_batch_of_16384_on_a_machine_of_8_gb(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda ours: 8_000_000_000)
    said = refusal(empty_home, preset("starter"), batch_size=16_384)
    assert "15 GB of memory, and 8.0 GB are free here; take a batch size of 6,144 or less" in said


def test_a_network_that_takes_hours_in_a_class(
    limit: Callable[..., None], empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    limit(**{**Limits.of_class().to_dict(), "parameters": 10_000_000})  # it has 4 million
    said = refusal(empty_home / "runs", WIDE, epochs=40)
    assert "it would take at least" in said
    assert "30 min are the limit here; train for 1 epoch at most, or give it fewer channels" in said


def test_the_teacher_is_held_by_the_machine_alone(
    limit: Callable[..., None], empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    limit(**{**Limits.of_class().to_dict(), "parameters": 10_000_000})
    teacher = Person("t", teacher=True)
    assert enqueue(empty_home, WIDE, TrainConfig(epochs=40, device="cpu"), "cifar10", by=teacher)
    with pytest.raises(BudgetError, match="are the limit here"):
        enqueue(
            empty_home, preset("starter"), TrainConfig(batch_size=16_384, device="cpu"), "cifar10", by=teacher
        )
    with pytest.raises(BudgetError, match="are the limit here"):
        start_here(empty_home, preset("starter"), TrainConfig(batch_size=16_384, device="cpu"), "cifar10")


def test_of_a_test_of_the_learning_rate_the_time_does_not_matter(
    limit: Callable[..., None], empty_home: Path
) -> None:
    limit(minutes=0.001)
    assert enqueue(empty_home, WIDE, TrainConfig(device="cpu"), "cifar10", "lr-test", ADA)


def test_what_is_free_counts_just_before_the_run_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, of which only the worker knows what is free."""
    tiny.make_set(tmp_path / "data")
    images = library.open_set("tiny", data_dir=tmp_path / "data")
    monkeypatch.setattr(devices, "free_memory", lambda device: 400_000_000)
    monkeypatch.setattr(devices, "place", lambda device: Place("cuda"))
    claim = start_here(tmp_path, preset("starter").with_classes(3), tiny.config(batch_size=160), "tiny")
    status = execute(claim, lambda *_: images)
    assert status["state"] == "failed"
    assert "GB of memory, and 0.4 GB are free here; " in str(status["reason"])


def test_on_an_accelerator_its_memory_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "accelerators", lambda: (machine.Accelerator("GPU", 8 << 30),))
    assert place(tmp_path, "auto").kind == place(tmp_path, "cuda:1").kind == "cuda"
    assert place(tmp_path, "cpu").kind == "cpu"
    assert available(tmp_path, "cuda") == 8 << 30


def test_what_a_worker_holds_is_free_for_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "workers").mkdir()
    without = available(tmp_path, "cpu")
    if not without or not machine.resident(os.getpid()):
        pytest.skip("the system does not say what is free")
    (tmp_path / "workers" / "cpu.pid").write_text(f"{os.getpid()}\n")
    own = machine.resident(os.getpid())
    assert own > 50_000_000
    with_it = available(tmp_path, "cpu")
    assert with_it is not None
    assert with_it - without > own - 1_000_000_000  # others take and give memory meanwhile
