"""The learning-rate test as a folder: asked for, carried out, stopped, refused, cleared away."""

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
from cifar7.runs import finds, queue
from cifar7.runs.execute_find import execute_find
from cifar7.runs.finds import Find, Taken
from cifar7.runs.folder import RunError, list_runs


def asked(folder: Path, **settings: Any) -> Find:
    return finds.ask(folder / "runs", tiny.SPEC, tiny.config(**settings), "tiny")


def take(folder: Path, device: str = "auto") -> Taken:
    taken = finds.take_next(folder / "runs", device)
    assert taken is not None
    return taken


def carried_out(folder: Path, **how: Any) -> Find:
    """The next test, carried out in this process on the set `tiny`."""
    torch.set_num_threads(1)
    taken = take(folder)
    execute_find(taken, lambda name, progress: library.open_set(name, progress, folder / "data"), **how)
    return taken.find


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.make_set(tmp_path / "data")
    return tmp_path


def test_what_it_tells_is_what_the_command_line_tells(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = asked(folder, seed=3)
    assert (find.status()["state"], find.result()) == ("waiting", None)
    assert carried_out(folder) == find
    assert find.status()["state"] == "done"
    result = find.result()
    assert result is not None

    monkeypatch.setenv("CIFAR7_HOME", str(folder))
    monkeypatch.delenv("CIFAR7_DATA", raising=False)
    (folder / "tiny.json").write_text(json.dumps(tiny.SPEC.to_dict()))
    said = ("find-lr", folder / "tiny.json", "--data", "tiny", "--device", "cpu", "--batch-size", 16)
    told = json_of(capsys, *said, "--seed", 3)
    assert told["suggestion"] is not None, told["reason"]
    assert {name: told[name] for name in result if name != "seconds"} == {
        name: value for name, value in result.items() if name != "seconds"
    }
    assert json_of(capsys, *said, "--seed", 4)["losses"] != told["losses"]


def test_it_is_no_run_and_cannot_be_guessed(folder: Path) -> None:
    ids = {asked(folder).id for _ in range(5)}
    assert len(ids) == 5
    assert {len(name) for name in ids} == {20}
    assert list_runs(folder / "runs") == []
    assert queue.waiting(folder / "runs") == []


@pytest.mark.parametrize("name", ["", "..", "../x", "a" * 20, "A" * 20, "a" * 19, "a" * 20 + "\n"])
def test_an_id_from_a_browser_is_a_name_and_never_a_path(folder: Path, name: str) -> None:
    tests = asked(folder).path.parent
    (folder / "runs" / "x").mkdir()
    for place in (tests, tests.parent, tests.parent / "x"):
        (place / "status.json").write_text("{}")
    with pytest.raises(RunError, match="no longer kept; test again"):
        Find.open(folder / "runs", name)


def test_what_cannot_be_tested_is_refused_and_nothing_is_laid(folder: Path) -> None:
    odd = replace(tiny.SPEC, stages=(Stage((Unit(4, kind="grouped", groups=2),)), *tiny.SPEC.stages[1:]))
    with pytest.raises(SpecError):
        finds.ask(folder / "runs", odd, tiny.config(), "tiny")
    with pytest.raises(DataError, match="cannot name a data set"):
        finds.ask(folder / "runs", tiny.SPEC, tiny.config(), "../../etc")
    assert finds.waiting(folder / "runs") == []


def test_no_more_than_some_may_wait(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finds, "MOST_WAITING", 2)
    asked(folder), asked(folder)
    with pytest.raises(RunError, match="2 tests of a learning rate are waiting already"):
        asked(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "gone or damaged"),
        ('{"spec": 5}', "is 5"),
        ('{"spec": SPEC, "config": {"lr": -1}, "data": "tiny"}', "lr is -1"),
        ('{"spec": SPEC, "config": {}, "data": "absent"}', "there is no data set 'absent'"),
        ('{"spec": SEVEN, "config": {}, "data": "tiny"}', "puts out 7 classes and Tiny colours has 3"),
    ],
)
def test_a_request_that_is_wrong_fails_in_words(folder: Path, content: str, message: str) -> None:
    find = asked(folder)
    seven = json.dumps(tiny.SPEC.with_classes(7).to_dict())
    text = content.replace("SPEC", json.dumps(tiny.SPEC.to_dict())).replace("SEVEN", seven)
    (find.path / "request.json").write_text(text)
    carried_out(folder)
    assert find.status()["state"] == "failed"
    assert message in str(find.status()["reason"])


def test_it_is_stopped_where_it_waits_and_at_its_next_step(folder: Path) -> None:
    waits = asked(folder)
    waits.request_stop()
    assert (waits.status()["state"], waits.status()["reason"]) == ("stopped", "Stopped before it began.")
    assert finds.take_next(folder / "runs") is None

    runs = asked(folder)
    taken = take(folder)
    runs.request_stop()
    execute_find(taken, lambda name, progress: library.open_set(name, progress, folder / "data"))
    assert (runs.status()["state"], runs.result()) == ("stopped", None)
    assert runs.status()["reason"] == "Stopped as asked, after 0 of 240 steps."
    runs.request_stop()  # no effect


def test_it_is_stopped_with_its_worker(folder: Path) -> None:
    asked(folder)
    looks = iter(range(100))
    find = carried_out(folder, asked=lambda: "Stopped because of a test" if next(looks) >= 7 else None)
    assert find.status()["reason"] == "Stopped because of a test, after 7 of 240 steps."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), "The memory is not enough"),
        (RuntimeError("odd"), "Something unexpected happened (RuntimeError)"),
    ],
    ids=["memory", "unexpected"],
)
def test_what_goes_wrong_is_told_plainly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def build(*_: Any, **__: Any) -> torch.nn.Module:
        raise error

    monkeypatch.setattr(module, "build", build)
    asked(folder)
    assert words in str(carried_out(folder).status()["reason"])


def test_a_dead_worker_is_a_failed_test(folder: Path) -> None:
    asked(folder)
    taken = take(folder)
    assert taken.find.status()["state"] == "running"
    taken.release()  # as the kernel does when a process dies
    assert taken.find.status()["state"] == "failed"
    assert f"(pid {os.getpid()}) ended without a word. Test again." in str(taken.find.status()["reason"])


def test_a_test_for_another_device_is_left_to_its_worker(folder: Path) -> None:
    find = asked(folder, device="cpu")
    assert finds.take_next(folder / "runs", "cuda") is None
    taken = take(folder, "cpu")
    assert taken.find == find
    taken.release()


def test_the_longest_waiting_comes_first(folder: Path) -> None:
    first = asked(folder)
    time.sleep(0.01)
    asked(folder)
    taken = take(folder)
    assert taken.find == first
    taken.release()


def test_what_nobody_looks_at_is_cleared_away_and_what_goes_on_is_not(folder: Path) -> None:
    going_on, forgotten, looked_at = asked(folder), asked(folder), asked(folder)
    taken = take(folder)
    half = going_on.path.parent / ".new-half"
    half.mkdir()
    assert {taken.find, forgotten, looked_at, going_on} == {going_on, forgotten, looked_at}
    others = [find for find in (going_on, forgotten, looked_at) if find != taken.find]
    for path in (taken.find.path, others[0].path, others[1].path, half):
        os.utime(path, (0, 0))
    others[1].look()
    finds.sweep(folder / "runs")
    assert {path.name for path in half.parent.iterdir()} == {taken.find.id, others[1].id}
    taken.release()


def test_a_test_whose_page_was_closed_waits_in_nobody_s_way(folder: Path) -> None:
    left, awaited = asked(folder), asked(folder)
    os.utime(left.path, (time.time() - 200, time.time() - 200))
    assert finds.waiting(folder / "runs") == [awaited]
    left.look()  # somebody came back
    assert finds.waiting(folder / "runs") == [left, awaited]


def ended(find: Find) -> str:
    tiny.wait_for(lambda: find.status()["state"] not in finds.GOING_ON, 60, "the test's end")
    return find.status()["state"]


def test_the_worker_tests_after_the_run_that_is_trained_and_before_those_that_wait(place: Place) -> None:
    run = place.train(epochs=LONG)
    place.under_way(run)
    following = place.lay(epochs=1)
    find = finds.ask(place.runs, tiny.SPEC, tiny.config(), "tiny")
    time.sleep(0.3)
    assert find.status()["state"] == "waiting"
    run.request_stop()
    assert ended(find) == "done"
    done = (find.path / "result.json").stat().st_mtime
    assert done <= (tiny.ended(following)["started"] or 0)
    assert find.status()["pid"] == following.status()["pid"]


def test_a_test_alone_wakes_a_worker_and_outlives_its_death(place: Place) -> None:
    for pid in place.pids:
        os.kill(pid, signal.SIGKILL)
    find = finds.ask(place.runs, tiny.SPEC, tiny.config(), "tiny")
    tiny.wait_for(lambda: place.tick() is not None, 60, "a worker")
    assert ended(find) == "done"
