"""The pages beside damaged folders and on a disk without room: told in words, and all else is as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Pages
from laid import lay_tested
from runs.damage import laid, plant_all
from streamlit.testing.v1 import AppTest

from cifar7.ui.pictures import inference
from cifar7.ui.shell import messages
from cifar7.ui.train import download, run_control

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and links are made otherwise there")


def texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def test_the_list_shows_damaged_runs_as_such_and_their_page_says_why(home: Path, pages: Pages) -> None:
    good, planted = laid(home / "runs"), plant_all(home / "runs")
    shown = texts(pages.open("train"))
    assert shown.count(":red-badge[damaged]") == 7  # of eight in the list the good one is the newest
    assert "20260101-000000-damaged-loop: status.json lies behind a link" in shown.replace("\\", "")
    assert pages.app.button(key=f"open_{good.id}")
    app = pages.open("train", run=planted["pipe"].id)
    (error,) = app.error
    assert "is damaged (it is a pipe); choose another run" in error.value.replace("\\", "")
    for page in ("mistakes", "compare", "handin"):
        pages.open(page)


def needed(page: str) -> set[str]:
    """The files without which a page cannot show what it is for."""
    return {
        "mistakes": {"predictions.npz"},
        "compare": {"spec.json", "config.json"},
        "handin": {"spec.json", "config.json", "predictions.npz"},
    }[page]


@pytest.mark.parametrize(
    "garbled",
    [
        {"spec.json": "{"},
        {"config.json": '{"epochs": "many"}', "environment.json": "[]", "events.jsonl": "[1]\n{}\n"},
        {"predictions.npz": "none", "model.pt": "none", "checkpoint.pt": "none", "experiment.json": "[]"},
    ],
    ids=lambda garbled: next(iter(garbled)),
)
def test_a_garbled_file_is_told_on_every_page(home: Path, pages: Pages, garbled: dict[str, str]) -> None:
    good, run = lay_tested(home), lay_tested(home)
    for name, content in garbled.items():
        (run.path / name).write_text(content)
    for page in ("train", "mistakes", "compare", "handin"):
        app = pages.open(page, run=run.id, runs=f"{good.id},{run.id}")
        assert app.error or app.warning or page == "train" or not needed(page) & garbled.keys(), page
    if {"spec.json", "config.json"} & garbled.keys():
        assert pages.open("train", run=run.id).error
    assert not pages.open("train", run=good.id).error


def test_weights_that_are_none_are_told_beside_the_picture(home: Path, pages: Pages) -> None:
    run = lay_tested(home)
    (run.path / "model.pt").write_bytes(b"none")
    app = pages.open("mistakes", run=run.id)
    app.session_state["kept_mistakes_view"] = "pictures"
    app.run()
    assert not app.exception
    with pytest.raises(ValueError, match="holds no weights"):
        inference._module(run)


def test_what_a_button_cannot_write_is_told(
    home: Path, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(28, "No space left on device")

    def no_room(*_: object, **__: object) -> None:
        raise full

    run = laid(home / "runs")
    app = pages.open("train", run=run.id)
    monkeypatch.setattr("cifar7.runs.files.replacing", no_room)
    for key in ("train_stop", "train_pause", "train_queue"):
        app.button(key=key).click().run()
        assert not app.exception
        (told,) = [error.value for error in app.error]
        assert "the disk is full; make room and try again" in told
    monkeypatch.setattr(messages, "trouble", lambda folder: "the disk is full; make room and try again")
    assert "Nothing new can be saved: the disk is full" in texts(app.run())
    assert run.status()["state"] == "queued"
    assert run_control.can_resume(run, run.status()) is False


def test_a_download_that_cannot_begin_is_told(
    home: Path, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    app = pages.open("train")
    app.radio(key="train_data").set_value("cifar10").run()
    monkeypatch.setattr(download.children, "start", no_room)
    app.button(key="train_download").click().run()
    assert not app.exception
    (toast,) = app.toast
    assert "the disk is full; make room and try again" in toast.value
