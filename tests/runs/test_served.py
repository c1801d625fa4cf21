"""A worker for each accelerator: which runs are for it, and that no run is taken twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import tiny

from cifar7 import machine
from cifar7.machine import Accelerator
from cifar7.runs import children, queue
from cifar7.runs.directory import RunError
from cifar7.runs.queue import enqueue, ensure_worker
from cifar7.runs.workers.served import served_devices, suits, worker_lock


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "accelerators", lambda: (Accelerator("GPU", 80 << 30),) * 2)


def test_two_workers_share_the_queue_and_take_no_run_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers for "cpu" and for "auto" stand for two devices: both take runs that name none."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    tiny.make_set(tmp_path / "data")
    runs = [enqueue(tmp_path, tiny.SPEC, tiny.config(device="auto", seed=seed), "tiny") for seed in range(12)]
    pids = [ensure_worker(tmp_path, device, data_dir=tmp_path / "data") for device in ("cpu", "auto")]
    try:
        statuses = [tiny.ended(run) for run in runs]
    finally:
        for pid in pids:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            children.death(pid)
    assert [status["state"] for status in statuses] == ["finished"] * 12
    assert {status["pid"] for status in statuses} == set(pids), "both had some"
    for run in runs:
        kinds = [event.kind for event in run.events()[0]]
        assert (kinds.count("started"), kinds.count("finished")) == (1, 1)
        assert run.environment()["device"].startswith("CPU"), "a run says which device it had"


def test_each_of_several_gpus_is_served(two_gpus: None) -> None:
    assert served_devices() == ("cuda:0", "cuda:1")
    assert served_devices("cpu") == ("cpu",)


def test_one_gpu_or_none_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in ((), (Accelerator("GPU", 80 << 30),)):
        monkeypatch.setattr(machine, "accelerators", lambda found=found: found)
        assert served_devices() == ("auto",)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("wanted", "takes"),
    [("auto", True), ("cuda", True), ("cuda:1", True), ("cuda:0", False), ("cpu", True), ("cuda:7", True)],
)
def test_what_the_worker_of_the_second_gpu_takes(wanted: str, takes: bool) -> None:
    # cuda:7 has no worker: one takes it, and it fails with those that there are.
    assert suits(wanted, "cuda:1") is takes
    assert suits(wanted, "auto")


def test_a_worker_for_each_is_started_once(
    two_gpus: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def start(arguments: list[str], environment: dict[str, str], log: Path) -> int:
        started.append(arguments[arguments.index("--device") + 1])
        return 1000 + len(started)

    monkeypatch.setattr(children, "start", start)
    monkeypatch.setattr(children, "alive", lambda pid: pid in (1001, 1002))
    assert ensure_worker(tmp_path) is None, "nothing waits"
    assert ensure_worker(tmp_path, warm=True) == 1001
    assert started == ["cuda:0", "cuda:1"]
    enqueue(tmp_path, tiny.SPEC, tiny.config(), "tiny")
    assert ensure_worker(tmp_path) is None, "both are starting"
    assert queue.worker_lock(tmp_path, "cuda:1").name == "cuda-1.lock"


def test_an_unknown_device_has_no_worker(tmp_path: Path) -> None:
    for name in ("tpu", "cuda:", "cuda:x", "cuda:1/../..", "mps:1"):
        with pytest.raises(RunError, match="is not known"):
            worker_lock(tmp_path, name)
