"""Accuracy against a price as Vega-Lite, for the page and for paper. No streamlit calls.

Names are data and nothing else: they stand in rows, never in an expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Any

from cifar7.network.profiles import Profile, Requirement
from cifar7.ui.explore.points import BEST, EARLY, TRAINED
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import (
    GREY,
    INK,
    Drawing,
    Rows,
    accuracy_ends,
    category,
    logarithmic_ticks,
    quantity,
    scale,
    tooltip,
)

HEIGHT = 380  # pixels
SELECTION = "point"
COLUMNS = (
    "trial", "what", "accuracy", "spread", "seeds", "parameters", "macs", "seconds", "receptive field",
    "state", "front",
)  # fmt: skip
BLUE = "#1E86C0"
COLOURS = {TRAINED: BLUE, EARLY: palette.OTHER, BEST: palette.TRUE}
SHAPES = {TRAINED: "circle", EARLY: "cross", BEST: "diamond"}
TITLES = {"parameters": "parameters", "macs": "MACs for one image", "seconds": "seconds of a training"}


def drawing(values: Rows, price: str, profile: Profile, judged: str) -> Drawing:
    """The drawing of `points.rows`. A click selects a trial: `{"point": [{"trial": 7}]}`."""
    known = [row for row in values if row[price]]
    most = profile.asks(price) if price != "seconds" else None
    least = profile.asks("accuracy")
    costs = [float(row[price]) for row in known]
    scores = [row["accuracy"] for row in known]
    x = _across([*costs, *([most.limit] if most and _near(most.limit, costs) else [])])
    y = accuracy_ends([*scores, *([least.limit] if least else [])])
    asked = most if most and x[0] <= most.limit <= x[1] else None
    grid: dict[str, Any] = {"gridOpacity": 0.5, "titlePadding": 10}
    return {
        "height": HEIGHT,
        "padding": {"left": 4, "right": 20, "top": 8, "bottom": 4},
        "data": {"values": known},
        "encoding": {
            "x": quantity(
                price, f"{TITLES[price]} (logarithmic)",
                scale={"type": "log", "domain": x, "nice": False, "clamp": True},
                axis={**grid, "values": _ticks(*x), "format": "~s"},
            ),
            "y": quantity(
                "accuracy", f"held-out accuracy, {judged}",
                scale={"domain": y, "nice": False, "clamp": True},
                axis={**grid, "format": ".0%", "tickCount": 6},
            ),
        },
        "layer": [
            *_limit(asked, {"y": {"value": 0}, "y2": {"value": "height"}}, price, x, y),
            *_limit(least, {"x": {"value": 0}, "x2": {"value": "width"}}, price, x, y),
            {
                "transform": [{"filter": "datum.front === 'on it'"}],
                "mark": {
                    "type": "line", "interpolate": "step-after", "strokeWidth": 2, "color": palette.MORE
                },
            },
            _marks(),
            {
                "transform": [{"filter": "datum.picked"}],
                "mark": {"type": "point", "filled": False, "size": 420, "strokeWidth": 2, "color": GREY},
            },
        ],
    }  # fmt: skip


def _marks() -> Drawing:
    click = {"type": "point", "fields": ["trial"], "on": "click", "clear": "dblclick"}
    return {
        "params": [{"name": SELECTION, "select": click}],
        "mark": {"type": "point", "size": 90, "opacity": 1, "strokeWidth": 2, "cursor": "pointer"},
        "encoding": {
            "color": category("state", **scale(list(COLOURS), list(COLOURS.values()))),
            "fill": {
                "condition": [
                    {"test": f"datum.state === '{BEST}'", "value": COLOURS[BEST]},
                    {"test": "datum.front === 'on it'", "value": BLUE},
                ],
                "value": "transparent",
            },
            "shape": category("state", **scale(list(SHAPES), list(SHAPES.values()))),
            "description": {"field": "what"},
            "tooltip": tooltip(
                ("trial", "trial"), ("what", "with"), ("accuracy", "held-out accuracy", ".1%"),
                ("spread", "spread over seeds"), ("parameters", "parameters", ","), ("macs", "MACs", ".3s"),
                ("time", "a training"), ("state", "state"),
            ),
        },
    }  # fmt: skip


def _limit(
    asked: Requirement | None, ends: dict[str, Any], price: str, x: list[float], y: list[float]
) -> list[Drawing]:
    """A limit of the assignment as a dashed line with its words."""
    if asked is None:
        return []
    upright = asked.id == price
    at = {price: x[0], "accuracy": y[0], "words": f"the assignment: {asked.words}"}
    at["accuracy" if asked.id == "accuracy" else price] = asked.limit
    text = {"type": "text", "fontSize": 11, "color": INK, "baseline": "bottom"}
    mark = {"align": "right", "dx": -6, "dy": -6} if upright else {"align": "left", "dx": 6, "dy": -4}
    rule = {"type": "rule", "strokeDash": [6, 4], "strokeWidth": 1.5, "color": GREY}
    return [
        {"data": {"values": [at]}, "mark": rule, "encoding": ends},
        {"data": {"values": [at]}, "mark": {**text, **mark}, "encoding": {"text": {"field": "words"}}},
    ]


def legend(values: Rows) -> str:
    """One line of HTML that says what the marks are."""
    states = {row["state"] for row in values}
    entries = [
        ("◆", COLOURS[BEST], BEST),
        ("○", COLOURS[TRAINED], TRAINED),
        ("✛", COLOURS[EARLY], "stopped early: its accuracy by then"),
        ("▬", palette.MORE, "Pareto front: none is cheaper and better"),
    ]
    wanted = {BEST: 0, TRAINED: 1, EARLY: 2}
    shown = [entries[place] for state, place in wanted.items() if state in states] + [entries[3]]
    marks = "".join(
        f'<span><b style="color:{colour}" aria-hidden="true">{mark}</b> {words}</span>'
        for mark, colour, words in shown
    )
    return f'<div class="c7-marks-line">{marks}</div>'


def _near(limit: float, costs: Sequence[float]) -> bool:
    """Whether the limit can stand in the drawing without pressing the points together."""
    return bool(costs) and min(costs) / 4 <= limit <= 4 * max(costs)


def _across(values: Sequence[float]) -> list[float]:
    return [min(values, default=1e4) / 1.2, max(values, default=1e6) * 1.2]


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between the two; all whole steps where these are few."""
    few = logarithmic_ticks(low, high)
    if len(few) > 2:
        return few
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    return [
        step * 10.0 ** (power - 1)
        for power in powers
        for step in range(10, 100, 5 if high > 2 * low else 2)
        if low <= step * 10.0 ** (power - 1) <= high
    ]
