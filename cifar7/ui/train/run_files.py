"""A run's curves to take away: as a picture with a legend of its own, and as numbers. No streamlit."""

from __future__ import annotations

from typing import Any

from cifar7.ui.files.tables import comma_separated
from cifar7.ui.train import run_charts
from cifar7.ui.train.run_history import TRAINING, WHILE_LEARNING, History

MEASURES = ("accuracy", "loss")


def picture(measure: str, history: History, name: str) -> dict[str, Any]:
    """The drawing of `accuracy` or `loss` as it stands, the run's name in its title."""
    series_names = _series(measure, history)
    drawing = run_charts.curves(measure, history.epochs, history.watched)
    # What follows a pointer stays behind.
    lines = [layer for layer in drawing["layer"] if "params" not in layer]
    for series, layer in zip(_order(series_names), lines, strict=True):
        layer["encoding"]["color"] = {"datum": series, "legend": _LEGEND, "scale": _colours(series_names)}
    values = [
        {"epoch": epoch, "series": series, measure: value}
        for series, epoch, value in _points(measure, history)
    ]
    title = {"text": f"{name}: {drawing['title']}", "anchor": "start", "offset": 12}
    return {**drawing, "title": title, "layer": lines, "data": {"values": values}}


def curve_csv(measure: str, history: History) -> bytes:
    """The points of the lines: series, epoch (a fraction while learning), value (0..1, or nats)."""
    return comma_separated(("series", "epoch", measure), _points(measure, history))


def _points(measure: str, history: History) -> list[tuple[str, float, float]]:
    table = history.table()
    rows = table[table["series"].isin(_series(measure, history)) & table[measure].notna()]
    return list(zip(rows["series"], rows["epoch"], rows[measure], strict=True))


def _series(measure: str, history: History) -> list[str]:
    training = [TRAINING] if measure == "accuracy" else []
    return [*training, history.watched, WHILE_LEARNING]


def _order(series_names: list[str]) -> list[str]:
    """As `run_charts.curves` lays them over each other."""
    return [WHILE_LEARNING, *(series for series in series_names if series != WHILE_LEARNING)]


def _colours(series_names: list[str]) -> dict[str, list[str]]:
    return {"domain": series_names, "range": [run_charts.COLOURS[series] for series in series_names]}


_LEGEND = {"title": None, "orient": "top", "symbolType": "stroke", "symbolStrokeWidth": 3, "symbolOpacity": 1}
