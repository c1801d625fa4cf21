"""Parallel coordinates: a line a design, through its choice of each thing that varies to its accuracy.

Vega-Lite, without streamlit calls. Each axis is brought to 0..1 here, as they have nothing in common.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cifar7.sweeps.axes import Axis
from cifar7.sweeps.knobs import Value, same
from cifar7.sweeps.learned.phrases import Named
from cifar7.ui.explore.pareto import BLUE
from cifar7.ui.explore.points import Point
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import INK, Drawing, Rows, category, quantity, tooltip
from cifar7.wording import capital

HEIGHT = 300  # pixels
MOST_LINES = 250
APART = 0.09  # of the height: lines through the same choice lie side by side, the better ones above
ACCURACY = "held-out accuracy"
COLUMNS = ("trial", "what", "thing", "value", "accuracy")
LOW, MIDDLE, HIGH = palette.MORE, palette.OTHER, BLUE


def rows(shown: Sequence[Point], axes: Sequence[Axis], words: Mapping[str, Named]) -> Rows:
    """A row for each design and thing, and one for its accuracy. `height` is 0..1."""
    scores = [point.accuracy for point in shown]
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    ranks = {point.trial.number: at for at, point in enumerate(sorted(shown, key=lambda one: one.accuracy))}
    found: Rows = []
    for point in shown:
        shared = {"trial": point.trial.number + 1, "accuracy": round(point.accuracy, 5)}
        aside = APART * (ranks[point.trial.number] / max(1, len(shown) - 1) - 0.5)
        for axis in axes:
            value = point.trial.values.get(axis.name)
            found.append(
                {
                    **shared,
                    "thing": capital(words[axis.name].words),
                    "value": words[axis.name].value(value),
                    "height": round(height(axis, value) + (0 if axis.is_range else aside), 4),
                    "what": f"{words[axis.name].choice(value)}",
                }
            )
        place = (point.accuracy - low) / (high - low) if high > low else 0.5
        text = f"{100 * point.accuracy:.1f} %"
        found.append({**shared, "thing": ACCURACY, "value": text, "height": round(place, 4), "what": text})
    return found


def height(axis: Axis, value: Value) -> float:
    """Where a value stands on its axis, 0..1."""
    if not axis.is_range:
        place = next((at for at, one in enumerate(axis.values) if same(one, value)), 0)
        return place / (len(axis.values) - 1) if len(axis.values) > 1 else 0.5
    if not isinstance(value, (int, float)):
        return 0.5
    if axis.log and value > 0:
        return math.log(value / axis.low) / math.log(axis.high / axis.low)
    return (value - axis.low) / (axis.high - axis.low)


def drawing(values: Rows, axes: Sequence[Axis], words: Mapping[str, Named]) -> Drawing:
    """The drawing of `rows`; a line is dark under the pointer."""
    things = [*(capital(words[axis.name].words) for axis in axes), ACCURACY]
    labels = _labels(values, axes, words)
    scores = [row["accuracy"] for row in values] or [0.0, 1.0]
    x: dict[str, Any] = {
        "field": "thing", "type": "ordinal", "sort": things, "title": None,
        "scale": {"type": "point", "padding": 0.25},
        "axis": {"labelAngle": 0, "orient": "top", "domain": False, "ticks": False, "grid": True,
                 "labelPadding": 12, "labelLimit": 130, "labelFontSize": 12},
    }  # fmt: skip
    y = quantity("height", axis=None, scale={"domain": [-0.07, 1.07], "nice": False})
    over = {"name": "over", "select": {"type": "point", "fields": ["trial"], "on": "pointerover",
                                       "clear": "pointerout"}}  # fmt: skip
    colour = {
        "field": "accuracy", "type": "quantitative", "legend": None,
        "scale": {"domain": [min(scores), (min(scores) + max(scores)) / 2, max(scores)],
                  "range": [LOW, MIDDLE, HIGH], "interpolate": "rgb"},
    }  # fmt: skip
    return {
        "height": HEIGHT,
        "padding": {"left": 8, "right": 8, "top": 4, "bottom": 8},
        "data": {"values": values},
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "params": [over],
                "mark": {"type": "line", "interpolate": "monotone", "strokeWidth": 1.8},
                "encoding": {
                    "detail": {"field": "trial"},
                    "color": colour,
                    "opacity": {"condition": {"param": "over", "empty": False, "value": 1}, "value": 0.55},
                    "strokeWidth": {
                        "condition": {"param": "over", "empty": False, "value": 4}, "value": 1.6
                    },
                    "tooltip": tooltip(("trial", "trial"), ("accuracy", ACCURACY, ".1%")),
                },
            },
            {
                "mark": {"type": "circle", "size": 28, "opacity": 1},
                "encoding": {
                    "color": colour,
                    "tooltip": tooltip(
                        ("trial", "trial"), ("what", "with"), ("accuracy", ACCURACY, ".1%")
                    ),
                },
            },
            {
                "data": {"values": labels},
                "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 11.5, "color": INK},
                "encoding": {"text": category("value")},
            },
        ],
    }  # fmt: skip


def _labels(values: Rows, axes: Sequence[Axis], words: Mapping[str, Named]) -> Rows:
    """The values beside each axis: all of a list, the ends of a range and of the accuracies."""
    found: Rows = []
    for axis in axes:
        named = words[axis.name]
        ends: Sequence[Value] = axis.values or (axis.low, axis.high)
        found += [
            {"thing": capital(named.words), "height": height(axis, one), "value": named.value(one)}
            for one in ends[:: max(1, math.ceil(len(ends) / 8))]
        ]
    known = [row for row in values if row["thing"] == ACCURACY]
    for row in (min(known, key=_accuracy, default=None), max(known, key=_accuracy, default=None)):
        found += [{key: row[key] for key in ("thing", "height", "value")}] if row else []
    return found


def _accuracy(row: Mapping[str, Any]) -> float:
    return float(row["accuracy"])
