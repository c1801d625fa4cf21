"""A stop takes effect within two seconds, whatever a real worker is at; a second one ends its process."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny

from cifar7.runs import children, queue
from cifar7.runs.folder import RunFolder
from cifar7.runs.people import Person
from cifar7.runs.queue import enqueue, start_here
from cifar7.runs.status import Status
from cifar7.runs.worker import Worker
from cifar7.runs.workers import force
from cifar7.training.events import EpochEnd

MOST = 2.0  # seconds

# A worker whose networks take their time in every layer, without taking the processor's: so many seconds in a
# layer while it trains, and while it is evaluated.
SLOW = """# forked: torch is loaded
import pathlib, sys, time
from cifar7.network import module
build = module.build
training, evaluating = float(sys.argv[1]), float(sys.argv[2])
def wait(layer, images):
    pathlib.Path(sys.argv[3], "in-a-layer").touch()
    time.sleep(training if layer.training else evaluating)
def slow(*given, **more):
    made = build(*given, **more)
    for layer in made.layers:
        layer.register_forward_pre_hook(wait)
    return made
module.build = slow
from cifar7.runs import worker
worker.main([sys.argv[3], "--device", "cpu", "--data-dir", sys.argv[4]])
"""


class SlowPlace:
    """Runs that such a worker serves."""

    def __init__(self, folder: Path) -> None:
        self.runs, self.data = folder / "runs", folder / "data"
        tiny.make_set(self.data)
        self.pid = 0

    def train(self, training: float, evaluating: float, **settings: object) -> RunFolder:
        """A run that a worker has taken; in a step it is `training` seconds at a layer."""
        run = enqueue(self.runs, tiny.SPEC, tiny.config(**settings), "tiny")
        command = [sys.executable, "-c", SLOW, str(training), str(evaluating), str(self.runs), str(self.data)]
        environment = children.environment({"OMP_NUM_THREADS": "1"})
        self.pid = children.start(command, environment, self.runs / "slow.log")
        return run

    def close(self) -> None:
        if self.pid and children.alive(self.pid):
            os.kill(self.pid, signal.SIGKILL)
            children.death(self.pid)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowPlace]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    made = SlowPlace(tmp_path)
    yield made
    made.close()


def stopped(run: RunFolder) -> tuple[Status, float]:
    """The status of the run, which is asked to stop now, and the seconds until it has."""
    began = time.monotonic()
    force.stop(run)
    status = tiny.ended(run)
    return status, time.monotonic() - began


def wait_for_training(run: RunFolder) -> None:
    """Until it is in a layer: a moment before, it would answer by itself."""
    tiny.wait_for((run.path.parent / "in-a-layer").exists, 60, "the first step")


def test_in_a_step_of_many_seconds(slow: SlowPlace) -> None:
    run = slow.train(training=0.6, evaluating=0.6)  # six seconds a step, as many a batch of an evaluation
    wait_for_training(run)
    status, seconds = stopped(run)
    assert seconds < MOST
    assert (status["state"], status["result"]) == ("stopped", None)
    assert status["reason"] == (
        "Stopped as asked, after 0 steps and 0 whole epochs, and not tested; no epoch was complete."
    )
    assert children.alive(slow.pid), "the worker goes on"


def test_in_an_evaluation_of_many_seconds_and_then_tested_all_the_same(slow: SlowPlace) -> None:
    # Two seconds a batch of an evaluation, as each image is asked with its mirror image.
    run = slow.train(training=0.0, evaluating=0.1, epochs=1, train_sample=20, test_flip=True)
    tiny.wait_for(lambda: run.status()["epoch"] is not None, 60, "the epoch's end, before the test")
    status, seconds = stopped(run)
    assert seconds < MOST
    assert status["state"] == "stopped"
    epoch = EpochEnd.from_dict(status["epoch"])
    assert epoch is not None
    assert f"the weights of epoch {epoch.epoch} are kept, with {epoch.heldout_accuracy:.1%}" in str(
        status["reason"]
    )
    assert run.weights_path() is not None
    run.request_test()
    assert tiny.ended(run)["state"] == "finished", "all its epochs are trained"
    assert run.has_predictions()


def test_a_worker_that_is_stuck_is_ended_and_another_takes_over(slow: SlowPlace) -> None:
    run = slow.train(training=120.0, evaluating=120.0)
    following = enqueue(slow.runs, tiny.SPEC, tiny.config(), "tiny")
    wait_for_training(run)
    force.stop(run)
    assert run.requested() == "stop"
    status, seconds = stopped(run)
    assert seconds < MOST
    assert (status["state"], status["result"]) == ("stopped", None)
    assert status["reason"] == "Stopped at once as asked, and not tested; nothing had been trained yet."
    assert not children.alive(slow.pid)
    slow.pid = queue.ensure_worker(slow.runs, "cpu", data_dir=slow.data) or 0
    assert tiny.ended(following)["state"] == "finished"


def test_no_process_is_killed_that_does_not_execute_the_run(tmp_path: Path) -> None:
    claim = start_here(tmp_path, tiny.SPEC, tiny.config(), "tiny")
    stranger = children.start([sys.executable, "-c", "input()"], dict(os.environ), tmp_path / "log")
    claim.update(pid=stranger)
    assert force._executes(os.getpid(), claim.run)
    if sys.platform == "linux":
        assert not force._executes(stranger, claim.run)
        claim.run.request_stop()
        force.stop(claim.run)
        assert claim.run.status()["state"] == "running", "this process has it, and is not at a batch"
    claim.update(pid=os.getpid())
    force.stop(claim.run)  # never the process that asks
    claim.release()
    children.death(stranger)


def test_only_who_may_stop_a_run_may_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = enqueue(tmp_path, tiny.SPEC, tiny.config(), "tiny", by=Person("ada"))
    with pytest.raises(Exception, match="only its owner or the teacher can stop this run"):
        force.stop(run, Person("bob"))


@pytest.mark.parametrize(("asked", "state"), [("stop", "stopped"), ("pause", "paused")])
def test_while_the_libraries_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, state: str
) -> None:
    run = enqueue(tmp_path, tiny.SPEC, tiny.config(), "tiny")
    worker = Worker(tmp_path, "cpu", tmp_path, idle_minutes=20)
    seen: list[str] = []
    loaded = threading.Event()

    def load() -> None:
        run.request_stop() if asked == "stop" else run.request_pause()
        tiny.wait_for(lambda: run.status()["state"] != "running", 20, "the answer")
        seen.append(run.status()["state"])
        loaded.set()

    monkeypatch.setattr(worker, "_prepare", load)
    assert worker._execute_next()
    assert loaded.is_set()
    assert seen == [state], "before they were there"
    if state == "stopped":
        assert run.status()["reason"] == (
            "Stopped as asked, while its libraries were being loaded; nothing had been trained yet."
        )


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux's kernel")
def test_the_kernel_ends_the_worker_first(slow: SlowPlace) -> None:
    run = slow.train(training=0.0, evaluating=0.0)
    tiny.ended(run)
    score = Path(f"/proc/{slow.pid}/oom_score_adj")
    if not os.access(score, os.R_OK):
        pytest.skip("the score cannot be read")
    assert int(score.read_text()) >= 800
