"""The gallery's sprite and its HTML, and the rows behind the confusion matrix."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cifar7.ui.pictures import gallery, matrix_chart
from cifar7.ui.pictures.gallery import Tile
from cifar7.ui.words.wording import ago, count, duration, plain, probability


def pictures(number: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (number, 3, 32, 32), dtype=np.uint8)


def tile(text: str = "cat") -> Tile:
    return Tile((("true", text),), alt=f"a {text}")


def test_every_tile_shows_its_own_picture():
    images = pictures(23)  # 20 in the first row of the sprite, 3 in the second
    page = gallery.grid(images, [tile()] * 23, size=64)
    png = re.search(r"data:image/png;base64,([^)]+)\)", page)[1]
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))
    assert sheet.shape == (2 * 32, 20 * 32, 3)
    places = re.findall(r"background-position:-(\d+)px -(\d+)px", page)
    assert len(places) == 23
    for image, (left, top) in zip(images, places, strict=True):
        # 64 CSS pixels a picture of 32 pixels: the sprite is shown twice as large.
        x, y = int(left) // 2, int(top) // 2
        assert (sheet[y : y + 32, x : x + 32] == np.moveaxis(image, 0, -1)).all()


def test_a_class_name_cannot_be_markup():
    name = '<img src=x onerror="alert(1)">'
    page = gallery.grid(pictures(1), [Tile((("true", name),), alt=name, hint=name)], label=name)
    assert "<img" not in page
    assert 'onerror="' not in page


def test_a_tile_is_needed_for_each_picture():
    with pytest.raises(ValueError, match="2 pictures and 1 tiles"):
        gallery.grid(pictures(2), [tile()])


COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 4, 6]])
CLASSES = ("a", "b", "c")


def test_errors_have_a_scale_of_their_own():
    table = pd.DataFrame(matrix_chart.rows(COUNTS, CLASSES)).set_index(["true", "predicted"])
    # Each class has 10 pictures. The largest error is 4 of 10; the diagonal keeps its share.
    assert table.strength["c", "b"] == 1.0
    assert table.strength["a", "b"] == pytest.approx(0.5)
    assert table.strength["a", "a"] == pytest.approx(0.8)
    assert table["count"].sum() == COUNTS.sum()
    assert table.shown["a", "c"] == "", "0 is left out"
    assert not table.picked.any()


@pytest.mark.parametrize(
    ("chosen", "picked"),
    [
        ((2, 1), {("c", "b")}),
        ((0, 0), {("a", "a")}),
        ((0, None), {("a", "b"), ("a", "c")}),
        ((None, 1), {("a", "b"), ("c", "b")}),
    ],
)
def test_the_cells_inside_the_filter_are_framed(chosen, picked):
    table = pd.DataFrame(matrix_chart.rows(COUNTS, CLASSES, chosen))
    framed = table[table.picked]
    assert set(zip(framed.true, framed.predicted, strict=True)) == picked


def test_a_class_without_pictures_does_no_harm():
    table = pd.DataFrame(matrix_chart.rows(np.array([[0, 0], [1, 1]]), ("none", "some")))
    assert table.of_true.tolist() == [0, 0, 0.5, 0.5]


def drawn(names: tuple[str, ...], order: list[str]) -> dict[str, object]:
    counts = np.eye(len(names), dtype=int) + np.eye(len(names), k=1, dtype=int)
    return matrix_chart.heatmap(matrix_chart.rows(counts, names), order, "#000")


def test_places_in_the_matrix_are_numbers_whatever_the_classes_are_called():
    names = ("__proto__", "constructor", "a'b\"]")
    drawing = drawn(names, ["constructor", "__proto__", "a'b\"]"])
    cells = {(cell["row"], cell["column"]): cell for cell in drawing["data"]["values"]}
    assert len(cells) == 9
    assert (cells[1, 0]["true"], cells[1, 0]["predicted"]) == ("__proto__", "constructor")
    assert cells[1, 0]["words"] == "true class: __proto__; predicted: constructor; images: 1"
    for channel in ("x", "y"):
        encoding = drawing["encoding"][channel]
        assert encoding["scale"]["domain"] == [0, 1, 2]
        assert encoding["axis"]["labelExpr"].startswith('slice([" constructor", " __proto__", ')


def test_of_many_classes_the_filled_cells_are_drawn_without_names():
    names = tuple(f"n{at}" for at in range(200))
    drawing = drawn(names, list(names))
    assert len(drawing["data"]["values"]) == 200 + 199
    assert not drawing["encoding"]["x"]["axis"]["labels"]
    part = drawn(names, ["n7", "n8"])
    assert [(c["true"], c["predicted"]) for c in part["data"]["values"]] == [
        ("n7", "n7"), ("n7", "n8"), ("n8", "n7"), ("n8", "n8"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "100"), (0.99999, "99.99"), (0.9991, "99.91"), (0.993, "99.3"), (0.5, "50"), (0.0, "0")],
)
def test_only_certainty_is_a_hundred_percent(value, words):
    assert probability(value) == f"{words}\u00a0%"


def test_times_and_numbers_in_words():
    space = "\u00a0"
    assert duration(59.4) == f"59{space}s"
    assert duration(185) == f"3{space}min 05{space}s"  # 3 * 60 + 5
    assert duration(7620) == f"2{space}h 07{space}min"  # 2 * 3600 + 7 * 60
    assert ago(59) == "just now"
    assert ago(3 * 24 * 3600) == "3 days ago"
    assert count(1, "epoch") == f"1{space}epoch"
    assert count(45000, "image") == f"45,000{space}images"


def test_foreign_text_is_no_markdown():
    assert plain("a_b [x](y) $z$ :red[!]") == r"a\_b \[x\]\(y\) \$z\$ \:red\[\!\]"


def test_where_room_is_short_the_name_is_cut_and_not_the_number():
    html = gallery.grid(pictures(1), [Tile((("true", "<arrow past dot>", "98 %"),), alt="one")])
    assert '<span class="true"><i>&lt;arrow past dot&gt;</i><b>98 %</b></span>' in html
