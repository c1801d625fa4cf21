"""A run class by class: precision, recall, F1, support; and how far its probabilities can be believed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from cifar7.results import calibration, figures
from cifar7.results.calibration import Bin
from cifar7.results.figures import ClassFigures
from cifar7.results.predictions import Predictions
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.shell import charts, palette
from cifar7.ui.shell.charts import Drawing, Rows, quantity, tooltip
from cifar7.ui.words.wording import percent, plain
from cifar7.wording import capital

PRECISION = "Of the pictures that it called so, the share that is."
RECALL = "Of the pictures of this class, the share that it called so."
F1 = "The harmonic mean of precision and recall: high only where both are."
SUPPORT = "Test pictures of this class."
HEIGHT = 300  # pixels
COLUMNS = ("low", "high", "confidence", "accuracy", "count")


def show(predictions: Predictions) -> None:
    """The classes on the left, the calibration on the right."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        _classes(predictions)
    with right:
        _calibration(predictions)


def _classes(predictions: Predictions) -> None:
    classes = figures.per_class(predictions)
    st.markdown(_extremes(classes))
    columns = (
        Column("Class", text=True),
        Column("Precision", PRECISION),
        Column("Recall", RECALL),
        Column("F1", F1),
        Column("Support", SUPPORT),
    )
    fractions = [[None if math.isnan(v) else v for v in (c.precision, c.recall, c.f1)] for c in classes]
    cells = tuple((c.name, *map(percent, row), f"{c.support:,}") for c, row in zip(classes, fractions))
    values = tuple((c.name, *row, c.support) for c, row in zip(classes, fractions))
    take_away.table(Table("Figures per class", columns, cells, values), "classes")
    st.caption(f"Precision: {_lower(PRECISION)} Recall: {_lower(RECALL)} F1: {_lower(F1)}")
    st.markdown("##### Most often confused")
    confusions = [f"- {capital(plain(pair.words))}." for pair in figures.sentences(predictions, 5)]
    st.markdown("\n".join(confusions) or "It confuses nothing on these pictures.")


def _extremes(classes: tuple[ClassFigures, ...]) -> str:
    """The classes that are recognised best and worst, as Markdown."""
    with_pictures = [one for one in classes if one.support]
    if not with_pictures:
        return "There are no pictures to judge by."
    best = max(with_pictures, key=lambda one: one.recall)
    worst = min(with_pictures, key=lambda one: one.recall)
    if best.recall == worst.recall:
        return f"It recognises all classes alike: **{percent(best.recall)}** of each."
    return (
        f"Of **{plain(best.name)}** it recognises most, {percent(best.recall)}; of **{plain(worst.name)}** "
        f"fewest, {percent(worst.recall)}."
    )


def _calibration(predictions: Predictions) -> None:
    st.markdown(f"**Can its probabilities be believed?** {calibration.verdict(predictions)}")
    rows = reliability_rows(calibration.reliability(predictions))
    points = "; ".join(
        f"sure {percent(row['confidence'], 0)}, right {percent(row['accuracy'], 0)}" for row in rows
    )
    charts.show(
        "reliability",
        reliability_diagram(rows),
        rows,
        COLUMNS,
        key="reliability",
        alt=f"Reliability diagram: {points}",
    )
    error = calibration.expected_calibration_error(predictions)
    st.caption(
        f"Expected calibration error: **{percent(error)}**, the distance between how sure it was and how "
        "often it was right, averaged over all pictures. Each bar holds the pictures that it was about "
        "equally sure of; below the dashed line it was too sure, above it not sure enough."
    )


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def reliability_rows(bins: Sequence[Bin]) -> Rows:
    """One row for each bin that has pictures."""
    return [{name: getattr(one, name) for name in COLUMNS} for one in bins if one.count]


def reliability_diagram(values: Rows) -> Drawing:
    """Bars as high as the accuracy; on the dashed line it equals the confidence."""

    def share(field: str, title: str) -> dict[str, Any]:
        axis = {"format": ".0%", "tickCount": 5, "grid": field == "accuracy"}
        return quantity(field, title, axis=axis, scale={"domain": [0, 1], "nice": False})

    x, y = share("low", "how sure it was"), share("accuracy", "how often it was right")
    lines = tooltip(
        ("confidence", "sure on average", ".1%"), ("accuracy", "right", ".1%"), ("count", "pictures", ",")
    )
    return {
        "height": HEIGHT,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "color": palette.TEST, "binSpacing": 1},
                "encoding": {"x": {**x, "bin": "binned"}, "x2": {"field": "high"}, "y": y, "tooltip": lines},
            },
            {
                "mark": {"type": "circle", "size": 45, "color": palette.TRAINING, "opacity": 1},
                "encoding": {"x": {**x, "field": "confidence"}, "y": y},
            },
            {
                "data": {"values": [{"low": 0, "accuracy": 0}, {"low": 1, "accuracy": 1}]},
                "mark": {"type": "line", "strokeDash": [6, 4], "color": palette.OTHER, "strokeWidth": 1.5},
                "encoding": {"x": x, "y": y},
            },
        ],
    }
