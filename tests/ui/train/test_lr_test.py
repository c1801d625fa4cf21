"""The learning-rate test on the Train page: asked for, waited for, shown, used; and its drawing."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import tiny
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from where import APP

from cifar7.data import library
from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder
from cifar7.runs.kinds import KINDS
from cifar7.runs.status import Status, fresh
from cifar7.training.events import RangeStep
from cifar7.training.lr_finding import Finding
from cifar7.ui.files import take_away
from cifar7.ui.train import lr_curve
from cifar7.ui.train.lr_test import progress_words
from cifar7.ui.words.wording import plain


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def started_on(app: AppTest) -> RunFolder:
    """Press the button; the test that is queued then."""
    before = set(waiting())
    app.button(key="find_start").click().run()
    (new,) = set(waiting()) - before
    return new


def waiting() -> list[RunFolder]:
    from cifar7 import paths

    return queue.waiting(paths.runs_dir(), "lr-test")


def carry_out(home: Path) -> None:
    """As the worker does, in this process."""
    torch.set_num_threads(1)
    claim = queue.claim_next(home / "runs")
    assert claim is not None
    execute(claim, lambda name, progress: library.open_set(name, progress, home / "data"))


def end_at_once(home: Path) -> None:
    """As if the worker had come to FINDING, where only that it has ended matters."""
    claim = queue.claim_next(home / "runs")
    assert claim is not None
    claim.end("finished", None, {**FINDING.to_dict(), "seconds": 1.0})
    claim.release()


@pytest.fixture
def small(pages) -> AppTest:
    """The Train page with the tiny network's design and its settings."""
    app = pages.open("train")
    app.session_state["cifar7_config"] = tiny.config()
    app.session_state["cifar7_design"] = app.session_state["cifar7_valid"] = tiny.SPEC
    return app.run()


def test_the_way_from_the_question_to_the_rate_in_use(home, small):
    test = started_on(small)
    assert (test.spec(), test.config(), test.data_name()) == (tiny.SPEC, tiny.config(), "tiny")
    assert (small.progress[0].value, small.progress[0].text) == (0, "Starting")
    assert "Pause that run" not in said(small)
    carry_out(home)
    small.run()
    result = test.status()["result"]
    assert plain(result["reason"]) in said(small)
    assert not small.progress
    rate = result["suggestion"]
    assert rate is not None
    assert rate != 0.1, "the rate that is set would have to be used all the same"
    small.button(key="find_use").click().run()
    assert small.number_input(key="recipe_lr").value == rate
    assert small.button(key="find_use").disabled
    assert small.button(key="find_use").label == f"{rate:g} is set"
    assert "another design" not in said(small), "its own learning rate is not what it was tested with"


def test_the_design_and_what_is_chosen_on_the_page_are_tested(home, pages):
    app = pages.open("train")
    app.number_input(key="recipe_batch_size").set_value(32).run()
    test = started_on(app)
    assert (test.spec(), test.config().batch_size) == (preset("starter").with_classes(3), 32)


def test_it_says_when_what_was_tested_is_not_what_stands_there_now(home, small):
    started_on(small)
    end_at_once(home)
    assert "another design" not in said(small.run())
    small.number_input(key="recipe_epochs").set_value(5).run()
    assert "another design" not in said(small), "how long the run is to be is not read"
    small.number_input(key="recipe_batch_size").set_value(32).run()
    assert "another design" in said(small)


def test_while_a_run_is_trained_it_waits_and_says_for_what(home, small):
    claim = queue.start_here(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.update(progress={"event": "beat", "seconds_left": 75.0})
    started_on(small)
    assert small.progress[0].text == (
        "Waits for the run that is training, Tiny Net (1\u00a0min 15\u00a0s left); it comes next"
    )
    assert "Pause that run" not in said(small), "it may be somebody else's"
    small.query_params["run"] = claim.run.id
    assert "Pause that run" in said(small.run())
    claim.release()


def test_how_far_it_is_is_told():
    running: Status = {**fresh("Tiny", "tiny", "auto"), "state": "running"}
    progress = RangeStep(step=30, steps=120, lr=0.1, loss=2.0).to_dict()
    assert progress_words({**running, "progress": progress}, None) == (0.25, "Step 30 of 120")
    preparing = {"what": "reading_it", "done": 1, "total": 20}
    words = progress_words({**running, "phase": "data", "preparing": preparing}, None)[1]
    assert words == plain("reading_it") + ": 5\u00a0%"
    assert progress_words(running, None)[1] == "Starting: loading libraries"


def test_it_can_be_stopped_and_asked_again(home, small):
    test = started_on(small)
    small.button(key="find_stop").click().run()
    assert test.status()["state"] == "stopped"
    assert "Stopped before it began. So there is nothing to suggest." in said(small).replace("\\", "")
    assert "find_use" not in keys(small)
    again = started_on(small)
    assert again != test


def test_a_failure_is_told_in_words(home, small):
    started_on(small)
    claim = queue.claim_next(home / "runs")
    claim.end("failed", "The memory is not enough.")
    claim.release()
    small.run()
    assert "The memory is not enough." in said(small).replace("\\", "")
    assert small.button(key="find_start").label == "Test again"


def test_a_test_that_is_no_longer_kept_is_forgotten(home, small):
    started_on(small)
    for path in (home / "runs").glob("lr-test-*/*"):
        path.unlink()
    small.run()
    assert small.button(key="find_start").label == "Test the learning rate"


def test_too_many_waiting_is_told_in_words(home, small, monkeypatch):
    monkeypatch.setitem(KINDS, "lr-test", replace(KINDS["lr-test"], most_waiting=0))
    small.button(key="find_start").click().run()
    assert "tests of a learning rate are waiting already" in said(small)
    assert waiting() == []


def test_two_browsers_have_a_test_each(home, small, pages):
    mine = started_on(small)
    other = AppTest.from_file(str(APP), default_timeout=60)
    other.run()
    other.switch_page("cifar7/ui/train/page.py").run()
    assert other.button(key="find_start").label == "Test the learning rate", "the other's test is not shown"
    theirs = started_on(other)
    other.button(key="find_stop").click().run()
    assert (mine.status()["state"], theirs.status()["state"]) == ("queued", "stopped")
    end_at_once(home)
    assert "find_use" in keys(small.run())
    assert "find_use" not in keys(other.run())


def test_a_refresh_finds_it_again_and_another_id_does_no_harm(home, small, pages):
    test = started_on(small)
    assert small.query_params["find"] == test.id
    fresh = type(pages)()
    app = fresh.open("train", find=test.id)
    assert app.progress[0].text == "Starting"
    app = type(pages)().open("train", find="../../etc")
    assert app.button(key="find_start").label == "Test the learning rate"
    assert "find" not in app.query_params


def test_what_cannot_be_trained_cannot_be_tested(pages):
    from cifar7.network import edits

    app = pages.open("train")
    broken = edits.set_kind(edits.set_channels(preset("starter"), "C4", 127), "C4", "grouped", 5)
    app.session_state["cifar7_design"] = broken
    app.run()
    assert app.button(key="find_start").disabled


FINDING = Finding(
    suggestion=0.2,
    reason="Because.",
    moving=0.01,
    lowest=1.0,
    too_large=3.0,
    rates=(0.001, 0.01, 0.1, 1.0, 10.0),
    losses=(2.3, 9.0, 2.0, 1.5, 6.0),
    smoothed=(2.3, 2.2, 2.0, 1.5, 5.0),
)


def test_the_drawing_marks_the_suggestion_and_what_is_too_large():
    shade, raw, bold, line, label, _ = lr_curve.curve(FINDING)["layer"]
    assert shade["data"]["values"] == [{"learning rate": 3.0, "end": 10.0}]
    assert (raw["encoding"]["y"]["field"], bold["encoding"]["y"]["field"]) == ("loss", "smoothed")
    assert line["data"]["values"][0]["learning rate"] == 0.2
    assert label["data"]["values"][0]["words"] == "0.2"
    x = lr_curve.curve(FINDING)["encoding"]["x"]  # of every layer
    assert (x["scale"]["type"], x["scale"]["domain"]) == ("log", [0.001, 10.0])
    assert x["axis"]["values"] == pytest.approx([0.001, 0.01, 0.1, 1.0, 10.0])
    # The spike of 9 and the explosion leave the drawing: 1.35 times the 2.3 of the start.
    assert lr_curve.curve(FINDING)["encoding"]["y"]["scale"]["domain"][1] == pytest.approx(3.105)
    assert "too large" in lr_curve.legend(FINDING)


def test_a_test_that_told_nothing_is_drawn_without_marks():
    nothing = replace(FINDING, suggestion=None, too_large=None)
    assert len(lr_curve.curve(nothing)["layer"]) == 3
    assert lr_curve.legend(nothing).count(":") == 2


def test_it_is_taken_away_as_picture_and_numbers(monkeypatch):
    taken = {}
    monkeypatch.setattr(
        take_away, "buttons", lambda name, drawing, rows: taken.update({name: (drawing(), rows())})
    )
    take_away.rows("rate", lr_curve.curve(FINDING), lr_curve.rows(FINDING), lr_curve.COLUMNS)
    drawing, numbers = taken["rate"]
    frame = pd.read_csv(io.BytesIO(numbers))
    assert list(frame.columns) == ["learning rate", "loss", "smoothed"]
    assert frame["loss"].tolist() == list(FINDING.losses)
    from cifar7.export.pictures import draw

    picture = Image.open(io.BytesIO(draw({"width": 560, **drawing}))).convert("RGB")
    assert len(set(picture.getdata())) > 20, "not blank"
