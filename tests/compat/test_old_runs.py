"""Run folders made at a6cdcd7 open in every room and on every page, with the figures that they had."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from compat import record

from cifar7.runs import experiments, queue
from cifar7.runs.folder import RunFolder

NAMES = sorted(path.name for path in record.OLD_RUNS.iterdir())
WITHOUT, WITH = NAMES[:2]
SHOWN = record.read("show")


def named(end: str) -> str:
    return next(name for name in NAMES if name.endswith(end))


@pytest.mark.parametrize(
    "file", sorted(record.OLD_RUNS.glob("*/*.pt")), ids=lambda file: f"{file.parent.name[16:]}-{file.name}"
)
def test_weights_and_checkpoints_hold_nothing_but_tensors_and_plain_data(file: Path) -> None:
    assert torch.load(file, weights_only=True)


@pytest.mark.parametrize("name", record.read("check"))
def test_predictions(name: str) -> None:
    """The recorded share of right answers is that of the predictions, class by class."""
    predictions = RunFolder.open(record.OLD_RUNS, name).predictions()
    confusion = predictions.confusion()
    assert confusion.sum(axis=1).tolist() == [10, 10, 10]
    assert confusion.trace() / 30 == pytest.approx(SHOWN[name]["test_accuracy"])
    right = dict(zip(record.CLASSES, confusion.diagonal() / 10, strict=True))
    assert right == pytest.approx(SHOWN[name]["class_accuracy"])


def test_the_experiment(old_home: Path) -> None:
    (found,) = experiments.find(old_home / "runs")
    assert found.toggle == "C1 dilation 2"
    assert [(part.run.id, part.with_it, part.seed) for part in found.parts] == [
        (WITHOUT, False, 1),
        (WITH, True, 1),
    ]


def test_the_queue(old_home: Path) -> None:
    """One run waits; the one whose process is gone has failed, and can be resumed."""
    runs = old_home / "runs"
    assert [run.id for run in queue.waiting(runs)] == [named("waiting")]
    assert [run.id for run in queue.reconcile(runs)] == [named("orphan")]
    orphan = RunFolder.open(runs, named("orphan"))
    orphan.request_resume()
    assert orphan.status()["state"] == "queued"


@pytest.fixture
def old_pages(pages, old_home):
    """The pages over the old runs."""
    return pages


def text_of(app) -> str:
    blocks = [*app.markdown, *app.html, *app.metric, *app.info, *app.warning, *app.error, *app.caption]
    return " ".join(str(block.value) for block in blocks).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("end", "figure"),
    [
        ("finished-without", "70.0"),
        ("-paused", "[paused]"),
        ("-stopped", "70.0"),
        ("-failed", "The loss stopped being a finite number at step 9 of 20"),
        ("-stopped-early", "Stopped before it began"),
        ("-orphan", "step 7 is kept"),
    ],
)
def test_the_train_page(end: str, figure: str, old_pages) -> None:
    assert figure in text_of(old_pages.open("train", run=named(end)))


def test_the_mistakes_page(old_pages) -> None:
    text = text_of(old_pages.open("mistakes", run=WITHOUT))
    assert "70.0 %" in text  # of 30 images
    assert "**9**" in text


def test_the_compare_page(old_pages) -> None:
    app = old_pages.open("compare", runs=f"{WITHOUT},{WITH}")
    assert "70.0 %" in text_of(app)
    app.session_state["kept_compare_view"] = "toggle"
    app.run()
    assert not app.exception
    assert any("C1 dilation 2" in option for box in app.selectbox for option in box.options)


def test_the_hand_in_page(old_pages) -> None:
    assert "70" in text_of(old_pages.open("handin", run=WITHOUT))
