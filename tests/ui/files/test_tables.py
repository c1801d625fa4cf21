"""Tables and drawings that are shown and taken away."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cifar7.export.pictures import draw
from cifar7.results.calibration import reliability
from cifar7.results.compare import CurvePoint
from cifar7.results.predictions import Predictions
from cifar7.ui.compare import curves as overlaid
from cifar7.ui.files import paper, take_away
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.mistakes import reliability as diagram
from cifar7.ui.pictures import attention_html, matrix_chart, probabilities
from cifar7.ui.pictures.matrix_chart import Look
from cifar7.ui.shell.sheets import PAGE

TABLE = Table(
    "Figures",
    (Column("Class", text=True), Column("Recall", "Of the pictures …")),
    (("=cmd()", "50.0 %"), ("<b>", "100.0 %")),
    (("=cmd()", 0.5), ("<b>", 1.0)),
)


def test_a_name_is_neither_markup_nor_formula():
    assert "<b>" not in TABLE.html()
    assert "&lt;b&gt;" in TABLE.html()
    rows = list(csv.reader(io.StringIO(TABLE.csv().decode("utf-8-sig"))))
    assert rows == [["Class", "Recall"], ["'=cmd()", "0.5"], ["<b>", "1.0"]]
    frame = take_away.frame_csv(pd.DataFrame({"class": ["=1+1", "-x"], "value": [-1, 2]})).decode("utf-8-sig")
    assert frame.splitlines() == ["class,value", "'=1+1,-1", "'-x,2"], "a negative number stays one"


def picture(drawing: dict) -> Image.Image:
    return Image.open(io.BytesIO(draw({"width": 400, **drawing})))


def test_every_drawing_becomes_a_picture():
    said = Predictions(np.array([[0.9, 0.1], [0.6, 0.4]], np.float32), np.array([0, 1]), ("a", "b"))
    points = [CurvePoint("A", "held-out accuracy", epoch, 2.0 * epoch, 0.5) for epoch in (1, 2)]
    curves = overlaid.rows(points, "accuracy")
    pairs = [{"side": side, "seed": 1, "accuracy": 0.5} for side in ("without", "with")]
    for drawing in (
        diagram.diagram(diagram.rows(reliability(said))),
        probabilities.bars(probabilities.rows(("a", "b"), (0.9, 0.1), 1)),
        overlaid.chart(curves, "A", "accuracy", "epoch"),
        overlaid.chart(curves, "A", "accuracy", "time"),
        overlaid.pairs(pairs, ("without", "with")),
        matrix_chart.heatmap(matrix_chart.rows(said.confusion(), said.classes), "ab", "#000").to_dict(),
    ):
        is_drawn(picture(drawing))
    is_drawn(Image.open(io.BytesIO(TABLE.png())))


def is_drawn(image: Image.Image) -> None:
    pixels = np.asarray(image.convert("L"))
    assert min(pixels.shape) >= 80
    assert (pixels < 200).mean() > 0.002, "something is drawn"


def test_no_name_breaks_a_picture():
    names = tuple((name, "1") for name in ("a\x00b", "\ud800", "</text>", "var(--c7-none)", "&#0;"))
    table = Table('<"&\x1b', (Column("]]>", text=True), Column("n")), names)
    is_drawn(Image.open(io.BytesIO(table.png())))


def test_the_colours_on_paper_are_the_light_ones_of_the_page():
    for name, colour in paper.LIGHT.items():
        assert f"--c7-{name}: light-dark({colour}, " in PAGE


# Of 10 a: 8 a, 2 b. Of 10 b: 1 a, 9 b. Of 10 c: 4 b, 6 c.
COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 4, 6]])


def cells(**options) -> pd.DataFrame:
    return matrix_chart.rows(COUNTS, ("a", "b", "c"), **options).set_index(["true", "predicted"])


def test_by_row_and_by_column():
    row, column = cells(look=Look("recall")), cells(look=Look("precision"))
    assert row.shown["c", "b"] == "40"  # 4 of 10
    assert column.shown["c", "b"] == "27"  # 4 of 2 + 9 + 4
    assert column.value["a", "a"] == pytest.approx(8 / 9)
    assert row.groupby("true").value.sum().tolist() == pytest.approx([1, 1, 1])
    assert column.groupby("predicted").value.sum().tolist() == pytest.approx([1, 1, 1])


def test_errors_only_leaves_the_diagonal_out():
    table = cells(look=Look(errors_only=True))
    assert len(table) == 6
    assert table["count"].sum() == 7


def test_the_difference_to_another_run():
    other = np.array([[9, 1, 0], [1, 9, 0], [0, 8, 2]])
    table = cells(other=other)
    assert table.shown["c", "b"] == "−4"
    assert table.kind["c", "b"] == "fewer"
    assert table.shown["a", "b"] == "+1"
    assert table.kind["a", "b"] == "more"
    assert table.strength["c", "b"] == 1.0, "the largest change"
    assert table.strength["a", "b"] == pytest.approx(0.25)
    assert table.shown["b", "b"] == ""


def test_bars_say_which_class_is_which():
    rows = probabilities.rows(("a", "b", "c"), (0.2, 0.7, 0.1), 0)
    assert [row["role"] for row in rows] == ["true", "predicted", "other"]
    assert probabilities.words(rows) == "b 70\u00a0%, a 20\u00a0%, c 10\u00a0%"
    right = probabilities.rows(("a", "b"), (0.9, 0.1), 0)
    assert [row["role"] for row in right] == ["true", "other"]


def test_the_overlay_is_bright_where_the_map_is_strong():
    strength = np.zeros((32, 32), np.float32)
    strength[8:16, 8:16] = 1
    white = np.full((3, 32, 32), 255, np.uint8)
    lit = attention_html.overlay(white, strength)
    assert lit.shape == (256, 256, 3)
    assert (lit[96, 96] == 255).all(), "the middle of the strong square"
    assert lit[200, 200].tolist() == [45, 45, 45]  # 0.18 of 255
    line = (lit == attention_html.LINE).all(axis=-1)
    assert line.any()
    inside = np.argwhere(line)
    assert inside.min() >= 60, "around the square of pixels 64 to 127"
    assert inside.max() <= 132


def test_the_line_goes_around_half_of_the_strongest():
    ramp = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))  # from left to right
    lit = attention_html.overlay(np.zeros((3, 32, 32), np.uint8), ramp)
    line = (lit == attention_html.LINE).all(axis=-1)
    columns = np.flatnonzero(line.any(axis=0))
    assert columns.size == 2, "the left edge of the stronger half; the picture's border is none"
    assert abs(columns.mean() - 128) < 8


def test_curves_bear_the_runs_letters():
    points = [
        CurvePoint("B", "train loss", 1, 3.0, 1.5),
        CurvePoint("B", "held-out accuracy", 1, 3.0, 0.4),
    ]
    assert overlaid.rows(points, "loss") == [
        {"run": "B", "figure": "training images", "epoch": 1, "seconds": 3.0, "value": 1.5}
    ]
    assert overlaid.rows(points, "accuracy")[0]["figure"] == "held-out images"
