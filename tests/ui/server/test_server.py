"""The Server page: the teacher's alone, and how things are in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from streamlit.runtime.context import ContextProxy
from ui.opened import open_app

from cifar7.runs import people, queue
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.health import Health, Worker
from cifar7.runs.people import Person
from cifar7.runs.workers.published import MOST_LOST, Published, publish
from cifar7.ui.server.words import verdict, worker_words
from cifar7.ui.shell import pages

TOKEN = "T" * 32
IDLE = Worker("auto", True, 77, 2_500_000_000, ())
WELL = Health((IDLE,), (), (), 3, 8_000_000_000, 200_000_000, 90_000_000_000)


@pytest.fixture
def served(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A class's server with a run of Ada's that waits, seen by the browser with TOKEN."""
    monkeypatch.setenv(people.TEACHER, "the teacher's own")
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda self: {"cifar7_me": TOKEN}))
    tiny.make_set(empty_home / "data")
    people.rename(empty_home / "runs", "A" * 32, "Ada *Lovelace*")
    queue.enqueue(
        empty_home / "runs", tiny.SPEC, tiny.config(), "tiny", by=Person(people.public_id("A" * 32))
    )
    return empty_home / "runs"


def test_the_teacher_sees_the_queue_and_can_stop_a_run(served: Path) -> None:
    people.make_teacher(served, TOKEN)
    app = open_app().switch_page(pages.SERVER.file).run()
    text = " ".join(element.value for element in app.markdown)
    assert r"Ada \*Lovelace\*" in text
    assert not app.exception
    (stop,) = [button for button in app.button if button.label == "Stop"]
    stop.click().run()
    assert [run.status()["state"] for run in list_runs(served)] == ["stopped"]
    assert "Limits in force" in " ".join(element.value for element in app.html)


def test_others_have_no_way_to_it(served: Path) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_app().switch_page(pages.SERVER.file)


def test_all_is_well_or_what_to_do() -> None:
    assert verdict(WELL) == (
        True,
        "All is well: 0\N{NO-BREAK SPACE}runs are trained, 0\N{NO-BREAK SPACE}runs wait.",
    )
    good, words = verdict(replace(WELL, memory_free=500_000_000, disk_free=1_000_000_000))
    assert not good
    assert "Only 0.5" in words
    assert "Only 1.0" in words
    waiting = (RunFolder(Path("x")),)
    assert "no worker serves them" in verdict(replace(WELL, workers=(), waiting=waiting))[1]


def test_a_device_that_is_lost_again_and_again_is_told() -> None:
    told = Published("NVIDIA T4", "cuda", lost=MOST_LOST, trouble="the device no longer answers")
    good, words = verdict(replace(WELL, workers=(replace(IDLE, told=told),)))
    assert not good
    assert words == (
        "3\N{NO-BREAK SPACE}workers in a row lost the device NVIDIA T4 (the device no longer answers): start "
        "this machine anew, or train on the CPU."
    )
    assert verdict(replace(WELL, workers=(replace(IDLE, told=replace(told, lost=MOST_LOST - 1)),)))[0]


def test_why_a_gpu_is_not_used_stands_with_its_worker(served: Path) -> None:
    people.make_teacher(served, TOKEN)
    (served / "workers").mkdir()
    queue.worker_lock(served, "auto").touch()
    publish(queue.worker_lock(served, "auto"), Published("CPU, 2 cores", "cpu", "The GPU *T4* is not used."))
    app = open_app().switch_page(pages.SERVER.file).run()
    assert r"The GPU \*T4\* is not used\." in [element.value for element in app.warning]


def test_a_worker_in_a_line() -> None:
    told = replace(IDLE, told=Published("NVIDIA T4", "cuda"))
    assert worker_words(told) == f"{worker_words(IDLE)}, trains on NVIDIA T4"
    assert worker_words(IDLE) == "Worker for auto: alive (process 77, 2.5\N{NO-BREAK SPACE}GB of memory)"
    assert "not running" in worker_words(replace(IDLE, alive=False))
