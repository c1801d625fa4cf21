"""The worker process, for real: it trains, stops, dies and is replaced."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny
import torch
from place import LONG, Place

from cifar7.data import library
from cifar7.data.imageset import ImageSet
from cifar7.network.module import build
from cifar7.runs import children
from cifar7.runs.execute import execute
from cifar7.runs.files import try_lock
from cifar7.runs.queue import enqueue, ensure_worker, start_here, worker_lock
from cifar7.runs.worker import Worker
from cifar7.training.errors import DeviceStateError
from cifar7.training.events import EpochEnd, Started


@pytest.mark.usefixtures("cold")
def test_two_waiting_runs_are_trained_one_after_the_other_by_one_worker(place: Place) -> None:
    first, second = place.lay(seed=1), place.lay(seed=2)
    pid = place.tick()
    assert place.tick() is None  # it is starting, or lives
    statuses = [tiny.ended(first), tiny.ended(second)]
    assert [status["state"] for status in statuses] == ["finished", "finished"]
    assert [status["pid"] for status in statuses] == [pid, pid]
    assert (statuses[0]["ended"] or 0) <= (statuses[1]["started"] or 0)


def test_a_finished_run_holds_everything(place: Place) -> None:
    run = place.train(epochs=3)
    status = tiny.ended(run)
    assert status["state"] == "finished"
    assert status["reason"] is None
    assert status["phase"] is None
    result = status["result"]
    assert result is not None
    assert result["epochs"] == 3
    kinds = [event.kind for event in run.events()[0]]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    assert kinds.count("epoch") == 3

    predictions = run.predictions()
    assert len(predictions) == 30  # 10 a class
    assert predictions.classes == tiny.CLASSES
    assert predictions.accuracy == pytest.approx(result["test_accuracy"])

    # The weights, in a fresh module, say what the predictions say.
    images = library.open_set("tiny", data_dir=place.data)
    module = build(run.spec())
    path = run.weights_path()
    assert path is not None
    module.load_state_dict(torch.load(path, weights_only=True))
    module.eval()
    pixels = torch.tensor(images.test.images).float() / 255  # (30, 3, 32, 32)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (images.mean, images.std))
    with torch.no_grad():
        logits = module((pixels - mean) / std)  # (30, 3)
    assert logits.softmax(1).numpy() == pytest.approx(predictions.probabilities, abs=1e-3)
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == []


def test_the_environment_can_be_shown_to_anybody(place: Place) -> None:
    run = place.train(epochs=1)
    tiny.ended(run)
    environment = run.environment()
    assert environment["torch"] == torch.__version__
    assert environment["python"] == platform.python_version()
    assert environment["device_type"] == "cpu"
    assert environment["data"]["name"] == "tiny"
    assert environment["data"]["fingerprint"] == library.open_set("tiny", data_dir=place.data).fingerprint
    text = (run.path / "environment.json").read_text()
    for secret in (str(place.data.parent), str(Path.home()), platform.node(), f'"{getpass.getuser()}"'):
        assert secret not in text


def test_stop_keeps_what_there_is(place: Place) -> None:
    run = place.train(epochs=LONG)
    place.under_way(run)
    run.request_stop()
    status = tiny.ended(run)
    assert status["state"] == "stopped"
    assert str(status["reason"]).startswith("Stopped as asked, after ")
    assert 1 <= (status["result"] or {})["epochs"] < LONG
    assert len(run.predictions()) == 30
    assert run.weights_path() is not None


def test_a_mistake_ends_the_run_with_its_reason_and_not_the_worker(place: Place) -> None:
    absent = place.lay("absent")
    other = enqueue(place.runs, tiny.SPEC.with_classes(7), tiny.config(), "tiny")
    place.tick()
    assert "there is no data set 'absent'" in str(tiny.ended(absent)["reason"])
    status = tiny.ended(other)
    assert status["state"] == "failed"
    assert status["reason"] == (
        "the design puts out 7 classes and Tiny colours has 3; give the design 3 classes."
    )
    assert tiny.ended(place.train())["state"] == "finished"
    assert tiny.ended(absent)["pid"] == tiny.ended(other)["pid"]


def test_an_unexpected_end_is_told_plainly_and_in_full_in_the_log(place: Place) -> None:
    run = place.lay()
    (run.path / "spec.json").write_text('{"version": 1')
    (second := place.lay()).path.joinpath("model.pt").mkdir()  # weights cannot go there
    place.tick()
    assert "spec.json of the run" in str(tiny.ended(run)["reason"])
    status = tiny.ended(second)
    assert status["state"] == "failed"
    assert "Something unexpected happened (IsADirectoryError" in str(status["reason"])
    assert "Traceback" in (second.path / "worker.log").read_text()


def test_kill_minus_9_in_mid_run_once_and_twice(place: Place) -> None:
    run, following = place.lay(epochs=LONG), place.lay()
    place.tick()
    tiny.wait_for(lambda: run.checkpoint_path() is not None, 60, "a checkpoint")
    first = place.under_way(run, epochs=2)
    os.kill(first, signal.SIGKILL)
    tiny.wait_for(lambda: place.tick() is not None, 60, "a new worker")
    tiny.wait_for(lambda: run.status()["pid"] not in (first, None), 60, "its taking up")
    (notice,) = run.status()["notices"]
    assert f"The worker process (pid {first}) was killed by signal 9 (SIGKILL" in notice
    assert "The run goes on from its last checkpoint by itself." in notice

    pid = place.under_way(run)
    tiny.wait_for(lambda: len([e for e in run.events()[0] if isinstance(e, Started)]) == 2, 60, "its steps")
    os.kill(pid, signal.SIGKILL)
    tiny.wait_for(lambda: place.tick() is not None, 60, "a new worker")
    status = run.status()
    assert (status["state"], status["deaths"]) == ("failed", 2)
    assert f"The worker process (pid {pid}) was killed by signal 9 (SIGKILL" in str(status["reason"])
    assert ", and it was the second time; " in str(status["reason"])
    step = (status["progress"] or {})["step"]
    assert f"what had been written up to step {step:,} is kept" in str(status["reason"])
    assert [event.epoch for event in run.events()[0] if isinstance(event, EpochEnd)][:2] == [1, 2]
    path = run.weights_path()
    assert path is not None
    build(run.spec()).load_state_dict(torch.load(path, weights_only=True))
    status = tiny.ended(following)
    assert status["state"] == "finished"
    assert status["pid"] not in (pid, None)


def test_a_removed_run_is_let_go(place: Place) -> None:
    run = place.train(epochs=LONG)
    place.under_way(run)
    run.path.rename(place.runs.parent / "removed")
    log = place.runs / "workers" / "cpu.log"
    tiny.wait_for(lambda: f"the run {run.id} was removed while it ran" in log.read_text())
    assert tiny.ended(place.train())["state"] == "finished"
    assert not run.path.exists()


def test_changed_data_is_opened_anew(place: Place) -> None:
    tiny.make_set(place.data, "changing", each=30)
    before = place.train(data_name="changing")
    tiny.ended(before)
    tiny.make_set(place.data, "changing", each=40)
    after = place.train(data_name="changing")
    tiny.ended(after)
    counts = [run.environment()["data"]["train"] for run in (before, after)]
    assert counts == [90, 120]


def test_a_run_that_does_not_mind_gets_the_worker_s_device(place: Place) -> None:
    run = place.train(epochs=1, device="auto")
    tiny.ended(run)
    assert run.environment()["device_type"] == "cpu"
    assert run.config().device == "auto"  # the settings on record stay as they were


def test_sigterm_stops_the_run_and_the_worker(place: Place) -> None:
    run = place.train(epochs=LONG)
    pid = place.under_way(run)
    os.kill(pid, signal.SIGTERM)
    status = tiny.ended(run)
    assert status["state"] == "stopped"
    assert str(status["reason"]).startswith("Stopped because its worker was asked to end, after ")
    tiny.wait_for(lambda: not children.alive(pid), 60, "the worker's end")
    assert children.death(pid) == "ended with exit status 0"


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Starts a worker without work, which does not outlive its test."""
    pids: list[int] = []

    def start(runs: Path, **more: float) -> int:
        pid = ensure_worker(runs, "cpu", data_dir=tmp_path, warm=True, **more)
        assert pid is not None
        pids.append(pid)
        return pid

    yield start
    for pid in pids:
        if children.alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_an_idle_worker_ends(tmp_path: Path, warm: Callable[..., int]) -> None:
    pid = warm(tmp_path, idle_minutes=0.01)
    tiny.wait_for(lambda: not children.alive(pid), 60, "the worker's end")
    assert "idle for 0.6 s" in (tmp_path / "workers" / "cpu.log").read_text()


def test_a_worker_whose_folder_is_gone_ends(tmp_path: Path, warm: Callable[..., int]) -> None:
    runs = tmp_path / "runs"
    pid = warm(runs)
    tiny.wait_for(lambda: "serves cpu" in (runs / "workers" / "cpu.log").read_text())
    lock = try_lock(worker_lock(runs, "cpu"))
    assert lock is None
    shutil.rmtree(runs)
    runs.mkdir()  # another folder of the same name
    tiny.wait_for(lambda: not children.alive(pid), 60, "the worker's end")


def test_a_worker_whose_server_has_ended_waits_less(tmp_path: Path) -> None:
    worker = Worker(tmp_path, "cpu", tmp_path, idle_minutes=20)
    assert worker.patience == 20 * 60
    worker.parent = -1
    assert worker.patience == 60


def test_a_worker_that_cannot_be_trusted_any_more_makes_room_after_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(tmp_path, "cpu", tmp_path, idle_minutes=20)
    monkeypatch.setattr(worker, "_execute_next", lambda: True)
    worker.last_change = -1
    worker._look()
    assert not worker.lost

    def fail() -> bool:
        raise DeviceStateError("a recording was invalidated")

    monkeypatch.setattr(worker, "_execute_next", fail)
    worker.last_change = -1
    worker._look()
    assert worker.lost


def test_a_run_after_which_a_process_cannot_be_trusted_ends_first(tmp_path: Path) -> None:
    claim = start_here(tmp_path, tiny.SPEC, tiny.config(), "tiny")

    def open_images(name: str, progress: object) -> ImageSet:
        raise DeviceStateError("a recording was invalidated")

    with pytest.raises(DeviceStateError):
        execute(claim, open_images)
    assert (claim.run.status()["state"], claim.run.status()["reason"]) == (
        "failed",
        "A recording was invalidated",
    )
    assert try_lock(claim.run.path / "run.lock") is not None
