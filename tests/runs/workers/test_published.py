"""What a worker tells of its device: typed, and nothing in the file is trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cifar7 import machine
from cifar7.machine import Accelerator
from cifar7.runs.expected import place
from cifar7.runs.queue import worker_lock
from cifar7.runs.worker import Worker
from cifar7.runs.workers.published import NOTHING, Published, of_workers, publish, read
from cifar7.training import devices

WHY = "this torch is built without CUDA; install torch anew"
CPU = Published("CPU, 2 cores", "cpu", WHY, 1, "it was lost")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    (tmp_path / "workers").mkdir()
    return worker_lock(tmp_path, "auto")


def test_what_was_told_is_read(lock: Path) -> None:
    assert read(lock) == NOTHING
    publish(lock, CPU)
    assert read(lock) == CPU
    assert of_workers(lock.parent.parent) == [CPU]


def test_what_a_driver_says_is_written_so_that_it_can_be_read(lock: Path) -> None:
    publish(lock, Published("NVIDIA\u00a0T4 " + "x" * 300, "cuda", trouble="CUDA error\n\x1b[2Jat a line"))
    told = read(lock)
    assert told.device == "NVIDIA T4 " + "x" * 190
    assert told.trouble == "CUDA error [2Jat a line"


def test_a_count_without_a_device_is_no_device(lock: Path) -> None:
    publish(lock, Published("", "", lost=2))
    assert read(lock).lost == 2
    assert of_workers(lock.parent.parent) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": 7},
        {"device": "x" * 201},
        {"device": "two\nlines"},
        {"kind": "tpu"},
        {"kind": ["cpu"]},
        {"kind": ""},
        {"device": ""},
        {"why_not": "x" * 2001},
        {"lost": -1},
        {"lost": True},
        {"trouble": None},
    ],
    ids=str,
)
def test_what_cannot_be_is_nothing(lock: Path, wrong: dict[str, Any]) -> None:
    told = {"device": "CPU", "kind": "cpu"}
    path = lock.with_suffix(".json")
    path.write_text(json.dumps({**told, "more": "of a later version"}))
    assert read(lock) == Published("CPU", "cpu")
    path.write_text(json.dumps({**told, **wrong}))
    assert read(lock) == NOTHING


def test_anything_else_in_its_place_holds_nobody_up(lock: Path) -> None:
    path = lock.with_suffix(".json")
    for content in (b"", b"[]", b"\xff", b"{" * 9, b'{"device": "' + b"x" * 30_000 + b'"}'):
        path.write_bytes(content)
        assert read(lock) == NOTHING
    path.unlink()
    path.mkdir()
    publish(lock, CPU)
    assert read(lock) == NOTHING
    path.rmdir()
    os.mkfifo(path)
    assert read(lock) == NOTHING


def test_the_worker_tells_what_it_has_woken(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An nvidia-smi that names a GPU, and a torch that cannot use it: stand-ins for both."""
    runs = lock.parent.parent
    monkeypatch.setattr(machine, "accelerators", lambda: (Accelerator("NVIDIA T4", 16 << 30),))
    assert place(runs, "auto").kind == "cuda", "as it seems, before any worker has told"
    monkeypatch.setattr(devices, "why_not_gpu", lambda: WHY)
    Worker(runs, "auto", runs, idle_minutes=1)._prepare()
    told = read(lock)
    assert (told.kind, told.why_not) == ("cpu", f"The GPU here, NVIDIA T4, is not used: {WHY}.")
    assert told.device.startswith("CPU, ")
    assert place(runs, "auto").kind == "cpu"
    assert place(runs, "cuda").kind == "cuda", "who asks for it is told by the run"


def test_a_worker_of_a_gpu_that_does_not_work_trains_what_names_none(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two GPUs of which torch can use none, or only the first: each has a worker all the same. Stand-ins."""
    runs, tell = lock.parent.parent, worker_lock(lock.parent.parent, "cuda:1")
    monkeypatch.setattr(machine, "accelerators", lambda: (Accelerator("NVIDIA T4", 16 << 30),) * 2)
    monkeypatch.setattr(devices, "why_not_gpu", lambda: WHY)
    made = Worker(runs, "cuda:1", runs, idle_minutes=1)
    made._prepare()
    assert (made.trains_on, made.accelerator, made.fault) == ("auto", None, None)
    assert read(tell) == Published(read(tell).device, "cpu", f"The GPU here, NVIDIA T4, is not used: {WHY}.")

    monkeypatch.setattr(devices, "why_not_gpu", lambda: None)
    Worker(runs, "cuda:1", runs, idle_minutes=1)._prepare()
    assert "is not used: device is cuda:1, which torch does not find here" in read(tell).why_not


def test_what_fails_to_wake_is_not_known(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(lock, Published("NVIDIA T4", "cuda"))

    def fail(device: object) -> None:
        raise RuntimeError("CUDA error")

    monkeypatch.setattr(devices, "wake", fail)
    Worker(lock.parent.parent, "auto", lock.parent, idle_minutes=1)._prepare()
    assert read(lock) == NOTHING
