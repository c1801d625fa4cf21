"""A run class by class: precision, recall, F1, support; and whether its probabilities can be believed."""

from __future__ import annotations

import math

import streamlit as st

from cifar7.results import calibration, figures
from cifar7.results.figures import ClassFigures
from cifar7.results.predictions import Predictions
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.mistakes import reliability
from cifar7.ui.words.wording import percent, plain

PRECISION = "Of the pictures that it called so, the share that is."
RECALL = "Of the pictures of this class, the share that it called so."
F1 = "The harmonic mean of precision and recall: high only where both are."
SUPPORT = "Test pictures of this class."


def show(predictions: Predictions) -> None:
    """Two halves: the classes, and how sure it is."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        _classes(predictions)
    with right:
        _calibration(predictions)


def _classes(predictions: Predictions) -> None:
    found = figures.per_class(predictions)
    st.markdown(_extremes(found))
    columns = (
        Column("Class", text=True),
        Column("Precision", PRECISION),
        Column("Recall", RECALL),
        Column("F1", F1),
        Column("Support", SUPPORT),
    )
    shown = tuple(
        (one.name, _share(one.precision), _share(one.recall), _share(one.f1), f"{one.support:,}")
        for one in found
    )
    values = tuple(
        (one.name, *(None if math.isnan(v) else v for v in (one.precision, one.recall, one.f1)), one.support)
        for one in found
    )
    take_away.table(Table("Figures per class", columns, shown, values), "classes")
    st.caption(f"Precision: {_lower(PRECISION)} Recall: {_lower(RECALL)} F1: {_lower(F1)}")
    st.markdown("##### Most often confused")
    said = [f"- {_upper(plain(one.words))}." for one in figures.sentences(predictions, 5)]
    st.markdown("\n".join(said) or "It confuses nothing on these pictures.")


def _extremes(found: tuple[ClassFigures, ...]) -> str:
    known = [one for one in found if not math.isnan(one.recall)]
    if not known:
        return "There are no pictures to judge by."
    best, worst = max(known, key=lambda one: one.recall), min(known, key=lambda one: one.recall)
    if best.recall == worst.recall:
        return f"It recognises all classes alike: **{percent(best.recall)}** of each."
    return (
        f"Of **{plain(best.name)}** it recognises most, {percent(best.recall)}; of **{plain(worst.name)}** "
        f"fewest, {percent(worst.recall)}."
    )


def _calibration(predictions: Predictions) -> None:
    st.markdown(f"**Can its probabilities be believed?** {calibration.verdict(predictions)}")
    rows = reliability.rows(calibration.reliability(predictions))
    error = calibration.expected_calibration_error(predictions)
    drawing = reliability.diagram(rows)
    st.vega_lite_chart(
        None,
        drawing,
        key="reliability",
        alt="Reliability diagram: " + "; ".join(
            f"sure {percent(row['confidence'], 0)}, right {percent(row['accuracy'], 0)}" for row in rows
        ),
    )  # fmt: skip
    take_away.rows("reliability", drawing, rows, reliability.COLUMNS)
    st.caption(
        f"Expected calibration error: **{percent(error)}**, the distance between how sure it was and how "
        "often it was right, averaged over all pictures. Each bar holds the pictures that it was about "
        "equally sure of; below the dashed line it was too sure, above it not sure enough."
    )


def _share(value: float) -> str:
    return "–" if math.isnan(value) else percent(value)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
