"""Two runs on the same pictures: the difference of their matrices, and what only one of them gets right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cifar7.errors import UserError
from cifar7.results import compare, figures
from cifar7.results.predictions import Predictions
from cifar7.ui.compare.curves import LETTERS
from cifar7.ui.pictures import matrix_chart, picture_dialog, picture_grid, tested
from cifar7.ui.pictures.gallery import Tile
from cifar7.ui.pictures.matrix_chart import Look
from cifar7.ui.shell import choices, messages
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import count, plain, probability

MOST_PICTURES = 100
_GRID, _SIDE = "compare_grid", "compare_side"  # keys of session state


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs."""

    letter: str
    summary: Summary
    predictions: Predictions
    alone: list[int]  # indices of the pictures that it gets right and the other one does not


def show(chosen: list[Summary]) -> None:
    """The difference of the matrices beside the pictures. Of more than two runs, two are chosen here."""
    first, second = _pair(len(chosen))
    st.fragment(_both)((LETTERS[first], chosen[first]), (LETTERS[second], chosen[second]))


def _pair(runs: int) -> tuple[int, int]:
    pairs = {(a, b): f"{LETTERS[a]} and {LETTERS[b]}" for a in range(runs) for b in range(a + 1, runs)}
    if runs == 2:
        return 0, 1
    return choices.segments("Which two", pairs, (0, 1), key="compare_pair", memory="compare_pair")


def _both(a: tuple[str, Summary], b: tuple[str, Summary]) -> None:
    try:
        of_a, of_b = tested.predictions(a[1]), tested.predictions(b[1])
        only = compare.only_one_right(of_a, of_b)
        if tested.fingerprint(a[1]) != tested.fingerprint(b[1]):
            raise UserError("the two runs were tested on different images; choose two on the same set")
    except (UserError, OSError) as error:
        messages.warning(error, "They cannot be held against each other: ")
        return
    side_a, side_b = Side(*a, of_a, list(only.only_a)), Side(*b, of_b, list(only.only_b))
    st.markdown(
        f"Both get **{only.both:,}** of {len(of_a):,} pictures right, only {side_a.letter} "
        f"**{len(only.only_a):,}**, only {side_b.letter} **{len(only.only_b):,}**, "
        f"neither **{only.neither:,}**."
    )
    left, right = st.columns([5, 6], gap="large")
    with left:
        _matrix(side_a, side_b)
    with right:
        _pictures(side_a, side_b)


def _matrix(a: Side, b: Side) -> None:
    by = choices.segments(
        "Numbers", matrix_chart.BY_WORDS, "counts", key="compare_by", memory="compare_by",
        help=matrix_chart.BY_HELP,
    )  # fmt: skip
    errors = st.toggle("Errors only", key="compare_errors", help="Hides the diagonal, where they are right.")
    look, classes = Look(by, errors), a.predictions.classes
    table = matrix_chart.rows(b.predictions.confusion(), classes, look=look, other=a.predictions.confusion())
    largest = _largest_change(a, b)
    matrix_chart.show(
        table,
        classes,
        key=f"compare_matrix_{a.summary.id[-6:]}_{b.summary.id[-6:]}",
        alt=f"Difference of the confusion matrices, {b.letter} minus {a.letter}. {largest}",
    )
    st.caption(
        f"{b.letter} minus {a.letter}. Orange and +: {b.letter} says so more often; blue and −: less often. "
        "On the diagonal + is good, elsewhere −."
    )
    st.markdown(largest)
    columns = ["true", "predicted", "count", "value"]
    matrix_chart.downloads("matrix-difference", table, classes, columns)


def _largest_change(a: Side, b: Side) -> str:
    """The mistake whose number differs most between the runs, as Markdown."""
    classes = a.predictions.classes
    change = figures.difference(a.predictions, b.predictions)  # (K, K)
    np.fill_diagonal(change, 0)
    true, predicted = divmod(int(np.abs(change).argmax()), len(classes))
    difference = int(change[true, predicted])
    if not difference:
        return "They make the same number of each mistake."
    return (
        f"The largest change: {b.letter} takes {plain(classes[true])} for {plain(classes[predicted])} "
        f"{count(abs(difference), 'time')} {'more' if difference > 0 else 'less'} often than {a.letter}."
    )


def _pictures(a: Side, b: Side) -> None:
    labels = {side.letter: f"Only {side.letter} right: {len(side.alone):,}" for side in (a, b)}
    letter = choices.segments(
        "Pictures", labels, a.letter, key=_SIDE, memory=_SIDE, label_visibility="collapsed"
    )
    right, wrong = (a, b) if letter == a.letter else (b, a)
    if not right.alone:
        st.caption(f"There is no picture that only {right.letter} gets right.")
        return
    images = tested.images(wrong.summary, len(wrong.predictions))
    if images is None:
        return
    indices = np.array(right.alone[:MOST_PICTURES])
    tiles = [_tile(int(index), right, wrong) for index in indices]
    picture_grid.show(
        images.test.images[indices], tiles, label="Pictures", key=_GRID, on_open=picture_dialog.open_picture
    )
    if len(right.alone) > len(indices):
        st.caption(f"The {len(indices)} that {right.letter} is surest of, of {len(right.alone):,}.")
    picture_dialog.show(wrong.summary, wrong.predictions, images, right.alone)


def _tile(index: int, right: Side, wrong: Side) -> Tile:
    label, predicted = int(right.predictions.labels[index]), int(wrong.predictions.predicted[index])
    true, mistaken = (right.predictions.classes[k] for k in (label, predicted))
    of_true, of_mistaken = (
        probability(float(side.predictions.probabilities[index, k]))
        for side, k in ((right, label), (wrong, predicted))
    )
    return Tile.of_test_picture(
        index,
        (f"{right.letter}: {true}", of_true),
        (f"{wrong.letter}: {mistaken}", of_mistaken),
        f"Picture {index}: {true}. {right.letter} says so ({of_true}), "
        f"{wrong.letter} says {mistaken} ({of_mistaken})",
    )
