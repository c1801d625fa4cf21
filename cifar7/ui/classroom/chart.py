"""Parameters against accuracy as Vega-Lite, for the page, the projector and paper. No streamlit calls.

Names are data and nothing else: they stand in rows, never in an expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

from cifar7.network.profiles import Profile, Requirement
from cifar7.results.front import RESNETS, Published
from cifar7.ui.classroom.standings import OFTEN, ONCE, Line, on_front
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

HEIGHT = 420  # pixels, on the page
SELECTION = "point"
COLUMNS = ("person", "design", "parameters", "accuracy", "assignment", "test set", "recipe", "front")
FULFILLED, NOT = "assignment fulfilled", "not fulfilled"
COLOURS = {FULFILLED: palette.TRUE, NOT: "#1E86C0"}
SHAPES = {ONCE: "circle", OFTEN: "diamond"}
LONGEST = 16  # characters of a name in the drawing
NEAR = (0.16, 0.05)  # shares of width and height within which two names would cover each other


def rows(lines: Sequence[Line], picked: str | None = None) -> Rows:
    """One row a run."""
    front = {line.id for line in on_front(lines)}
    return [
        {
            "run": line.id,
            "who": line.who,
            "person": line.person,
            "design": line.design,
            "parameters": line.parameters,
            "accuracy": line.accuracy,
            "assignment": line.verdict,
            "standing": FULFILLED if line.fulfilled else NOT,
            "test set": line.scored,
            "recipe": line.recipe,
            "front": "on it" if line.id in front else "",
            "short": _short(line.person or line.design),
            "picked": line.id == picked,
        }
        for line in lines
    ]


def drawing(
    values: Rows, profile: Profile, published: Sequence[Published], *, large: bool = False
) -> Drawing:
    """The drawing of `rows`. A click on a point selects its run: `{"point": [{"run": id}]}`.

    `large`: for a projector, with names at the front, and as high as the place that it stands in.
    """
    most, least = profile.asks("parameters"), profile.asks("accuracy")
    counts = [row["parameters"] for row in values] + [p.parameters for p in published]
    scores = [row["accuracy"] for row in values] + [p.accuracy for p in published]
    x = _across([*counts, *([most.limit] if most else [])])
    y = accuracy_ends([*scores, *([least.limit] if least else [])])
    size = 19 if large else 11
    layers = [
        *_corner(most, least, x, y),
        *_limits(most, least, x, y, size),
        _front_line(large),
        *_published(published, size),
        _points(large),
        {
            "transform": [{"filter": "datum.picked"}],
            "mark": {"type": "point", "filled": False, "size": 420, "strokeWidth": 2, "color": GREY},
        },
        *([_names(values, x, y, size)] if large else []),
    ]
    grid: dict[str, Any] = {
        "gridOpacity": 0.5,
        "labelFontSize": size,
        "titleFontSize": size,
        "titlePadding": 10,
    }
    if large:
        grid |= {"labelColor": INK, "titleColor": INK}
    return {
        "height": "container" if large else HEIGHT,
        "padding": {"left": 4, "right": 20, "top": 8, "bottom": 4},
        "data": {"values": values},
        "encoding": {
            "x": quantity(
                "parameters", "parameters (logarithmic)",
                scale={"type": "log", "domain": x, "nice": False, "clamp": True},
                axis={**grid, "values": logarithmic_ticks(*x), "format": "~s"},
            ),
            "y": quantity(
                "accuracy", "test accuracy",
                scale={"domain": y, "nice": False, "clamp": True},
                axis={**grid, "format": ".0%", "tickCount": 6},
            ),
        },
        "layer": layers,
    }  # fmt: skip


def _points(large: bool) -> Drawing:
    click = {"type": "point", "fields": ["run"], "on": "click", "clear": "dblclick"}
    return {
        "params": [] if large else [{"name": SELECTION, "select": click}],
        "mark": {
            "type": "point", "size": 320 if large else 110, "opacity": 1,
            "strokeWidth": 3.5 if large else 2.5,
            "cursor": "default" if large else "pointer",
        },
        "encoding": {
            "color": category("standing", **scale(list(COLOURS), list(COLOURS.values()))),
            "fill": {
                "condition": {"test": f"datum.standing === '{FULFILLED}'", "value": COLOURS[FULFILLED]},
                "value": "transparent",
            },
            "shape": category("test set", **scale(list(SHAPES), list(SHAPES.values()))),
            "description": {"field": "who"},
            "tooltip": tooltip(
                ("who", "run"),
                ("parameters", "parameters", ","),
                ("accuracy", "test accuracy", ".1%"),
                ("assignment", "assignment"),
                ("test set", "test set"),
                ("recipe", "recipe"),
            ),
        },
    }  # fmt: skip


def _front_line(large: bool) -> Drawing:
    """Steps: with so many parameters, this accuracy has been reached."""
    line = {"type": "line", "interpolate": "step-after", "strokeWidth": 3 if large else 2}
    return {"transform": [{"filter": "datum.front === 'on it'"}], "mark": {**line, "color": palette.MORE}}


def _names(values: Rows, x: list[float], y: list[float], size: int) -> Drawing:
    """Whose the runs on the front are; of two that stand close together, the more accurate one is named."""
    apart: Rows = []
    for row in sorted((row for row in values if row["front"]), key=lambda row: -row["accuracy"]):
        near = [
            other
            for other in apart
            if log(other["parameters"] / row["parameters"]) < NEAR[0] * log(x[1] / x[0])
            and other["accuracy"] - row["accuracy"] < NEAR[1] * (y[1] - y[0])
        ]
        if not near:
            apart.append(row)
    return {
        "data": {"values": apart},
        "mark": {"type": "text", "align": "right", "dx": -14, "dy": -12, "fontSize": size, "color": INK},
        "encoding": {"text": {"field": "short"}},
    }


def _limits(
    most: Requirement | None, least: Requirement | None, x: list[float], y: list[float], size: int
) -> list[Drawing]:
    """The assignment's limits as dashed lines with their words."""
    rule = {"type": "rule", "strokeDash": [6, 4], "strokeWidth": 1.5, "color": GREY}
    text = {"type": "text", "fontSize": size, "color": INK, "baseline": "bottom"}
    layers: list[Drawing] = []
    for asked, ends, mark in (
        (most, {"y": {"value": 0}, "y2": {"value": "height"}}, {"align": "right", "dx": -6, "dy": -6}),
        (least, {"x": {"value": 0}, "x2": {"value": "width"}}, {"align": "left", "dx": 6, "dy": -4}),
    ):
        if asked:
            words = f"{asked.words} parameters" if asked is most else asked.words
            at = {"parameters": x[0], "accuracy": y[0], asked.id: asked.limit, "words": words}
            layers += [
                {"data": {"values": [at]}, "mark": rule, "encoding": ends},
                {
                    "data": {"values": [at]},
                    "mark": {**text, **mark},
                    "encoding": {"text": {"field": "words"}},
                },
            ]
    return layers


def _corner(
    most: Requirement | None, least: Requirement | None, x: list[float], y: list[float]
) -> list[Drawing]:
    """The part of the drawing in which both limits are kept, where they bound it from below and the right."""
    if not most or not least or most.relation not in ("below", "at most"):
        return []
    if least.relation not in ("above", "at least"):
        return []
    at = {"parameters": x[0], "most": most.limit, "accuracy": least.limit, "top": y[1]}
    mark = {"type": "rect", "color": COLOURS[FULFILLED], "opacity": 0.07}
    return [
        {
            "data": {"values": [at]},
            "mark": mark,
            "encoding": {"x2": {"field": "most"}, "y2": {"field": "top"}},
        }
    ]


def _published(published: Sequence[Published], size: int) -> list[Drawing]:
    """Reference points of the literature, which nobody here can open."""
    if not published:
        return []
    values = [
        {
            "parameters": one.parameters,
            "accuracy": one.accuracy,
            "words": f"{one.name}, published",
            "source": "published, not trained here",
        }
        for one in published
    ]
    tips = tooltip(
        ("words", "network"), ("parameters", "parameters", ","), ("accuracy", "test accuracy", ".2%"),
        ("source", "figure"),
    )  # fmt: skip
    mark = {"type": "point", "shape": "triangle-up", "size": 90, "color": GREY, "filled": True, "opacity": 1}
    text = {"type": "text", "align": "right", "dx": -9, "dy": -1, "fontSize": size, "color": INK}
    return [
        {"data": {"values": values}, "mark": mark, "encoding": {"tooltip": tips}},
        {"data": {"values": values}, "mark": text, "encoding": {"text": {"field": "words"}}},
    ]


def references(official: bool) -> tuple[Published, ...]:
    """The published networks where the images are CIFAR-10; none elsewhere."""
    return RESNETS if official else ()


def legend(with_references: bool) -> str:
    """One line of HTML that says what the marks are."""
    entries = [
        ("●", COLOURS[FULFILLED], FULFILLED),
        ("○", COLOURS[NOT], NOT),
        ("◇", COLOURS[NOT], f"test set {OFTEN}: flatters"),
        ("▬", palette.MORE, "Pareto front"),
        *([("▲", GREY, "published figures")] if with_references else []),
    ]
    marks = "".join(
        f'<span><b style="color:{colour}" aria-hidden="true">{mark}</b> {words}</span>'
        for mark, colour, words in entries
    )
    return f'<div class="c7-class-marks">{marks}</div>'


def _across(values: Sequence[float]) -> list[float]:
    """The limits of the logarithmic axis, with room on both sides."""
    return [min(values, default=1e4) / 1.35, max(values, default=1e6) * 1.2]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
