"""A run's curves as Vega-Lite, on the page and to take away; and the learning rate over a run to come.

On the page a drawing is constant while its run goes on, so that the browser keeps it and only moves the rows
that are poured into it: nothing flickers, and a tick costs little.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from cifar7.training.config import TrainConfig
from cifar7.training.schedule import lr_at
from cifar7.ui.files.tables import comma_separated
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import Drawing, quantity
from cifar7.ui.train.run_history import HELD_OUT, TEST, TRAINING, WHILE_LEARNING, History

HEIGHT = 280  # pixels
MEASURES = ("accuracy", "loss")
COLOURS = {
    WHILE_LEARNING: palette.LEARNING,
    TRAINING: palette.TRAINING,
    HELD_OUT: palette.HELD_OUT,
    TEST: palette.TEST,
}
SCHEDULE_POINTS = 80
_PADDING = {"left": 2, "right": 6, "top": 6, "bottom": 2}
_LEGEND = {"title": None, "orient": "top", "symbolType": "stroke", "symbolStrokeWidth": 3, "symbolOpacity": 1}


def curves(measure: str, epochs: int, watched: str) -> Drawing:
    """The drawing of `accuracy` or `loss` over `epochs` epochs; rows come from `History.table`.

    `watched`: the series drawn beside the training images, held-out or test.
    """
    is_accuracy = measure == "accuracy"
    ends = _after_epochs(measure, watched)
    axis = {"format": ".0%" if is_accuracy else ".1f", "tickCount": 5}
    scale = {"domain": [0, 1], "nice": False} if is_accuracy else {"domainMin": 0, "nice": True}
    y = quantity(measure, axis=axis, scale=scale)
    return {
        "height": HEIGHT,
        "title": "Accuracy" if is_accuracy else "Loss (cross-entropy, nats)",
        "padding": _PADDING,
        "transform": [
            {"filter": {"field": "series", "oneOf": [*ends, WHILE_LEARNING]}},
            {"filter": f"isValid(datum.{measure})"},
        ],
        "encoding": {
            "x": quantity(
                "epoch",
                "epoch",
                scale={"domain": [0, epochs], "nice": False},
                axis={"tickCount": min(epochs, 10), "format": "d", "grid": False},
            ),
        },
        "layer": [
            *(_line(series, y) for series in (WHILE_LEARNING, *ends)),
            _hover(measure, ends, ".1%" if is_accuracy else ".3f"),
        ],
    }


def _after_epochs(measure: str, watched: str) -> list[str]:
    """The series with a point an epoch. Training images are not measured for their loss after an epoch."""
    return [TRAINING, watched] if measure == "accuracy" else [watched]


def _line(series: str, y: dict[str, Any]) -> Drawing:
    """Wide and round below, narrow, dashed and angular above: where two lines coincide both are visible."""
    colour = COLOURS[series]
    if series == WHILE_LEARNING:
        look: dict[str, Any] = {"strokeWidth": 1.25}
    elif series == TRAINING:
        look = {"strokeWidth": 3.5, "point": {"size": 70, "shape": "circle", "color": colour}}
    else:
        point = {"size": 45, "shape": "diamond", "color": colour}
        look = {"strokeWidth": 2.25, "strokeDash": [6, 3], "point": point}
    return {
        "transform": [{"filter": f"datum.series == '{series}'"}],
        "mark": {"type": "line", "color": colour, **look},
        "encoding": {"y": y},
    }


def _hover(measure: str, ends: list[str], form: str) -> Drawing:
    """Exact values of all series of an epoch, at the pointer."""
    nearest = {"nearest": True, "on": "pointerover", "clear": "pointerout"}
    return {
        "transform": [
            {"filter": {"field": "series", "oneOf": ends}},
            {"pivot": "series", "value": measure, "groupby": ["epoch"]},
        ],
        "mark": {"type": "rule", "strokeWidth": 1, "color": palette.OTHER, "tooltip": True},
        "params": [{"name": "hover", "select": {"type": "point", "fields": ["epoch"], **nearest}}],
        "encoding": {
            "opacity": {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0},
            "tooltip": [
                quantity("epoch", "after epoch", format="d"),
                *(quantity(series, series, format=form) for series in ends),
            ],
        },
    }


def legend(watched: str) -> str:
    """One line of HTML that says what the lines of both drawings are."""
    entries = ((TRAINING, "3px solid"), (watched, "3px dashed"), (WHILE_LEARNING, "1.25px solid"))
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;font-size:.85rem">'
        + "".join(
            f'<span><span style="display:inline-block;width:1.6rem;vertical-align:middle;margin-right:.4rem;'
            f'border-top:{line} {COLOURS[name]}"></span>{name}</span>'
            for name, line in entries
        )
        + "</div>"
    )


def picture(measure: str, history: History, name: str) -> Drawing:
    """The drawing of `accuracy` or `loss` as it stands, with a legend, and the run's name in its title."""
    drawing = curves(measure, history.epochs, history.watched)
    *lines, _ = drawing["layer"]  # what follows a pointer stays behind
    ends = _after_epochs(measure, history.watched)
    names = [*ends, WHILE_LEARNING]
    scale = {"domain": names, "range": [COLOURS[series] for series in names]}
    for series, layer in zip((WHILE_LEARNING, *ends), lines, strict=True):
        layer["encoding"]["color"] = {"datum": series, "legend": _LEGEND, "scale": scale}
    title = {"text": f"{name}: {drawing['title']}", "anchor": "start", "offset": 12}
    values = _points(measure, history).to_dict("records")
    return {**drawing, "title": title, "layer": lines, "data": {"values": values}}


def curve_csv(measure: str, history: History) -> bytes:
    """The points of the lines: series, epoch (a fraction while learning), value (0..1, or nats)."""
    points = _points(measure, history).itertuples(index=False, name=None)
    return comma_separated(("series", "epoch", measure), points)


def _points(measure: str, history: History) -> pd.DataFrame:
    table = history.table()
    drawn = table["series"].isin([*_after_epochs(measure, history.watched), WHILE_LEARNING])
    return table.loc[drawn, ["series", "epoch", measure]].dropna()


def schedule(config: TrainConfig, steps_per_epoch: int) -> Drawing:
    """The learning rate over the epochs to come."""
    steps = steps_per_epoch * config.epochs
    at = sorted({round(i * (steps - 1) / (SCHEDULE_POINTS - 1)) for i in range(SCHEDULE_POINTS)})
    values = [
        {"epoch": step / steps_per_epoch, "rate": lr_at(step, steps, config, steps_per_epoch)} for step in at
    ]
    axis = {"format": "d", "grid": False, "tickMinStep": 1}
    return {
        "height": 130,
        "padding": _PADDING,
        "data": {"values": values},
        "mark": {
            "type": "area",
            "line": {"color": palette.TRAINING, "strokeWidth": 2},
            "color": palette.TRAINING,
            "fillOpacity": 0.12,
        },
        "encoding": {
            "x": quantity("epoch", "epoch", scale={"nice": False}, axis=axis),
            "y": quantity("rate", "learning rate", axis={"tickCount": 4}),
            "tooltip": [
                quantity("epoch", "epoch", format=".1f"),
                quantity("rate", "learning rate", format=".4f"),
            ],
        },
    }
