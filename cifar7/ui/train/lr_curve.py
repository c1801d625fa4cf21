"""The learning-rate test as a drawing: the loss over growing learning rates."""

from __future__ import annotations

from cifar7.training.lr_finding import Finding
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import Drawing, Rows, quantity

HEIGHT = 210  # pixels
COLUMNS = ("learning rate", "loss", "smoothed")
_ROOM = 1.35  # times the loss at the start: beyond it the curve leaves the drawing, or nothing else is seen
_DECADES = range(-8, 3)


def legend(finding: Finding) -> str:
    """What is drawn, in words."""
    sentences = [
        "Thin: the loss of each step. Bold: the same without its spikes.",
        "Dashed: the suggested learning rate." if finding.suggestion else "",
        "Grey: steps too large." if finding.too_large else "",
    ]
    return " ".join(filter(None, sentences))


def rows(finding: Finding) -> Rows:
    """One row a step."""
    points = zip(finding.rates, finding.losses, finding.smoothed, strict=True)
    return [dict(zip(COLUMNS, point, strict=True)) for point in points]


def curve(finding: Finding) -> Drawing:
    """The drawing of `rows`, with the suggestion and the range that is too large where there are any."""
    rates, smoothed = finding.rates, finding.smoothed
    low, high = min(smoothed), max(smoothed)
    top = min(high, _ROOM * max(smoothed[: smoothed.index(low) + 1]))
    decades = [10.0**n for n in _DECADES if 0.99 * rates[0] <= 10.0**n <= 1.01 * rates[-1]]
    x = quantity(
        COLUMNS[0],
        "learning rate",
        scale={"type": "log", "domain": [rates[0], rates[-1]], "nice": False},
        axis={"values": decades, "format": "~g", "grid": False, "labelOverlap": "greedy"},
    )
    y = {
        "type": "quantitative",
        "title": "loss",
        "scale": {"domain": [max(0.0, low - 0.1 * (top - low)), top], "nice": False},
        "axis": {"tickCount": 4},
    }
    thin = {"type": "line", "clip": True, "strokeWidth": 1, "color": palette.LEARNING}
    bold = {"type": "line", "clip": True, "strokeWidth": 3, "color": palette.TRAINING}
    exact = {
        "mark": {"type": "point", "opacity": 0, "size": 150, "clip": True},
        "encoding": {
            "y": {"field": "smoothed"},
            "tooltip": [{"field": name, "type": "quantitative", "format": ".3g"} for name in COLUMNS],
        },
    }
    return {
        "height": HEIGHT,
        "padding": {"left": 2, "right": 10, "top": 6, "bottom": 2},
        "data": {"values": rows(finding)},
        "encoding": {"x": x, "y": y},
        "layer": [
            *_too_large(finding),
            {"mark": thin, "encoding": {"y": {"field": "loss"}}},
            {"mark": bold, "encoding": {"y": {"field": "smoothed"}}},
            *_suggestion(finding, top),
            exact,
        ],
    }


def _too_large(finding: Finding) -> list[Drawing]:
    """The range shaded, to the right end."""
    if not finding.too_large:
        return []
    shade = {
        "data": {"values": [{COLUMNS[0]: finding.too_large, "end": finding.rates[-1]}]},
        "mark": {"type": "rect", "color": palette.OTHER, "opacity": 0.18},
        "encoding": {"x2": {"field": "end"}},
    }
    return [shade]


def _suggestion(finding: Finding, top: float) -> list[Drawing]:
    """A dashed line with its number."""
    rate = finding.suggestion
    if not rate:
        return []
    data = {"values": [{COLUMNS[0]: rate, "at": top, "words": f"{rate:g}"}]}
    rule = {"type": "rule", "color": palette.OTHER, "strokeWidth": 2, "strokeDash": [5, 4]}
    place = {"align": "right", "baseline": "top", "dx": -5, "dy": 2}
    text = {"type": "text", **place, "fontSize": 13, "fontWeight": "bold", "color": palette.OTHER}
    label = {"y": {"field": "at"}, "text": {"field": "words"}}
    return [{"data": data, "mark": rule}, {"data": data, "mark": text, "encoding": label}]
