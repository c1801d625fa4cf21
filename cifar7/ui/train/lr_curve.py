"""The learning-rate test as a drawing: the loss over growing learning rates. No streamlit."""

from __future__ import annotations

from typing import Any

from cifar7.training.lr_finding import Finding
from cifar7.ui.shell import palette

HEIGHT = 210  # pixels
NEUTRAL = "#7F7F7F"  # visible on white and on black
COLUMNS = ("learning rate", "loss", "smoothed")
_ROOM = 1.35  # times the loss at the start: beyond it the curve leaves the drawing, or nothing else is seen
_DECADES = range(-8, 3)


def legend(finding: Finding) -> str:
    """What is drawn, in words."""
    sentences = [
        "Faint: the loss of each step. Bold: the same without its spikes.",
        "Dashed: the suggested learning rate." if finding.suggestion else "",
        "Grey: steps too large." if finding.too_large else "",
    ]
    return " ".join(filter(None, sentences))


def rows(finding: Finding) -> list[dict[str, float]]:
    """One row a step."""
    columns = (finding.rates, finding.losses, finding.smoothed)
    return [dict(zip(COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]


def curve(finding: Finding) -> dict[str, Any]:
    """The drawing of `rows`, with the suggestion and the range that is too large where there are any."""
    rates, smoothed = finding.rates, finding.smoothed
    low, high = min(smoothed), max(smoothed)
    top = min(high, _ROOM * max(smoothed[: smoothed.index(low) + 1]))
    x: dict[str, Any] = {
        "field": COLUMNS[0],
        "type": "quantitative",
        "title": "learning rate",
        "scale": {"type": "log", "domain": [rates[0], rates[-1]], "nice": False},
        "axis": {
            "values": [10.0**n for n in _DECADES if 0.99 * rates[0] <= 10.0**n <= 1.01 * rates[-1]],
            "format": "~g",
            "grid": False,
            "labelOverlap": "greedy",
        },
    }
    layers = [
        *_too_large(finding, x),
        _line("loss", x, {"strokeWidth": 1, "opacity": 0.75, "color": palette.LEARNING}),
        _line("smoothed", x, {"strokeWidth": 3, "color": palette.TRAINING}),
        *_suggestion(finding, x, top),
        _hover(x),
    ]
    return {
        "height": HEIGHT,
        "padding": {"left": 2, "right": 10, "top": 6, "bottom": 2},
        "data": {"values": rows(finding)},
        "encoding": {
            "y": {
                "type": "quantitative",
                "title": "loss",
                "scale": {"domain": [max(0.0, low - 0.1 * (top - low)), top], "nice": False},
                "axis": {"tickCount": 4},
            }
        },
        "layer": layers,
    }


def _line(name: str, x: dict[str, Any], look: dict[str, Any]) -> dict[str, Any]:
    return {
        "mark": {"type": "line", "clip": True, **look},
        "encoding": {"x": x, "y": {"field": name}},
    }


def _hover(x: dict[str, Any]) -> dict[str, Any]:
    """Exact values at the pointer."""
    tooltip = [{"field": name, "type": "quantitative", "format": ".3g"} for name in COLUMNS]
    return {
        "mark": {"type": "point", "opacity": 0, "size": 150, "clip": True},
        "encoding": {"x": x, "y": {"field": "smoothed"}, "tooltip": tooltip},
    }


def _too_large(finding: Finding, x: dict[str, Any]) -> list[dict[str, Any]]:
    """The range shaded, to the right end."""
    if not finding.too_large:
        return []
    span = {COLUMNS[0]: finding.too_large, "end": finding.rates[-1]}
    shade = {
        "data": {"values": [span]},
        "mark": {"type": "rect", "color": NEUTRAL, "opacity": 0.18},
        "encoding": {"x": x, "x2": {"field": "end"}},
    }
    return [shade]


def _suggestion(finding: Finding, x: dict[str, Any], top: float) -> list[dict[str, Any]]:
    """A dashed line with its number."""
    rate = finding.suggestion
    if not rate:
        return []
    data = {"values": [{COLUMNS[0]: rate, "at": top, "words": f"{rate:g}"}]}
    line = {
        "data": data,
        "mark": {"type": "rule", "color": NEUTRAL, "strokeWidth": 2, "strokeDash": [5, 4]},
        "encoding": {"x": x},
    }
    label = {
        "data": data,
        "mark": {"type": "text", "align": "right", "baseline": "top", "dx": -5, "dy": 2, "fontSize": 13,
                 "fontWeight": "bold", "color": NEUTRAL},
        "encoding": {"x": x, "y": {"field": "at"}, "text": {"field": "words"}},
    }  # fmt: skip
    return [line, label]
