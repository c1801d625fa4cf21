"""A run's curves as Vega-Lite: one constant drawing a run, into which the page pours rows.

As the drawing never changes while a run goes on, the browser keeps it and only moves the data: nothing
flickers, and a tick costs little.
"""

from __future__ import annotations

from typing import Any

from cifar7.ui.shell import palette
from cifar7.ui.train.run_history import HELD_OUT, TEST, TRAINING, WHILE_LEARNING

HEIGHT = 280  # pixels
COLOURS = {
    WHILE_LEARNING: palette.LEARNING,
    TRAINING: palette.TRAINING,
    HELD_OUT: palette.HELD_OUT,
    TEST: palette.TEST,
}


def curves(measure: str, epochs: int, watched: str) -> dict[str, Any]:
    """The drawing of `accuracy` or `loss` over `epochs` epochs; rows come from `History.table`.

    `watched`: the series drawn beside the training images, held-out or test.
    """
    is_accuracy = measure == "accuracy"
    # Loss is not measured on the training images without augmentation, so there it has no series.
    drawn = [TRAINING, watched, WHILE_LEARNING] if is_accuracy else [watched, WHILE_LEARNING]
    value = {
        "field": measure,
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".0%" if is_accuracy else ".1f", "tickCount": 5},
        "scale": {"domain": [0, 1], "nice": False} if is_accuracy else {"domainMin": 0, "nice": True},
    }
    return {
        "height": HEIGHT,
        "title": "Accuracy" if is_accuracy else "Loss (cross-entropy, nats)",
        "padding": {"left": 2, "right": 6, "top": 6, "bottom": 2},
        "transform": [
            {"filter": {"field": "series", "oneOf": drawn}},
            {"filter": f"isValid(datum.{measure})"},
        ],
        "encoding": {
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "epoch",
                "scale": {"domain": [0, epochs], "nice": False},
                "axis": {"tickCount": min(epochs, 10), "format": "d", "grid": False},
            },
        },
        "layer": [
            _line(WHILE_LEARNING, value, {"strokeWidth": 1.25, "opacity": 0.7}),
            *(_line(series, value, _look(series)) for series in drawn if series != WHILE_LEARNING),
            _hover(measure, drawn, ".1%" if is_accuracy else ".3f"),
        ],
    }


def _look(series: str) -> dict[str, Any]:
    """Wide and round below, narrow, dashed and angular above: where two lines coincide both are visible."""
    below = series == TRAINING
    point = {"size": 70 if below else 45, "shape": "circle" if below else "diamond", "filled": True}
    return {
        "strokeWidth": 3.5 if below else 2.25,
        "strokeDash": [1, 0] if below else [6, 3],
        "point": {**point, "color": COLOURS[series], "opacity": 1},
    }


def _line(series: str, value: dict[str, Any], look: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": [{"filter": f"datum.series == '{series}'"}],
        "mark": {"type": "line", "color": COLOURS[series], **look},
        "encoding": {"y": value},
    }


def _hover(measure: str, drawn: list[str], form: str) -> dict[str, Any]:
    """Exact values of all series of an epoch, at the pointer."""
    ends = [name for name in drawn if name != WHILE_LEARNING]
    return {
        "transform": [
            {"filter": {"field": "series", "oneOf": ends}},
            {"pivot": "series", "value": measure, "groupby": ["epoch"]},
        ],
        "mark": {"type": "rule", "strokeWidth": 1, "color": "#888888", "tooltip": True},
        "params": [
            {
                "name": "hover",
                "select": {
                    "type": "point",
                    "fields": ["epoch"],
                    "nearest": True,
                    "on": "pointerover",
                    "clear": "pointerout",
                },
            }
        ],
        "encoding": {
            "opacity": {"condition": {"param": "hover", "empty": False, "value": 0.7}, "value": 0},
            "tooltip": [
                {"field": "epoch", "type": "quantitative", "title": "after epoch", "format": "d"},
                *({"field": name, "type": "quantitative", "title": name, "format": form} for name in ends),
            ],
        },
    }


def legend(watched: str) -> str:
    """One line of HTML that says what the lines of both drawings are."""
    entries = (
        (TRAINING, "solid", 3, 1.0),
        (watched, "dashed", 3, 1.0),
        (WHILE_LEARNING, "solid", 2, 0.7),
    )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;font-size:.85rem">'
        + "".join(
            f'<span><span style="display:inline-block;width:1.6rem;vertical-align:middle;margin-right:.4rem;'
            f'border-top:{width}px {style} {COLOURS[name]};opacity:{opacity}"></span>{name}</span>'
            for name, style, width, opacity in entries
        )
        + "</div>"
    )


def schedule_curve(points: list[tuple[float, float]]) -> dict[str, Any]:
    """The learning rate over the epochs to come, of (epoch, learning rate) points."""
    return {
        "height": 130,
        "padding": {"left": 2, "right": 6, "top": 6, "bottom": 2},
        "data": {"values": [{"epoch": x, "rate": rate} for x, rate in points]},
        "mark": {
            "type": "area",
            "line": {"color": palette.TRAINING, "strokeWidth": 2},
            "color": palette.TRAINING,
            "fillOpacity": 0.12,
        },
        "encoding": {
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "epoch",
                "scale": {"nice": False},
                "axis": {"format": "d", "grid": False, "tickMinStep": 1},
            },
            "y": {
                "field": "rate",
                "type": "quantitative",
                "title": "learning rate",
                "axis": {"tickCount": 4},
            },
            "tooltip": [
                {"field": "epoch", "type": "quantitative", "format": ".1f"},
                {"field": "rate", "type": "quantitative", "title": "learning rate", "format": ".4f"},
            ],
        },
    }
