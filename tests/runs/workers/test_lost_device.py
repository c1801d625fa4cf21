"""A GPU that is lost under a worker, by stand-ins: its run is taken up again, and no later one is harmed."""

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

from cifar7.data import library
from cifar7.runs import children
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder, Status
from cifar7.runs.queue import claim_next, enqueue, start_here, worker_lock
from cifar7.runs.worker import Worker
from cifar7.runs.workers.published import MOST_LOST, read
from cifar7.training import devices
from cifar7.training.engine import Training
from cifar7.training.errors import DeviceStateError
from cifar7.training.step.train_step import TrainStep

GONE = "the device no longer answers (CUDA error: unspecified launch failure)"


class Gpu:
    """What stands for a GPU: whether it is sound, and what was asked of it."""

    def __init__(self) -> None:
        self.sound, self.asked = True, list[str]()

    def probe(self, device: torch.device, *generators: torch.Generator) -> None:
        self.asked.append("probe")
        if not self.sound:
            raise DeviceStateError(f"{GONE}; restart.")

    def give_back(self, device: torch.device) -> None:
        self.asked.append("give back")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    made = Gpu()
    monkeypatch.setattr(devices, "probe", made.probe)
    monkeypatch.setattr(devices, "give_back", made.give_back)
    return made


@pytest.fixture
def folder(tmp_path: Path, one_thread: None) -> Path:
    tiny.make_set(tmp_path / "data")
    return tmp_path


def laid(folder: Path, **settings: Any) -> RunFolder:
    return enqueue(folder / "runs", tiny.SPEC, tiny.config(**settings), "tiny")


def worker(folder: Path) -> Worker:
    """One that takes the GPU's stand-in for what it has woken."""
    (folder / "runs" / "workers").mkdir(exist_ok=True)
    made = Worker(folder / "runs", "cpu", folder / "data", idle_minutes=1)
    made.prepared, made.accelerator = True, torch.device("cpu")
    return made


def carried_out(folder: Path, run: RunFolder) -> Status:
    """Its status after this process has executed it, whatever that raised."""
    claim = claim_next(folder / "runs")
    assert claim is not None
    assert claim.run == run
    try:
        return execute(claim, lambda name, progress: library.open_set(name, progress, folder / "data"))
    except DeviceStateError:
        return run.status()


def fail_at(monkeypatch: pytest.MonkeyPatch, step: int, gpu: Gpu | None = None) -> None:
    """At that step CUDA's error comes, after which the GPU, if one is given, is not sound."""
    take = TrainStep.take

    def fail(self: TrainStep, rows: torch.Tensor, lr: float, number: int) -> str | None:
        if number == step:
            if gpu:
                gpu.sound = False
            raise RuntimeError("CUDA error: unspecified launch failure")
        return take(self, rows, lr, number)

    monkeypatch.setattr(TrainStep, "take", fail)


def test_a_run_under_which_the_device_is_lost_is_taken_up_once(
    folder: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = laid(folder)
    fail_at(monkeypatch, 13, gpu)
    status = carried_out(folder, run)
    assert (status["state"], status["deaths"], status["unrecorded"]) == ("queued", 1, False)
    (notice,) = status["notices"]
    assert notice.endswith(
        f"was given up: {GONE}. The run starts again from the beginning by itself. A second time it would be "
        "left."
    )
    assert "unspecified launch failure" in (run.path / "worker.log").read_text()
    assert run.weights_path() is not None, "those of the first epoch"
    gpu.sound = True  # in the next process
    status = carried_out(folder, run)
    assert status["state"] == "failed"
    assert status["deaths"] == 2
    assert str(status["reason"]).startswith("The device no longer answers (CUDA error")
    assert str(status["reason"]).endswith("the weights of epoch 1 are kept.")


def test_what_is_wrong_with_a_run_itself_is_told_as_before(
    folder: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = laid(folder)
    fail_at(monkeypatch, 3)
    status = carried_out(folder, run)
    assert (status["state"], status["deaths"]) == ("failed", 0)
    assert "Something unexpected happened (RuntimeError: CUDA error" in str(status["reason"])
    assert gpu.asked == ["probe"]


def test_a_stop_that_was_asked_for_stands(folder: Path, gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    run = laid(folder)
    claim = claim_next(folder / "runs")
    assert claim is not None
    run.request_stop()
    claim.lose(DeviceStateError(GONE))
    claim.release()
    assert run.status()["state"] == "failed"


def test_a_run_that_cannot_be_recorded_goes_on_unrecorded_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording stands for CUDA's: it fails whenever one is asked for."""
    run, make, asked = laid(folder), Training.__init__, list[bool]()

    def recording(made: Training, *given: Any, record: bool = True, **more: Any) -> None:
        asked.append(record)
        if record:
            raise DeviceStateError("the step could not be recorded (a cause); try later.", unrecorded=True)
        make(made, *given, **more)

    monkeypatch.setattr(Training, "__init__", recording)
    status = carried_out(folder, run)
    assert (status["state"], status["deaths"], status["unrecorded"]) == ("queued", 0, True)
    assert status["notices"] == [
        "The step could not be recorded (a cause). The run goes on in a fresh process without a recording: "
        "the same training, slower."
    ]
    assert carried_out(folder, run)["state"] == "finished"
    assert asked == [True, False]


def test_one_that_fails_unrecorded_too_counts_as_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = laid(folder)

    def fail(*given: Any, **more: Any) -> None:
        raise DeviceStateError("the step could not be recorded; try later.", unrecorded=True)

    monkeypatch.setattr(Training, "__init__", fail)
    states = [(s["state"], s["deaths"]) for s in (carried_out(folder, run) for _ in range(3))]
    assert states == [("queued", 0), ("queued", 1), ("failed", 2)]


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


def test_a_lost_run_of_a_command_that_somebody_waits_for_is_left_to_it(folder: Path) -> None:
    claim = start_here(folder / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.lose(DeviceStateError(GONE, "restart."))
    claim.release()
    status = claim.run.status()
    assert (status["state"], status["reason"]) == ("failed", f"The {GONE[4:]}; restart.")
