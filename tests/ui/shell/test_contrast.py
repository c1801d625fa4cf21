"""Every line of a chart is seen in both themes: a contrast of at least 3:1 to the page (WCAG 1.4.11)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
import tomllib
from where import ROOT

from cifar7.network.profiles import PROFILES
from cifar7.results.calibration import Bin
from cifar7.results.compare import CurvePoint
from cifar7.training.config import TrainConfig
from cifar7.training.lr_finding import Finding
from cifar7.ui.classroom import chart
from cifar7.ui.compare import curves
from cifar7.ui.design import growth
from cifar7.ui.explore import effect_chart, importance_chart, parallel, pareto
from cifar7.ui.files.paper import LIGHT
from cifar7.ui.mistakes import classes
from cifar7.ui.pictures import matrix_chart, probabilities
from cifar7.ui.shell import palette
from cifar7.ui.train import lr_curve, run_charts
from cifar7.ui.train.run_history import HELD_OUT, TEST

Seen = tuple[str, float]  # a colour and its opacity
THEMES = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
LEAST = 3.0
MARKS = {"line", "rule", "area", "point", "circle", "bar", "text"}  # a rect is a ground, and fainter

FINDING = Finding(0.1, "", 0.01, 0.5, 1.0, (0.001, 0.1, 1.0), (2.3, 1.9, 4.0), (2.3, 1.9, 3.0))
POINTS = [
    CurvePoint(run, figure, 1, 1.0, 0.5) for run in "ABCD" for figure in ("train accuracy", "test accuracy")
]
ROLES = probabilities.rows(["a", "b", "c"], [0.5, 0.3, 0.2], true=1)
BINS = classes.reliability_rows([Bin(0.5, 1.0, 0.8, 0.7, 4)])
CELL = {"true": "a", "predicted": "a", "value": 1, "picked": True, "count": 1}

# Where charts are drawn, and what is drawn there.
DRAWN: dict[str, list[dict[str, Any]]] = {
    "design/side.py": [growth.SPEC],
    "train/page.py": [run_charts.schedule(TrainConfig(), 4)],
    "train/run_view.py": [
        run_charts.curves(measure, 3, watched)
        for measure in run_charts.MEASURES
        for watched in (HELD_OUT, TEST)
    ],
    "train/lr_test.py": [lr_curve.curve(FINDING)],
    "pictures/probabilities.py": [probabilities.bars(ROLES)],
    "pictures/matrix_chart.py": [matrix_chart.heatmap([CELL], ["a"], "INK")],
    "mistakes/classes.py": [classes.reliability_diagram(BINS)],
    "compare/runs.py": [curves.chart(curves.rows(POINTS, "accuracy"), "ABCD", "accuracy", "epoch")],
    "classroom/page.py": [chart.drawing([], PROFILES["strict"], chart.references(official=True))],
    "classroom/projector.py": [
        chart.drawing([], PROFILES["strict"], chart.references(official=True), large=True)
    ],
    "explore/findings.py": [
        pareto.drawing([], "parameters", PROFILES["strict"], "all classes"),
        effect_chart.drawing([]),
        parallel.drawing([], (), {}),
    ],
    "explore/importance_chart.py": [importance_chart.drawing([])],
    "compare/experiment.py": [curves.pairs([], ("without", "with"))],
}

INKED = ("design/side.py", "classroom/page.py", "classroom/projector.py", "explore/findings.py")


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1: WCAG 2.2."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def laid_over(colour: str, opacity: float, ground: str) -> str:
    mixed = (
        round(opacity * int(colour[at : at + 2], 16) + (1 - opacity) * int(ground[at : at + 2], 16))
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{value:02x}" for value in mixed)


def seen(drawing: dict[str, Any], above: dict[str, Any], ink: str) -> Iterator[Seen]:
    """The colour and opacity of every mark of a Vega-Lite drawing, the strongest where it depends on data."""
    encoding = {**above, **drawing.get("encoding", {})}
    for layer in drawing.get("layer", []):
        yield from seen(layer, encoding, drawing.get("config", {}).get("text", {}).get("color", ink))
    mark = drawing.get("mark")
    if not mark or mark["type"] not in MARKS:
        return
    opacity = encoding.get("opacity", {})
    strength = opacity.get("condition", opacity).get("value", mark.get("opacity", 1.0))
    if strength == 0:  # only there for the pointer
        return
    marks = [mark, *(mark[part] for part in ("line", "point") if isinstance(mark.get(part), dict))]
    for part in marks if mark["type"] != "area" else marks[1:]:
        colours = encoding["color"]["scale"]["range"] if "color" in encoding else [part.get("color", ink)]
        yield from ((ink if colour == "INK" else colour, strength) for colour in colours)


def test_the_measure_is_wcag_s():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)  # WebAIM's example


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("place", DRAWN)
def test_every_line_of_a_chart_is_seen(place: str, theme: str):
    ground, ink = THEMES[theme]["backgroundColor"], THEMES[theme]["textColor"]
    marks = {mark for drawing in DRAWN[place] for mark in seen(drawing, {}, ink)}
    if place in INKED:  # page.css turns this one into the theme's ink
        marks = {(ink if colour == growth.INK else colour, opacity) for colour, opacity in marks}
    assert marks
    grounds = {ground}
    if place == "design/side.py":  # the lines cross the stripes of the stages
        grounds.add(laid_over(growth.COMPARED, max(growth.STRIPES), ground))
    for behind in grounds:
        found = {mark: contrast(laid_over(*mark, behind), behind) for mark in marks}
        faint = {mark: round(value, 2) for mark, value in found.items() if value < LEAST}
        assert faint == {}, behind


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_the_palette_and_of_the_theme_is_seen(theme: str):
    ground = THEMES[theme]["backgroundColor"]
    named = [value for name, value in vars(palette).items() if name.isupper() and name != "RUNS"]
    for colour in (*named, *palette.RUNS, *THEMES["chartCategoricalColors"], THEMES[theme]["primaryColor"]):
        assert contrast(colour, ground) >= LEAST, colour


def test_charts_are_drawn_nowhere_else():
    places = set()
    for path in (ROOT / "cifar7" / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("st.vega_lite_chart", "charts.show"):
                places.add(path.relative_to(ROOT / "cifar7" / "ui").as_posix())
    assert places - {"shell/charts.py"} == set(DRAWN)


def test_colours_say_the_same_on_paper():
    from cifar7.export import pictures

    for name in ("TRAINING", "HELD_OUT", "TEST", "TRUE", "PREDICTED"):
        assert getattr(pictures, name) == getattr(palette, name)
    assert LIGHT["page"] == THEMES["light"]["backgroundColor"]
