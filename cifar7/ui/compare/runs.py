"""Runs beside each other: what differs between their designs and recipes, their figures, their curves."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cifar7.errors import UserError
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.results import compare, differences
from cifar7.results.compare import Axis, CurvePoint
from cifar7.results.differences import NETWORK, RECIPE, Difference
from cifar7.ui.compare import curves
from cifar7.ui.compare.curves import LETTERS
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Column, Table, Value
from cifar7.ui.shell import pages, state
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.summary import millions
from cifar7.ui.words.wording import duration, percent, plain

_LINES = "Solid: held-out images, or test images where they are read each epoch. Dashed: training images."
AXES: dict[Axis, str] = {"epoch": "By epoch", "time": "By time"}


def show(chosen: list[Summary]) -> None:
    """Table and curves."""
    try:
        table = _table(chosen)
    except UserError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.markdown("##### What differs")
    with st.container(key="comparison"):
        take_away.table(table, "comparison")
    _curves(chosen)
    _go_on(chosen)


def _go_on(chosen: list[Summary]) -> None:
    """The next step: the better design, to change it further."""
    letter, best = max(zip(LETTERS, chosen), key=lambda pair: pair[1].accuracy or 0.0)
    if st.button(
        f"Go on from {letter}'s design", icon=":material/tune:", key="compare_go_on",
        help="Puts it on the Design page, to change the next toggle; Undo there brings yours back.",
    ):  # fmt: skip
        state.set_design(best.run.spec(), f"Start from {best.status['name']}, as it was trained")
        st.switch_page(pages.DESIGN)


def _table(chosen: list[Summary]) -> Table:
    specs = [run.run.spec() for run in chosen]
    configs = [run.run.config() for run in chosen]
    different = [*differences.design_differences(specs), *differences.recipe_differences(configs)]
    rows: list[tuple[tuple[str, ...], tuple[Value, ...]]] = []
    for difference in different:
        row = (_where(difference), *difference.values)
        rows.append((row, row))
    if not different:
        same = ("design and recipe", *("the same" for _ in chosen))
        rows.append((same, same))
    figures = [analyse(spec) for spec in specs]
    rows += [_figure(name, figures, value, words) for name, value, words in _FIGURES]
    results = [run.status["result"] or {} for run in chosen]
    accuracies = [run.accuracy for run in chosen]
    seconds = [float(result.get("seconds") or 0) for result in results]
    rows.append((("test accuracy", *map(percent, accuracies)), ("test accuracy", *accuracies)))
    rows.append((("time to train", *map(duration, seconds)), ("seconds to train", *seconds)))
    columns = [Column(f"{letter} {run.status['name']}") for letter, run in zip(LETTERS, chosen)]
    cells, values = zip(*rows, strict=True)
    return Table("What differs between the runs", (Column("", text=True), *columns), cells, values)


_FIGURES: tuple[tuple[str, Callable[[Analysis], int], Callable[[int], str]], ...] = (
    ("parameters", lambda figures: figures.parameters, "{:,}".format),
    ("receptive field before pooling, px", lambda figures: figures.receptive_field_before, "{:,}".format),
    ("receptive field with pooling, px", lambda figures: figures.receptive_field_total, "{:,}".format),
    ("MACs for one image", lambda figures: figures.macs, millions),
)


def _figure(
    name: str, figures: list[Analysis], value: Callable[[Analysis], int], words: Callable[[int], str]
) -> tuple[tuple[str, ...], tuple[Value, ...]]:
    numbers = [value(one) for one in figures]
    return (name, *map(words, numbers)), (name, *numbers)


def _where(difference: Difference) -> str:
    """The place and the thing in words: "C2, unit 1: dilation"."""
    if difference.where in (NETWORK, RECIPE):
        return difference.what
    unit = f", unit {difference.unit}" if difference.unit else ""
    return f"{difference.where}{unit}: {difference.what}"


def _curves(chosen: list[Summary]) -> None:
    points: list[CurvePoint] = []
    for letter, run in zip(LETTERS, chosen):
        points += compare.curves(letter, run.run.events()[0])
    last_axis = st.session_state.get("kept_axis")
    default = last_axis if last_axis in AXES else "epoch"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.markdown("##### How they learnt", width="content")
        axis: Axis | None = st.segmented_control(
            "Curves over", list(AXES), key=state.control("compare_axis", default),
            format_func=AXES.__getitem__, required=True, label_visibility="collapsed",
            on_change=lambda: st.session_state.update(kept_axis=st.session_state["compare_axis"]),
            help="By epoch: after the same number of pictures. By time: after the same wait.",
        )  # fmt: skip
    letters = LETTERS[: len(chosen)]
    st.caption(_LINES)
    st.space("xsmall")  # where a chart's own buttons appear under the pointer
    for measure, column in zip(("accuracy", "loss"), st.columns(2, gap="medium"), strict=True):
        values = curves.rows(points, measure)
        drawing = curves.chart(values, letters, measure, axis or "epoch")
        with column:
            st.vega_lite_chart(
                None, drawing, key=f"compare_{measure}", alt=_alt(measure, chosen, values),
            )  # fmt: skip
            names = [f"{letter} {run.status['name']}" for letter, run in zip(LETTERS, chosen)]
            named = [{**row, "run": names[LETTERS.index(row["run"])]} for row in values]
            titled = {**drawing, "title": {"text": drawing["title"], "subtitle": [", ".join(names), _LINES]}}
            take_away.rows(f"compared-{measure}", titled, named, curves.COLUMNS)


def _alt(measure: str, chosen: list[Summary], values: list[dict[str, object]]) -> str:
    last = {row["run"]: row["value"] for row in values if row["figure"] != "training images"}
    ends = ", ".join(
        f"{letter} {run.status['name']} ends at {last[letter]:.3f}"
        for letter, run in zip(LETTERS, chosen)
        if letter in last
    )
    return f"{measure.capitalize()} of the runs, epoch by epoch: {ends}"
