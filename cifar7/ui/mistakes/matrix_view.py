"""The confusion matrix of a run with its controls, and the commonest confusions in words."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cifar7.errors import UserError
from cifar7.results import figures
from cifar7.results.figures import By
from cifar7.results.predictions import Predictions
from cifar7.ui.mistakes import filters
from cifar7.ui.mistakes.filters import ANY
from cifar7.ui.pictures import matrix_chart, tested
from cifar7.ui.shell import choices, messages
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.run_list import Summary, labels
from cifar7.ui.words.wording import count, plain
from cifar7.wording import capital

ALONE = ""
MOST_PAIRS = 3  # in words above the matrix
_CSV = ("true", "predicted", "count", "of_true", "of_predicted")


def show(summary: Summary, predictions: Predictions) -> None:
    """Controls, matrix, what it means, and its downloads."""
    others = tested.on_the_same(summary)
    counts, classes = predictions.confusion(), predictions.classes
    part = _part(len(classes))
    by, errors_only, similar, other = _controls(others)
    other_counts = _counts(next((run for run in others if run.id == other), None))
    is_difference = other_counts is not None
    indices = figures.similarity_order(counts) if similar else range(len(classes))
    shown = set(figures.most_confused(counts, matrix_chart.LEGIBLE) if part else indices)
    order = [classes[index] for index in indices if index in shown]
    cells = matrix_chart.rows(counts, classes, filters.chosen(classes), by, errors_only, other_counts)
    # A new key clears the chart's own selection, which would contradict a filter that was set elsewhere.
    key = f"matrix_{summary.id}_{filters.resets()}_{by}_{errors_only}_{similar}_{part}_{other[-6:]}"

    def clicked() -> None:
        match st.session_state[key]["selection"].get(matrix_chart.SELECTION):  # a browser may send anything
            case [{"true": true, "predicted": predicted}, *_] if true in classes and predicted in classes:
                filters.clicked(classes.index(true), classes.index(predicted))
            case _:
                filters.clicked(ANY, ANY)

    matrix_chart.show(
        cells, order, key=key, alt=_alt(predictions, is_difference), on_select=callback(clicked)
    )
    st.caption(_caption(by, is_difference) + _part_words(part, len(order), len(classes)))
    columns = (*_CSV, "value") if is_difference else _CSV
    matrix_chart.downloads("confusion-matrix", cells, order, columns)


def _part(classes: int) -> bool:
    """Whether only the classes that are confused most are shown: more are not legible at once."""
    if classes <= matrix_chart.LEGIBLE:
        return False
    parts = {"part": f"The {matrix_chart.LEGIBLE} most confused", "all": f"All {classes:,}"}
    chosen = choices.segments(
        "Classes", parts, "part", key="matrix_part",
        help="So many classes are not legible at once. With all, point at a cell for its names and numbers.",
    )  # fmt: skip
    return chosen == "part"


def _part_words(part: bool, shown: int, classes: int) -> str:
    if part:
        return f" Shown are the {shown} of {classes:,} classes that are most often confused; the CSV has all."
    return " Point at a cell for its names and numbers." if classes > matrix_chart.LEGIBLE else ""


def _controls(others: list[Summary]) -> tuple[By, bool, bool, str]:
    """`by`, `errors_only`, whether similar classes stand together, and the id of the run to subtract."""
    by = choices.segments(
        "Numbers", matrix_chart.BY_WORDS, "counts", key="matrix_by", help=matrix_chart.BY_HELP
    )
    with st.container(horizontal=True, gap="medium"):
        errors_only = choices.switch(
            "Errors only", key="matrix_errors", help="Hides the diagonal, where the prediction is right."
        )
        similar = choices.switch(
            "Similar classes together",
            key="matrix_similar",
            help="Puts classes side by side that are often taken for one another.",
        )
    other = ALONE
    if others:
        other = choices.box(
            "Difference to",
            {ALONE: "none: this run alone", **labels(others)},
            ALONE,
            key="matrix_other",
            help="Shows in each cell how much more or less often this run says so than the other one.",
        )
    return by, errors_only, similar, other


def _counts(other: Summary | None) -> NDArray[np.int64] | None:
    if other is None:
        return None
    try:
        return tested.predictions(other).confusion()
    except (UserError, OSError) as error:
        messages.warning(error)
        return None


def _caption(by: By, is_difference: bool) -> str:
    unit = {
        "counts": "numbers of pictures",
        "recall": "percent of the row's true class",
        "precision": "percent of what was called so",
    }[by]
    if is_difference:
        unit = "pictures" if by == "counts" else "percentage points"
        return (
            f"Rows: true class. Columns: what the network said. In {unit}: orange and +: more often than in "
            "the other run; blue and −: less often. On the diagonal + is good, elsewhere −."
        )
    return (
        f"Rows: true class. Columns: what the network said, {unit}. Green: right; purple: mistaken, the "
        "stronger the commoner. Click a cell to see its pictures, or choose two classes above them."
    )


def _alt(predictions: Predictions, is_difference: bool) -> str:
    """The chart's text alternative."""
    title = "Difference of two confusion matrices" if is_difference else "Confusion matrix"
    commonest = "; ".join(pair.words for pair in figures.sentences(predictions, 3)) or "no mistakes"
    return f"{title}: true classes in rows, predicted classes in columns. Commonest: {commonest}."


def pairs(predictions: Predictions) -> None:
    """The commonest confusions, each as a button that filters for its pictures."""
    confusions = figures.sentences(predictions, MOST_PAIRS)
    if not confusions:
        return
    st.markdown("##### Most often confused")
    with st.container(gap=None, key="confusions"):
        for pair in confusions:
            st.button(
                f"{capital(plain(pair.words))} ({count(pair.count, 'picture')})",
                key=f"pair_{pair.true}_{pair.predicted}",
                type="tertiary",
                on_click=callback(filters.choose),
                args=(pair.true, pair.predicted),
                icon=":material/arrow_right_alt:",
            )
