"""Runs beside each other: what differs between their designs and recipes, their figures, their curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.results import compare, differences
from cifar7.results.compare import Axis, CurvePoint
from cifar7.results.differences import NETWORK, RECIPE, Difference
from cifar7.ui.compare import curves
from cifar7.ui.compare.curves import LETTERS
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Column, Table, Value
from cifar7.ui.shell import charts, choices, messages, pages, state
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.summary import millions
from cifar7.ui.words.wording import duration, percent

_LINES = "Solid: held-out images, or test images where they are read each epoch. Dashed: training images."
AXES: dict[Axis, str] = {"epoch": "By epoch", "time": "By time"}


def show(chosen: list[Summary]) -> None:
    """Table and curves."""
    try:
        table, points = _table(chosen), _points(chosen)
    except UserError as error:
        messages.error(error)
        return
    st.markdown("##### What differs")
    with st.container(key="comparison"):
        take_away.table(table, "comparison")
    _curves(chosen, points)
    _go_on(chosen)


def _go_on(chosen: list[Summary]) -> None:
    """The next step: take the best design to the Design page."""
    letter, best = max(zip(LETTERS, chosen), key=lambda pair: pair[1].accuracy or 0.0)
    if st.button(
        f"Go on from {letter}'s design", icon=":material/tune:", key="compare_go_on",
        help="Puts it on the Design page, to change the next toggle; Undo there brings yours back.",
    ):  # fmt: skip
        state.set_design(best.run.spec(), f"Start from {best.name}, as it was trained")
        st.switch_page(pages.DESIGN)


def _table(chosen: list[Summary]) -> Table:
    specs = [run.run.spec() for run in chosen]
    configs = [run.run.config() for run in chosen]
    differing = [*differences.design_differences(specs), *differences.recipe_differences(configs)]
    rows: list[Row] = [_text_row(_where(one), one.values) for one in differing]
    rows = rows or [_text_row("design and recipe", ["the same"] * len(chosen))]
    analyses = [analyse(spec) for spec in specs]
    for name, attribute, form in _FIGURES:
        numbers = [getattr(analysis, attribute) for analysis in analyses]
        rows.append(((name, *map(form, numbers)), (name, *numbers)))
    accuracies = [run.accuracy for run in chosen]
    rows.append((("test accuracy", *map(percent, accuracies)), ("test accuracy", *accuracies)))
    seconds = [float((run.status["result"] or {}).get("seconds") or 0) for run in chosen]
    rows.append((("time to train", *map(duration, seconds)), ("seconds to train", *seconds)))
    cells, values = zip(*rows, strict=True)
    columns = (Column("", text=True), *map(Column, _names(chosen)))
    return Table("What differs between the runs", columns, cells, values)


Row = tuple[tuple[str, ...], tuple[Value, ...]]  # the cells as text, and their exact values
_FIGURES: tuple[tuple[str, str, Callable[[int], str]], ...] = (  # title, attribute of Analysis, format
    ("parameters", "parameters", "{:,}".format),
    ("receptive field before pooling, px", "receptive_field_before", "{:,}".format),
    ("receptive field with pooling, px", "receptive_field_total", "{:,}".format),
    ("MACs for one image", "macs", millions),
)


def _text_row(name: str, texts: Sequence[str]) -> Row:
    return (name, *texts), (name, *texts)


def _names(chosen: list[Summary]) -> list[str]:
    return [f"{letter} {run.name}" for letter, run in zip(LETTERS, chosen)]


def _where(one: Difference) -> str:
    """Place and setting in words: "C2, unit 1: dilation"."""
    if one.where in (NETWORK, RECIPE):
        return one.what
    unit = f", unit {one.unit}" if one.unit else ""
    return f"{one.where}{unit}: {one.what}"


def _points(chosen: list[Summary]) -> list[CurvePoint]:
    points: list[CurvePoint] = []
    for letter, run in zip(LETTERS, chosen):
        points += compare.curves(letter, run.run.events()[0])
    return points


def _curves(chosen: list[Summary], points: list[CurvePoint]) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.markdown("##### How they learnt", width="content")
        axis = choices.segments(
            "Curves over", AXES, "epoch", key="compare_axis", memory="kept_axis",
            label_visibility="collapsed",
            help="By epoch: after the same number of pictures. By time: after the same wait.",
        )  # fmt: skip
    names = _names(chosen)
    st.caption(_LINES)
    st.space("xsmall")  # where a chart's own buttons appear under the pointer
    for measure, column in zip(("accuracy", "loss"), st.columns(2, gap="medium"), strict=True):
        values = curves.rows(points, measure)
        drawing = curves.chart(values, LETTERS[: len(chosen)], measure, axis)
        with column:
            st.vega_lite_chart(None, drawing, key=f"compare_{measure}", alt=_alt(measure, names, values))
            named = [{**row, "run": names[LETTERS.index(row["run"])]} for row in values]
            titled = {**drawing, "title": {"text": drawing["title"], "subtitle": [", ".join(names), _LINES]}}
            take_away.rows(f"compared-{measure}", titled, named, curves.COLUMNS)


def _alt(measure: str, names: list[str], values: charts.Rows) -> str:
    last = {row["run"]: row["value"] for row in values if row["figure"] != "training images"}
    ends = ", ".join(
        f"{name} ends at {last[letter]:.3f}" for letter, name in zip(LETTERS, names) if letter in last
    )
    return f"{measure.capitalize()} of the runs, epoch by epoch: {ends}"
