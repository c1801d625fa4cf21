"""The learning-rate test as a run of its own kind: queued, carried out, stopped, refused, removed."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from calls import json_of
from place import LONG, Place

from cifar7.data import library
from cifar7.data.imageset import DataError
from cifar7.network import module
from cifar7.network.spec import SpecError, Stage, Unit
from cifar7.runs import queue
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import ENDED, RunError, RunFolder, list_runs
from cifar7.runs.kinds import KINDS


def lay(folder: Path, **settings: Any) -> RunFolder:
    return queue.enqueue(folder / "runs", tiny.SPEC, tiny.config(**settings), "tiny", "lr-test")


def waiting(folder: Path) -> list[RunFolder]:
    return queue.waiting(folder / "runs", "lr-test")


def take(folder: Path, device: str = "auto") -> Claim:
    claim = queue.claim_next(folder / "runs", device)
    assert claim is not None
    return claim


def carry_out(claim: Claim, folder: Path, **options: Any) -> RunFolder:
    """Execute it in this process on the set `tiny`."""
    torch.set_num_threads(1)
    execute(claim, lambda name, progress: library.open_set(name, progress, folder / "data"), **options)
    return claim.run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.make_set(tmp_path / "data")
    return tmp_path


def test_what_it_tells_is_what_the_command_line_tells(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = lay(folder, seed=3, batch_size=32)  # which takes half as many steps as 16
    assert (test.status()["state"], test.status()["result"]) == ("queued", None)
    assert carry_out(take(folder), folder) == test
    assert test.status()["state"] == "finished"
    result = test.status()["result"]
    assert result is not None

    monkeypatch.setenv("CIFAR7_HOME", str(folder))
    monkeypatch.delenv("CIFAR7_DATA", raising=False)
    (folder / "tiny.json").write_text(json.dumps(tiny.SPEC.to_dict()))
    command = ("find-lr", folder / "tiny.json", "--data", "tiny", "--device", "cpu", "--batch-size", 32)
    told = json_of(capsys, *command, "--seed", 3)
    assert told["suggestion"] is not None, told["reason"]
    assert {name: told[name] for name in result if name != "seconds"} == {
        name: value for name, value in result.items() if name != "seconds"
    }
    # The loss before the first step is of the first batch and the weights at the start.
    assert json_of(capsys, *command, "--seed", 4, "--steps", 20)["losses"][0] != told["losses"][0]


def test_it_is_not_listed_and_cannot_be_guessed(folder: Path) -> None:
    ids = {lay(folder).id for _ in range(5)}
    assert len(ids) == 5
    assert {len(name.removeprefix("lr-test-")) for name in ids} == {20}
    assert list_runs(folder / "runs") == []
    assert queue.waiting(folder / "runs") == []


@pytest.mark.parametrize("prefix", ["", "lr-test-"])
@pytest.mark.parametrize("name", ["", "..", "../x", "a" * 20, "A" * 20, "a" * 19, "a" * 20 + "\n"])
def test_an_id_from_a_browser_is_a_name_and_never_a_path(folder: Path, prefix: str, name: str) -> None:
    runs = lay(folder).path.parent
    (runs / "x").mkdir()
    for place in (runs, runs.parent, runs / "x"):
        (place / "status.json").write_text("{}")
    with pytest.raises(RunError, match="no longer kept; test again"):
        RunFolder.open(runs, prefix + name, "lr-test")


def test_runs_are_opened_as_what_they_are(folder: Path) -> None:
    test = lay(folder)
    run = queue.enqueue(folder / "runs", tiny.SPEC, tiny.config(), "tiny")
    assert (test.kind, run.kind) == ("lr-test", "training")
    assert RunFolder.open(folder / "runs", test.id, "lr-test") == test
    assert RunFolder.open(folder / "runs", run.id) == run
    with pytest.raises(RunError, match="there is no run"):
        RunFolder.open(folder / "runs", test.id)
    with pytest.raises(RunError, match="no longer kept"):
        RunFolder.open(folder / "runs", run.id, "lr-test")


def test_what_cannot_be_tested_is_refused_and_nothing_is_laid(folder: Path) -> None:
    odd = replace(tiny.SPEC, stages=(Stage((Unit(4, kind="grouped", groups=2),)), *tiny.SPEC.stages[1:]))
    with pytest.raises(SpecError):
        queue.enqueue(folder / "runs", odd, tiny.config(), "tiny", "lr-test")
    with pytest.raises(DataError, match="cannot name a data set"):
        queue.enqueue(folder / "runs", tiny.SPEC, tiny.config(), "../../etc", "lr-test")
    assert waiting(folder) == []


def test_no_more_than_some_may_wait(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert KINDS["lr-test"].most_waiting == 20
    monkeypatch.setitem(KINDS, "lr-test", replace(KINDS["lr-test"], most_waiting=2))
    lay(folder), lay(folder)
    with pytest.raises(RunError, match="2 tests of a learning rate are waiting already"):
        lay(folder)
    queue.enqueue(folder / "runs", tiny.SPEC, tiny.config(), "tiny")  # trainings have a limit of their own


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("spec.json", "{", "damaged"),
        ("spec.json", '{"version": 5000}', "version is 5000"),
        ("spec.json", json.dumps(tiny.SPEC.with_classes(7).to_dict()), "7 classes and Tiny colours has 3"),
        ("config.json", '{"lr": -1, "data": "tiny"}', "lr is -1"),
        ("config.json", '{"data": "absent"}', "there is no data set 'absent'"),
    ],
)
def test_a_request_that_is_wrong_fails_in_words(folder: Path, file: str, content: str, message: str) -> None:
    test = lay(folder)
    (test.path / file).write_text(content)
    carry_out(take(folder), folder)
    assert test.status()["state"] == "failed"
    assert message in str(test.status()["reason"])


def test_it_is_stopped_where_it_waits_and_at_its_next_step(folder: Path) -> None:
    waits = lay(folder)
    waits.request_stop()
    assert (waits.status()["state"], waits.status()["reason"]) == ("stopped", "Stopped before it began.")
    assert queue.claim_next(folder / "runs") is None

    runs = lay(folder)
    claim = take(folder)
    runs.request_stop()
    carry_out(claim, folder)
    assert (runs.status()["state"], runs.status()["result"]) == ("stopped", None)
    assert runs.status()["reason"] == "Stopped as asked, after 0 of 240 steps."
    runs.request_stop()  # no effect


def test_it_is_stopped_with_its_worker(folder: Path) -> None:
    lay(folder)
    calls = iter(range(100))
    reason = "Stopped because of a test"
    test = carry_out(take(folder), folder, stop_reason=lambda: reason if next(calls) >= 7 else None)
    assert test.status()["reason"] == "Stopped because of a test, after 7 of 240 steps."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), "The memory is not enough"),
        (RuntimeError("odd"), "Something unexpected happened (RuntimeError: odd)"),
    ],
    ids=["memory", "unexpected"],
)
def test_what_goes_wrong_is_told_plainly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def build(*_: Any, **__: Any) -> torch.nn.Module:
        raise error

    monkeypatch.setattr(module, "build", build)
    lay(folder)
    assert words in str(carry_out(take(folder), folder).status()["reason"])


def test_after_a_death_it_waits_again_and_after_a_second_it_has_failed(folder: Path) -> None:
    test = lay(folder)
    claim = take(folder)
    assert test.reconcile()["state"] == "running"
    claim.release()  # as the kernel does when a process dies
    assert test.reconcile()["state"] == "queued"
    take(folder).release()
    assert test.reconcile()["state"] == "failed"
    assert f"(pid {os.getpid()}) ended without a word, and it was the second time. Test again." in str(
        test.status()["reason"]
    )


def test_a_test_for_another_device_is_left_to_its_worker(folder: Path) -> None:
    test = lay(folder, device="cpu")
    assert queue.claim_next(folder / "runs", "cuda") is None
    claim = take(folder, "cpu")
    assert claim.run == test
    claim.release()


def test_the_longest_waiting_comes_first(folder: Path) -> None:
    first = lay(folder)
    time.sleep(0.01)
    lay(folder)
    claim = take(folder)
    assert claim.run == first
    claim.release()


def test_it_waits_for_one_training_at_most_and_tests_do_not_keep_trainings_waiting(folder: Path) -> None:
    runs = folder / "runs"
    first, second = (queue.enqueue(runs, tiny.SPEC, tiny.config(), "tiny") for _ in range(2))
    test = lay(folder)
    assert queue.line(runs) == [first, test, second]
    assert (queue.position(first), queue.position(test)) == (1, 1)
    claim = take(folder)
    assert queue.line(runs) == [test, second], "after the training that goes on"
    claim.end("finished")
    claim.release()
    later = lay(folder)
    assert queue.line(runs) == [test, second, later], "what came after that training waits for the next one"


def test_what_nobody_looks_at_is_removed_and_what_goes_on_is_not(folder: Path) -> None:
    tests = [lay(folder) for _ in range(3)]
    claim = take(folder)
    run = queue.enqueue(folder / "runs", tiny.SPEC, tiny.config(), "tiny")
    forgotten, watched = (test for test in tests if test != claim.run)
    half, former, workers = (folder / "runs" / name for name in (".new-lr-test-half", ".finds", "workers"))
    (former / "a").mkdir(parents=True)
    for path in (half, workers):
        path.mkdir()
    for path in (claim.run.path, forgotten.path, watched.path, run.path, half, former, workers):
        os.utime(path, (0, 0))
    watched.look()
    queue.remove_abandoned(folder / "runs")
    left = {path.name for path in (folder / "runs").iterdir() if path.is_dir()}
    assert left == {claim.run.id, watched.id, run.id, "workers"}
    claim.release()


def test_a_test_whose_page_was_closed_waits_in_nobody_s_way(folder: Path) -> None:
    left, awaited = lay(folder), lay(folder)
    os.utime(left.path, (time.time() - 200, time.time() - 200))
    assert waiting(folder) == [awaited]
    left.look()  # somebody came back
    assert waiting(folder) == [left, awaited]


def ended(test: RunFolder) -> str:
    tiny.wait_for(lambda: test.reconcile()["state"] in ENDED, 60, "the test's end")
    return test.status()["state"]


def test_the_worker_tests_after_the_run_that_is_trained_and_before_those_that_wait(place: Place) -> None:
    run = place.train(epochs=LONG)
    place.under_way(run)
    following = place.lay(epochs=1)
    test = queue.enqueue(place.runs, tiny.SPEC, tiny.config(), "tiny", "lr-test")
    time.sleep(0.3)
    assert test.status()["state"] == "queued"
    run.request_stop()
    assert ended(test) == "finished"
    assert (test.status()["ended"] or 0) <= (tiny.ended(following)["started"] or 0)
    assert test.status()["pid"] == following.status()["pid"]


def test_a_test_alone_wakes_a_worker_and_outlives_its_death(place: Place) -> None:
    for pid in place.pids:
        os.kill(pid, signal.SIGKILL)
    test = queue.enqueue(place.runs, tiny.SPEC, tiny.config(), "tiny", "lr-test")
    tiny.wait_for(lambda: place.tick() is not None, 60, "a worker")
    assert ended(test) == "finished"
