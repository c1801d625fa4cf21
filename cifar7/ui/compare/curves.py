"""Curves of several runs over each other: a colour, a shape and a letter for each run. No streamlit calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cifar7.results.compare import Axis, CurvePoint
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import Drawing, Rows, category, quantity, scale, tooltip

HEIGHT = 300  # pixels
LETTERS = "ABCD"
SHAPES = ("circle", "square", "triangle-up", "diamond")
COLUMNS = ("run", "figure", "epoch", "seconds", "value")
MARKS = "●■▲◆"  # the shapes as letters
SOLID, DASHED = [1, 0], [5, 3]
_SERIES = {"train": "training images", "held-out": "held-out images", "test": "test images"}


def rows(points: Sequence[CurvePoint], measure: str) -> Rows:
    """The points of `accuracy` or `loss`: the runs by their letters, the series in words."""
    return [
        {
            "run": point.run,
            "figure": _SERIES[point.figure.removesuffix(f" {measure}")],
            "epoch": point.epoch,
            "seconds": round(point.seconds, 2),
            "value": point.value,
        }
        for point in points
        if point.figure.endswith(measure)
    ]


def chart(values: Rows, letters: Sequence[str], measure: str, axis: Axis) -> Drawing:
    """The drawing of `rows` over epochs or seconds; the training images are dashed."""
    is_accuracy = measure == "accuracy"
    runs, count = list(letters), len(letters)
    watched = {"filter": f"datum.figure != '{_SERIES['train']}'"}  # held-out or test images
    last = {"joinaggregate": [{"op": "max", "field": "epoch", "as": "last"}], "groupby": ["run", "figure"]}
    dashes = scale(list(_SERIES.values()), [DASHED, SOLID, SOLID])
    y_axis = {"format": ".0%" if is_accuracy else ".1f", "tickCount": 5}
    return {
        "height": HEIGHT,
        "title": "Accuracy" if is_accuracy else "Loss (cross-entropy, nats)",
        "padding": {"left": 2, "right": 16, "top": 6, "bottom": 2},
        "data": {"values": values},
        "encoding": {
            "x": _x(values, axis),
            "y": quantity("value", axis=y_axis, scale={"zero": False, "nice": True}),
            "color": category("run", **scale(runs, list(palette.RUNS[:count]))),
        },
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.25},
                "encoding": {"strokeDash": category("figure", **dashes), "detail": {"field": "figure"}},
            },
            {
                "transform": [watched],
                "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
                "encoding": {
                    "shape": category("run", **scale(runs, list(SHAPES[:count]))),
                    "tooltip": tooltip(
                        ("run", "run"),
                        ("figure", "of the"),
                        ("epoch", "epoch"),
                        ("seconds", "seconds", ".0f"),
                        ("value", measure, ".1%" if is_accuracy else ".3f"),
                    ),
                },
            },
            {
                "transform": [watched, last, {"filter": "datum.epoch == datum.last"}],
                "mark": {"type": "text", "align": "left", "dx": 7, "fontWeight": 700, "fontSize": 13},
                "encoding": {"text": {"field": "run"}},
            },
        ],
    }


def _x(values: Rows, axis: Axis) -> dict[str, Any]:
    if axis == "time":
        return quantity("seconds", "seconds of training", scale={"nice": False}, axis={"grid": False})
    last = max((row["epoch"] for row in values), default=1)
    return quantity(
        "epoch",
        "epoch",
        scale={"nice": False, "domain": [1, max(last, 2)]},
        axis={"grid": False, "tickMinStep": 1, "format": "d"},
    )


def legend(names: Sequence[str]) -> str:
    """One line of HTML: the letter, colour and shape of each run. `names` are escaped already."""
    runs = "".join(
        f'<span><b style="color:{colour}">{mark} {letter}</b> {name}</span>'
        for mark, letter, colour, name in zip(MARKS, LETTERS, palette.RUNS, names)
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;font-size:.95rem">{runs}</div>'


def pairs(values: Rows, names: tuple[str, str]) -> Drawing:
    """One line for each seed, from the accuracy without a toggle to the accuracy with it."""
    sides = list(names)
    axis = {"labelAngle": 0, "grid": False, "labelLimit": 180}
    accuracy = quantity(
        "accuracy",
        "test accuracy",
        axis={"format": ".1%", "tickCount": 5},
        scale={"zero": False, "nice": True},
    )
    lines = tooltip(("seed", "seed"), ("side", "design"), ("accuracy", "test accuracy", ".2%"))
    return {
        "height": 240,
        "data": {"values": values},
        "encoding": {
            "x": category("side", sort=sides, title=None, axis=axis, scale={"padding": 0.3}),
            "y": accuracy,
            "detail": category("seed"),
        },
        "layer": [
            {"mark": {"type": "line", "color": palette.OTHER, "strokeWidth": 1.5}},
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "color": category("side", **scale(sides, list(palette.RUNS[:2]))),
                    "tooltip": lines,
                },
            },
        ],
    }
