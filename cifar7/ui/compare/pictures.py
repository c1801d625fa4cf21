"""Two runs on the same pictures: the difference of their matrices, and what only one of them gets right."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cifar7.data.imageset import ImageSet
from cifar7.errors import UserError
from cifar7.results import compare, figures
from cifar7.results.figures import By
from cifar7.results.predictions import Predictions
from cifar7.ui.compare.curves import LETTERS
from cifar7.ui.files import take_away
from cifar7.ui.pictures import matrix_chart, picture_dialog, picture_grid, tested
from cifar7.ui.pictures.gallery import Tile
from cifar7.ui.pictures.matrix_chart import Look
from cifar7.ui.shell import state
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import count, plain, probability

MOST_PICTURES = 100
_GRID, _SIDE = "compare_grid", "compare_side"  # keys of session state


def show(chosen: list[Summary]) -> None:
    """Matrix difference beside the pictures; of more than two runs, which two is chosen here."""
    first, second = _pair(chosen)
    st.fragment(_both)((LETTERS[first], chosen[first]), (LETTERS[second], chosen[second]))


def _pair(chosen: list[Summary]) -> tuple[int, int]:
    if len(chosen) == 2:
        return 0, 1
    pairs = [(a, b) for a in range(len(chosen)) for b in range(a + 1, len(chosen))]
    kept = st.session_state.get("compare_pair")
    picked = st.segmented_control(
        "Which two", pairs, key=state.control("compare_pair", kept if kept in pairs else pairs[0]),
        format_func=lambda pair: f"{LETTERS[pair[0]]} and {LETTERS[pair[1]]}", required=True,
    )  # fmt: skip
    return picked or pairs[0]


def _both(a: tuple[str, Summary], b: tuple[str, Summary]) -> None:
    try:
        said_a, said_b = tested.predictions(a[1]), tested.predictions(b[1])
        only = compare.only_one_right(said_a, said_b)
        if tested.fingerprint(a[1]) != tested.fingerprint(b[1]):
            raise UserError("the two runs were tested on different images; choose two on the same set")
    except (UserError, OSError) as error:
        st.warning(f"They cannot be held against each other: {plain(str(error))}", icon=":material/error:")
        return
    st.markdown(
        f"Both get **{only.both:,}** of {len(said_a):,} pictures right, only {a[0]} "
        f"**{len(only.only_a):,}**, only {b[0]} **{len(only.only_b):,}**, neither **{only.neither:,}**."
    )
    left, right = st.columns([5, 6], gap="large")
    with left:
        _matrix(a, b, said_a, said_b)
    with right:
        _pictures((a, said_a, only.only_a), (b, said_b, only.only_b))


def _matrix(a: tuple[str, Summary], b: tuple[str, Summary], said_a: Predictions, said_b: Predictions) -> None:
    by: By | None = st.segmented_control(
        "Numbers", figures.BYS, key="compare_by", default="counts", required=True,
        format_func=matrix_chart.BY_WORDS.__getitem__, help=matrix_chart.BY_HELP,
    )  # fmt: skip
    errors = st.toggle("Errors only", key="compare_errors", help="Hides the diagonal, where they are right.")
    look, classes = Look(by or "counts", errors), said_a.classes
    table = matrix_chart.rows(said_b.confusion(), classes, look=look, other=said_a.confusion())
    most = _most(said_a, said_b, (a[0], b[0]))
    dark = st.context.theme.type == "dark"
    st.altair_chart(
        matrix_chart.heatmap(table, classes, matrix_chart.INK["dark" if dark else "light"], clickable=False),
        key=f"compare_matrix_{a[1].id[-6:]}_{b[1].id[-6:]}",
        alt=f"Difference of the confusion matrices, {b[0]} minus {a[0]}. {most}",
    )
    st.caption(
        f"{b[0]} minus {a[0]}. Orange and +: {b[0]} says so more often; blue and −: less often. On the "
        "diagonal + is good, elsewhere −."
    )
    st.markdown(most)

    def drawing() -> dict[str, Any]:
        told: dict[str, Any] = matrix_chart.heatmap(table, classes, matrix_chart.INK["light"], 460).to_dict()
        return told

    columns = ["true", "predicted", "count", "value"]
    take_away.buttons("matrix-difference", drawing, lambda: take_away.frame_csv(table[columns]))


def _most(a: Predictions, b: Predictions, letters: tuple[str, str]) -> str:
    """The error that changed most, in words."""
    change = figures.difference(a, b)  # (K, K)
    np.fill_diagonal(change, 0)
    true, predicted = divmod(int(np.abs(change).argmax()), len(a.classes))
    moved = int(change[true, predicted])
    if not moved:
        return "They make the same number of each mistake."
    more = "more" if moved > 0 else "less"
    return (
        f"The largest change: {letters[1]} takes {plain(a.classes[true])} for {plain(a.classes[predicted])} "
        f"{count(abs(moved), 'time')} {more} often than {letters[0]}."
    )


Side = tuple[tuple[str, Summary], Predictions, tuple[int, ...]]  # a run, its word, what only it gets right


def _pictures(a: Side, b: Side) -> None:
    sides = {side[0][0]: side for side in (a, b)}
    picked = st.segmented_control(
        "Pictures", list(sides), key=_SIDE, default=a[0][0], required=True, label_visibility="collapsed",
        format_func=lambda letter: f"Only {letter} right: {len(sides[letter][2]):,}",
    )  # fmt: skip
    right = sides.get(picked or "", a)
    wrong = b if right is a else a
    found = list(right[2])
    if not found:
        st.caption(f"There is no picture that only {right[0][0]} gets right.")
        return
    try:
        images = tested.images(wrong[0][1], len(wrong[1]))
    except UserError as error:
        st.warning(f"The pictures cannot be shown: {plain(str(error))}", icon=":material/hide_image:")
        return
    _grid(right, wrong, images, found)


def _grid(right: Side, wrong: Side, images: ImageSet, found: list[int]) -> None:
    shown = np.array(found[:MOST_PICTURES])
    tiles = [_tile(int(index), right, wrong) for index in shown]
    picture_grid.show(
        images.test.images[shown], tiles, label="Pictures", key=_GRID, on_open=picture_dialog.open_picture
    )
    if len(found) > len(shown):
        st.caption(f"The {len(shown)} that {right[0][0]} is surest of, of {len(found):,}.")
    picture_dialog.show(wrong[0][1], wrong[1], images, found)


def _tile(index: int, right: Side, wrong: Side) -> Tile:
    classes, true = right[1].classes, int(right[1].labels[index])
    said = int(wrong[1].predicted[index])
    sure = probability(float(right[1].probabilities[index, true]))
    mistaken = probability(float(wrong[1].probabilities[index, said]))
    good, bad = right[0][0], wrong[0][0]
    told = (
        f"Picture {index}: {classes[true]}. {good} says so ({sure}), {bad} says {classes[said]} ({mistaken})"
    )
    return Tile(
        lines=(
            ("true", f"{good}: {classes[true]}", sure),
            ("predicted", f"{bad}: {classes[said]}", mistaken),
            ("number", f"no. {index:,}"),
        ),
        alt=told,
        hint=told,
        opens=index,
    )
