"""A GPU that is lost under a worker, by stand-ins: a fresh process goes on, and no later run is harmed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from runs.workers.lost import GONE, Gpu, fail_at, laid, worker

from cifar7.runs import children
from cifar7.runs.folder import RunFolder
from cifar7.runs.queue import worker_lock
from cifar7.runs.worker import Worker
from cifar7.runs.workers.published import MOST_LOST, read
from cifar7.training import devices


def test_between_two_runs_the_device_is_asked_and_gets_its_memory_back(folder: Path, gpu: Gpu) -> None:
    runs = [laid(folder, epochs=1), laid(folder, epochs=1)]
    made = worker(folder)
    made._look()
    assert gpu.asked == ["probe", "probe", "give back"], "before the run and after it"
    assert runs[0].status()["state"] == "finished"
    gpu.sound = False  # it was put to sleep
    made._look()
    assert (made.lost, made.goes_on) == (True, True)
    assert runs[1].status()["state"] == "queued", "it never met the device"


def test_only_so_many_in_a_row_have_a_successor(folder: Path, gpu: Gpu, caplog: Any) -> None:
    run = laid(folder)
    gpu.sound = False
    successors = []
    for _ in range(MOST_LOST):
        made = worker(folder)
        made._look()
        successors.append(made.goes_on)
    assert successors == [True] * (MOST_LOST - 1) + [False]
    told = read(worker_lock(folder / "runs", "cpu"))
    assert (told.lost, told.trouble) == (MOST_LOST, f"{GONE}; restart.")
    assert f"{MOST_LOST} workers in a row lost their device" in caplog.text
    assert run.status()["deaths"] == 0
    # One that somebody starts all the same begins the run, which fails in the end, and says why.
    for state in ("queued", "failed"):
        last = worker(folder)
        fail = pytest.MonkeyPatch()
        fail_at(fail, 0, gpu)
        last._look()
        fail.undo()
        assert (last.lost, last.goes_on, run.status()["state"]) == (True, False, state)


def test_a_run_that_went_well_begins_the_count_anew(folder: Path, gpu: Gpu) -> None:
    laid(folder, epochs=1), laid(folder, epochs=1)
    first = worker(folder)
    gpu.sound = False
    first._look()
    assert first.goes_on
    gpu.sound = True
    worker(folder)._look()
    assert read(worker_lock(folder / "runs", "cpu")).lost == 0


def test_one_that_is_to_end_has_no_successor(folder: Path, gpu: Gpu) -> None:
    laid(folder)
    made = worker(folder)
    gpu.sound = False
    made._look()
    made.end()
    assert not made.goes_on


def test_nor_has_one_that_cannot_be_counted(folder: Path, gpu: Gpu) -> None:
    laid(folder)
    made = worker(folder)
    (folder / "runs" / "workers" / "cpu.json").mkdir()  # no file can be put there
    gpu.sound = False
    made._look()
    assert (made.lost, made.goes_on) == (True, False)


def test_a_device_that_is_lost_while_it_is_woken(
    folder: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "runs" / "workers").mkdir(parents=True)

    def woken() -> Worker:
        made = Worker(folder / "runs", "cpu", folder / "data", idle_minutes=1)
        made._look()
        return made

    def fail(device: torch.device) -> None:
        gpu.sound = False
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(devices, "wake", fail)
    idle = woken()
    assert (idle.lost, idle.goes_on) == (True, False), "nothing waits"
    run = laid(folder)
    for state in ("queued", "failed"):
        assert woken().lost
        assert run.status()["state"] == state
    assert read(worker_lock(folder / "runs", "cpu")).lost == 3


# The worker as a process whose device is lost in its first run; the fresh one has nothing of these stand-ins.
WORKER = """
import sys
import torch
from cifar7.runs import worker
from cifar7.training import devices
from cifar7.training.errors import DeviceStateError
from cifar7.training.step.train_step import TrainStep

lost = []

def probe(device, *generators):
    if lost:
        raise DeviceStateError("the device no longer answers (a stand-in)")

def take(self, rows, lr, number):
    lost.append(number)
    raise RuntimeError("CUDA error: a stand-in")

devices.probe, TrainStep.take = probe, take
sys.exit(worker.main(sys.argv[1:]))
"""


@pytest.fixture
def process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Such a worker, and two runs that wait."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    laid(folder, epochs=1), laid(folder, epochs=1, seed=2)
    lock = worker_lock(folder / "runs", "cpu")
    lock.parent.mkdir()
    command = [sys.executable, "-c", WORKER, str(folder / "runs"), "--device", "cpu"]
    command += ["--data-dir", str(folder / "data")]
    pid = children.start(command, children.environment({}), lock.with_suffix(".log"))
    yield pid
    os.kill(pid, signal.SIGKILL)
    children.death(pid)


def test_a_fresh_process_takes_the_place_of_the_worker_and_goes_on(folder: Path, process: int) -> None:
    first, second = sorted((folder / "runs").glob("2*"))
    statuses = [tiny.ended(RunFolder(path)) for path in (first, second)]
    assert [status["state"] for status in statuses] == ["finished", "finished"]
    assert {status["pid"] for status in statuses} == {process}, "the same pid, for whoever watches it"
    assert children.alive(process)
    assert sum(status["deaths"] for status in statuses) == 1, "only one met the loss"
    log = worker_lock(folder / "runs", "cpu").with_suffix(".log").read_text()
    assert log.count("serves cpu") == 2
