"""The confusion matrix of a run with its controls, and the commonest confusions in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cifar7.errors import UserError
from cifar7.results import figures
from cifar7.results.figures import By
from cifar7.results.predictions import Predictions
from cifar7.ui.files import take_away
from cifar7.ui.mistakes import filters
from cifar7.ui.mistakes.filters import ANY
from cifar7.ui.pictures import matrix_chart, tested
from cifar7.ui.pictures.matrix_chart import Look
from cifar7.ui.shell import state
from cifar7.ui.words.run_list import Summary, labels
from cifar7.ui.words.wording import count, plain

ALONE = ""
MOST_PAIRS = 3  # in words above the matrix
_CSV = ["true", "predicted", "count", "of_true", "of_predicted"]


def show(summary: Summary, predictions: Predictions) -> None:
    """Controls, matrix, what it means, and the way to take it away."""
    others = tested.on_the_same(summary)
    look, similar, other = _controls(others)
    counts, classes = predictions.confusion(), predictions.classes
    against = _counts(next((run for run in others if run.id == other), None))
    order = figures.similarity_order(counts) if similar else range(len(classes))
    names = [classes[at] for at in order]
    table = matrix_chart.rows(counts, classes, filters.chosen(classes), look, against)
    # A new key forgets the chart's own selection, which would contradict a filter set elsewhere.
    key = f"matrix_{summary.id}_{filters.clicks()}_{look.by}_{look.errors_only}_{similar}_{other[-6:]}"

    def clicked() -> None:
        cells = st.session_state[key]["selection"].get(matrix_chart.SELECTION) or []
        pairs = [(cell.get("true"), cell.get("predicted")) for cell in cells]
        if pairs and pairs[0][0] in classes and pairs[0][1] in classes:
            filters.clicked(classes.index(pairs[0][0]), classes.index(pairs[0][1]))
        else:
            filters.clicked(ANY, ANY)

    st.altair_chart(
        matrix_chart.heatmap(table, names, text=matrix_chart.INK[st.context.theme.type or "light"]),
        key=key,
        on_select=clicked,
        selection_mode=matrix_chart.SELECTION,
        alt=_alt(predictions, against is not None),
    )
    st.caption(_caption(look, against is not None))

    def drawing() -> dict[str, Any]:
        told: dict[str, Any] = matrix_chart.heatmap(table, names, matrix_chart.INK["light"], 460).to_dict()
        return told

    columns = [*_CSV, "value"] if against is not None else _CSV
    take_away.buttons("confusion-matrix", drawing, lambda: take_away.frame_csv(table[columns]))


def _controls(others: list[Summary]) -> tuple[Look, bool, str]:
    """What is shown of the matrix: kept while other views are looked at."""
    kept: dict[str, Any] = st.session_state.setdefault("kept_matrix", {})

    def keep(name: str) -> None:
        kept[name] = st.session_state[f"matrix_{name}"]

    by: By | None = st.segmented_control(
        "Numbers", figures.BYS, key=state.control("matrix_by", kept.get("by", "counts")), required=True,
        format_func=matrix_chart.BY_WORDS.__getitem__, on_change=keep, args=("by",),
        help=matrix_chart.BY_HELP,
    )  # fmt: skip
    with st.container(horizontal=True, gap="medium"):
        errors = st.toggle(
            "Errors only", key=state.control("matrix_errors", kept.get("errors", False)), on_change=keep,
            args=("errors",), help="Hides the diagonal, where the prediction is right.",
        )  # fmt: skip
        similar = st.toggle(
            "Similar classes together", key=state.control("matrix_similar", kept.get("similar", False)),
            on_change=keep, args=("similar",),
            help="Puts classes side by side that are often taken for one another.",
        )  # fmt: skip
    names = {ALONE: "none: this run alone", **labels(others)}
    other = kept.get("other", ALONE)
    if others:
        other = st.selectbox(
            "Difference to", list(names), format_func=names.__getitem__, on_change=keep, args=("other",),
            key=state.control("matrix_other", other if other in names else ALONE),
            help="Shows in each cell how much more or less often this run says so than the other one.",
        )  # fmt: skip
    return Look(by=by or "counts", errors_only=errors), similar, other if other in names else ALONE


def _counts(other: Summary | None) -> NDArray[np.int64] | None:
    if other is None:
        return None
    try:
        return tested.predictions(other).confusion()
    except (UserError, OSError) as error:
        st.warning(plain(str(error)), icon=":material/error:")
        return None


def _caption(look: Look, difference: bool) -> str:
    what = {
        "counts": "numbers of pictures",
        "recall": "percent of the row's true class",
        "precision": "percent of what was called so",
    }[look.by]
    if difference:
        unit = "pictures" if look.by == "counts" else "percentage points"
        return (
            f"Rows: true class. Columns: what the network said. In {unit}: orange and +: more often than in "
            "the other run; blue and −: less often. On the diagonal + is good, elsewhere −."
        )
    return (
        f"Rows: true class. Columns: what the network said, {what}. Green: right; purple: mistaken, the "
        "stronger the commoner. Click a cell to see its pictures, or choose two classes above them."
    )


def _alt(predictions: Predictions, difference: bool) -> str:
    """What the chart shows, in words."""
    what = "Difference of two confusion matrices" if difference else "Confusion matrix"
    found = "; ".join(one.words for one in figures.sentences(predictions, 3))
    return f"{what}: true classes in rows, predicted classes in columns. Commonest: {found or 'no mistakes'}."


def pairs(predictions: Predictions) -> None:
    """The commonest confusions, each a way to its pictures."""
    found = figures.sentences(predictions, MOST_PAIRS)
    if not found:
        return
    st.markdown("##### Most often confused")
    with st.container(gap=None, key="confusions"):
        for one in found:
            said = plain(one.words)
            st.button(
                f"{said[:1].upper()}{said[1:]} ({count(one.count, 'picture')})",
                key=f"pair_{one.true}_{one.predicted}",
                type="tertiary",
                on_click=filters.choose,
                args=(one.true, one.predicted),
                icon=":material/arrow_right_alt:",
            )
