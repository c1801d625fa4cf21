"""Curves of several runs over each other: a colour, a shape and a letter a run. No streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cifar7.results.compare import Axis, CurvePoint
from cifar7.ui.shell import palette

HEIGHT = 300  # pixels
LETTERS = "ABCD"
SHAPES = ("circle", "square", "triangle-up", "diamond")
COLUMNS = ("run", "figure", "epoch", "seconds", "value")
MARKS = "●■▲◆"  # the shapes as letters
SOLID, DASHED = [1, 0], [5, 3]
_SERIES = {"train": "training images", "held-out": "held-out images", "test": "test images"}


def rows(points: Sequence[CurvePoint], measure: str) -> list[dict[str, Any]]:
    """The points of `accuracy` or `loss`, the runs by their letters, the series in words."""
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


def chart(values: list[dict[str, Any]], letters: Sequence[str], measure: str, axis: Axis) -> dict[str, Any]:
    """The drawing of `rows` over epochs or seconds: solid what is watched, dashed the training images."""
    is_accuracy = measure == "accuracy"
    runs = {"domain": list(letters), "range": list(palette.RUNS[: len(letters)])}
    shapes = {"domain": list(letters), "range": list(SHAPES[: len(letters)])}
    dashes = {
        "domain": list(_SERIES.values()),
        "range": [DASHED, SOLID, SOLID],
    }
    ticks = {"tickMinStep": 1, "format": "d"} if axis == "epoch" else {}
    form = ".1%" if is_accuracy else ".3f"
    last = max((row["epoch"] for row in values), default=1)
    return {
        "height": HEIGHT,
        "title": "Accuracy" if is_accuracy else "Loss (cross-entropy, nats)",
        "padding": {"left": 2, "right": 16, "top": 6, "bottom": 2},
        "data": {"values": values},
        "encoding": {
            "x": {
                "field": "epoch" if axis == "epoch" else "seconds",
                "type": "quantitative",
                "title": "epoch" if axis == "epoch" else "seconds of training",
                "scale": {"nice": False, **({"domain": [1, max(last, 2)]} if axis == "epoch" else {})},
                "axis": {"grid": False, **ticks},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": None,
                "axis": {"format": ".0%" if is_accuracy else ".1f", "tickCount": 5},
                "scale": {"zero": False, "nice": True},
            },
            "color": {"field": "run", "type": "nominal", "scale": runs, "legend": None},
        },
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.25},
                "encoding": {
                    "strokeDash": {"field": "figure", "type": "nominal", "scale": dashes, "legend": None},
                    "detail": {"field": "figure"},
                },
            },
            {
                "transform": [{"filter": f"datum.figure != '{_SERIES['train']}'"}],
                "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
                "encoding": {
                    "shape": {"field": "run", "type": "nominal", "scale": shapes, "legend": None},
                    "tooltip": [
                        {"field": "run", "title": "run"},
                        {"field": "figure", "title": "of the"},
                        {"field": "epoch", "title": "epoch"},
                        {"field": "seconds", "title": "seconds", "format": ".0f"},
                        {"field": "value", "title": measure, "format": form},
                    ],
                },
            },
            {
                "transform": [
                    {"filter": f"datum.figure != '{_SERIES['train']}'"},
                    {
                        "joinaggregate": [{"op": "max", "field": "epoch", "as": "last"}],
                        "groupby": ["run", "figure"],
                    },
                    {"filter": "datum.epoch == datum.last"},
                ],
                "mark": {"type": "text", "align": "left", "dx": 7, "fontWeight": 700, "fontSize": 13},
                "encoding": {"text": {"field": "run"}},
            },
        ],
    }


def legend(names: Sequence[str]) -> str:
    """One line of HTML: which letter, colour and shape is which run. `names` are escaped."""
    runs = "".join(
        f'<span><b style="color:{colour}">{mark} {letter}</b> {name}</span>'
        for mark, letter, colour, name in zip(MARKS, LETTERS, palette.RUNS, names)
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;font-size:.95rem">{runs}</div>'


def pairs(values: list[dict[str, Any]], names: tuple[str, str]) -> dict[str, Any]:
    """A line a seed, from the accuracy without a toggle to that with it."""
    side = {"field": "side", "type": "nominal", "sort": list(names), "title": None,
            "axis": {"labelAngle": 0, "grid": False, "labelLimit": 180}}  # fmt: skip
    return {
        "height": 240,
        "data": {"values": values},
        "encoding": {
            "x": {**side, "scale": {"padding": 0.3}},
            "y": {
                "field": "accuracy",
                "type": "quantitative",
                "title": "test accuracy",
                "axis": {"format": ".1%", "tickCount": 5},
                "scale": {"zero": False, "nice": True},
            },
            "detail": {"field": "seed", "type": "nominal"},
        },
        "layer": [
            {"mark": {"type": "line", "color": "#8A939C", "strokeWidth": 1.5}},
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "color": {
                        "field": "side",
                        "type": "nominal",
                        "legend": None,
                        "scale": {"domain": list(names), "range": list(palette.RUNS[:2])},
                    },
                    "tooltip": [
                        {"field": "seed", "title": "seed"},
                        {"field": "side", "title": "design"},
                        {"field": "accuracy", "title": "test accuracy", "format": ".2%"},
                    ],
                },
            },
        ],
    }
