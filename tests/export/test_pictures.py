"""Curves, confusion matrix and sheet of mistakes: they show the run's own figures and pictures."""

from __future__ import annotations

import io
from pathlib import Path

import handmade
import numpy as np
import pytest
from PIL import Image

from cifar7.data import library
from cifar7.export import pictures
from cifar7.export.record import Record, read_record
from cifar7.results.predictions import Predictions


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    folder = tmp_path_factory.mktemp("place")
    handmade.make_set(folder / "data")
    return read_record(handmade.make_run(folder), folder / "data")


def test_the_curves_are_the_recorded_epochs(record: Record) -> None:
    shown = {
        measure: {
            (row["series"], row["epoch"]): row["value"]
            for row in pictures.curve(record, measure)["data"]["values"]
        }
        for measure in ("accuracy", "loss")
    }
    for epoch in range(1, 5):
        at = epoch - 1
        assert shown["accuracy"]["training images", epoch] == handmade.TRAIN[at]
        assert shown["accuracy"]["held-out images", epoch] == handmade.WATCHED[at]
        assert shown["loss"]["training, while learning", epoch] == handmade.LOSSES[at][0]
        assert shown["loss"]["held-out images", epoch] == handmade.LOSSES[at][1]
    assert [len(values) for values in shown.values()] == [8, 8]


def test_the_matrix_counts_and_shades(record: Record) -> None:
    cells = {(c["true"], c["predicted"]): c for c in pictures.matrix(record.predictions)["data"]["values"]}
    for true in range(3):
        for said in range(3):
            count = handmade.CONFUSION[true][said]
            assert cells[true, said]["shown"] == (str(count) if count else "")
    assert cells[0, 0]["strength"] == pytest.approx(0.7)  # 7 of 10
    assert cells[1, 0]["strength"] == pytest.approx(1.0)  # the largest error, 4 of 10
    assert cells[0, 1]["strength"] == pytest.approx(2 / 4)  # 2 of 10 beside it


def test_the_charts_are_pictures(record: Record) -> None:
    hostile = Predictions(
        record.predictions.probabilities, record.predictions.labels, ("a'b\"]; alert(1)", "constructor", "\\")
    )
    for png in (pictures.curves_png(record), pictures.confusion_png(hostile)):
        with Image.open(io.BytesIO(png)) as picture:
            assert picture.format == "PNG"
            pixels = np.asarray(picture.convert("RGB"))  # (H, W, 3)
        assert (pixels[:3, :3] == 255).all()  # light
        assert (pixels != 255).any(axis=2).mean() > 0.02  # something stands there


def test_the_sheet_shows_the_surest_mistakes_with_their_pictures(record: Record, tmp_path: Path) -> None:
    sure = record.predictions.probabilities.copy()
    # The mistakes are at 7, 8, 9 (blue), 10..13, 19 (green) and 20 (red): make number 12 the surest.
    sure[12] = (0.98, 0.01, 0.01)
    predictions = Predictions(sure, record.predictions.labels, handmade.CLASSES)
    images = record.images.test.images
    with Image.open(io.BytesIO(pictures.mistakes_png(predictions, images))) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))  # (H, W, 3)
    left, top = pictures.GAP, pictures.LINE + 2 * pictures.GAP
    scale = pictures.TILE // 32
    first = pixels[top : top + pictures.TILE : scale, left : left + pictures.TILE : scale]  # (32, 32, 3)
    assert (first == np.moveaxis(images[12], 0, -1)).all()
    second = pixels[top : top + pictures.TILE : scale, left + pictures.TILE + pictures.GAP :][
        :, : pictures.TILE : scale
    ]
    assert (second == np.moveaxis(images[7], 0, -1)).all()  # equally sure ones in the order of the set
    label = pixels[top + pictures.TILE : top + pictures.TILE + 2 * pictures.LINE, left : left + pictures.TILE]
    assert {tuple(p) for row in label for p in row.tolist()} >= {(0x00, 0x9E, 0x73), (0xCC, 0x79, 0xA7)}


def test_a_network_without_mistakes_gets_a_sheet_that_says_so(record: Record) -> None:
    right = np.eye(3, dtype=np.float32)[record.predictions.labels]
    predictions = Predictions(right, record.predictions.labels, handmade.CLASSES)
    with Image.open(io.BytesIO(pictures.mistakes_png(predictions, record.images.test.images))) as sheet:
        pixels = np.asarray(sheet.convert("L"))
    assert (pixels < 128).any()


def test_the_pictures_are_of_the_set_that_the_run_was_trained_on(record: Record) -> None:
    assert record.images.name == "colours"
    assert record.images.fingerprint == record.environment["data"]["fingerprint"]
    assert record.images.name != library.OFFICIAL


def test_probabilities_say_certain_of_certainty_alone() -> None:
    assert [pictures._probability(p) for p in (1.0, 0.999, 0.5)] == ["100 %", "99 %", "50 %"]


def many(classes: int, names: tuple[str, ...] | None = None) -> Predictions:
    """Two pictures a class, all right but those of the last three, each taken for the next of these once."""
    labels = np.repeat(np.arange(classes), 2)
    said = labels.copy()
    said[-6::2] = [classes - 2, classes - 1, classes - 3]
    names = names or tuple(f"n{at:08d}" for at in range(classes))
    return Predictions(np.eye(classes, dtype=np.float32)[said], labels, names)


def test_of_many_classes_those_confused_most_are_drawn_with_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[dict[str, object]] = []
    monkeypatch.setattr(pictures, "draw", lambda drawing: drawn.append(drawing) or b"")
    pictures.confusion_png(many(200))
    whole, part = drawn[0]["hconcat"]  # type: ignore[misc]
    assert (whole["title"], part["title"]) == ("All 200 classes", "The 3 most often confused")
    assert part["encoding"]["x"]["scale"]["domain"] == [197, 198, 199]
    assert part["encoding"]["x"]["axis"]["labels"]
    assert not whole["encoding"]["x"]["axis"]["labels"]
    # 200 cells of the diagonal and 3 mistakes; what is empty is not drawn.
    assert len(whole["data"]["values"]) == 203
    assert [cell["shown"] for cell in part["data"]["values"]] == ["1", "1", "", "", "1", "1", "1", "", "1"]


def test_many_classes_are_a_picture() -> None:
    with Image.open(io.BytesIO(pictures.confusion_png(many(60)))) as picture:
        assert picture.width > 1.2 * picture.height
