"""The mistakes of one run: the matrix beside a gallery, which a click or a select box filters."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cifar7.data.imageset import ImageSet
from cifar7.export.pictures import mistakes_png
from cifar7.results.predictions import ORDERS, Order, Predictions
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Value, comma_separated
from cifar7.ui.mistakes import filters, matrix_view
from cifar7.ui.mistakes.filters import ANY
from cifar7.ui.pictures import picture_dialog, picture_grid, tested
from cifar7.ui.pictures.gallery import Tile
from cifar7.ui.shell import choices, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import count, plain, probability

PAGE_SIZES = (50, 100, 500)
_SIZE, _NUMBER = "mistakes_size", "mistakes_number"  # keys of session state

# On a wide page the matrix stays in view beside a long gallery; if the window is low, its lower end does.
SHEET = """<style>
.st-key-confusions button, .st-key-confusions button p { text-align: left; }
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-mistakes_overview) {
    position: sticky; top: min(10rem, calc(100vh - 61rem)); }
}
</style>"""


def show(summary: Summary, predictions: Predictions) -> None:
    """Matrix, commonest confusions and pictures."""
    filters.begin(summary.id)
    st.html(SHEET)
    left, right = st.columns([5, 6], gap="large")
    with right:  # first, because the gallery is what a viewer waits for
        _gallery(summary, predictions)
    with left, st.container(key="mistakes_overview"):
        matrix_view.pairs(predictions)
        matrix_view.show(summary, predictions)


def _gallery(summary: Summary, predictions: Predictions) -> None:
    classes = predictions.classes
    order = _choose(classes, len(predictions))
    true, predicted = filters.chosen(classes)
    right = true is not None and true == predicted
    indices = predictions.indices(true, predicted, wrong_only=not right, order=order)
    st.markdown(_headline(classes, true, predicted, len(indices)))
    images = tested.images(summary, len(predictions))
    if images is None:
        return
    if indices:
        _grid(summary, predictions, images, indices)
    else:
        st.caption("Nothing to show here: choose another cell, or any class.")
    picture_dialog.show(summary, predictions, images, indices)


def _choose(classes: tuple[str, ...], pictures: int) -> Order:
    """The boxes: true class, predicted class, order; and one for a picture's number, below `pictures`."""
    options = {ANY: "any class", **dict(enumerate(classes))}

    with st.container(horizontal=True, key="mistakes_filters"):
        for key, label, tip in (
            (filters.TRUE, "True class", "What the picture shows, by its label in the set."),
            (
                filters.PREDICTED,
                "Predicted class",
                "What the network said: the class it gave the highest probability.",
            ),
        ):
            choices.box(
                label,
                options,
                ANY,
                key=key,
                memory=key,
                help=tip,
                on_change=callback(filters.changed),
                width=140,
            )
        order = choices.box(
            "Order",
            filters.ORDER_LABELS,
            ORDERS[0],
            key=filters.ORDER,
            memory=filters.ORDER,
            help="Sure: by the probability of the class it named. Loss: highest where the true class got the "
            "least.",
            width=165,
        )
        _by_number(pictures)
    return order


def _by_number(pictures: int) -> None:
    def open_number() -> None:
        number = st.session_state[_NUMBER]
        st.session_state[_NUMBER] = None
        if isinstance(number, int) and 0 <= number < pictures:
            picture_dialog.open_picture(number)

    st.number_input(
        "Open number", 0, pictures - 1, None, key=_NUMBER, on_change=callback(open_number), width=140,
        placeholder=f"to {pictures - 1:,}",
        help="The number of a test picture, as it stands under it: opens it by keyboard, right or mistaken.",
    )  # fmt: skip


def _headline(classes: tuple[str, ...], true: int | None, predicted: int | None, number: int) -> str:
    of = plain(classes[true]) if true is not None else ""
    called = plain(classes[predicted]) if predicted is not None else ""
    if true is not None and true == predicted:
        return f"**{count(number, 'picture')}** of {of}, rightly recognised"
    if of and called:
        return f"**{count(number, 'picture')}** of {of}, taken for {called}"
    mistakes = f"**{count(number, 'mistake')}**"
    if of:
        return f"{mistakes} on pictures of {of}"
    return f"{mistakes}: taken for {called}" if called else mistakes


def _grid(summary: Summary, predictions: Predictions, images: ImageSet, indices: list[int]) -> None:
    size = st.session_state.get(_SIZE)
    size = size if size in PAGE_SIZES else PAGE_SIZES[0]
    pages = -(-len(indices) // size)
    # A key for each filter, so that another filter begins at its first page.
    true, predicted = filters.chosen(predictions.classes)
    key = f"mistakes_page_{true}_{predicted}_{st.session_state[filters.ORDER]}_{size}_{summary.id}"
    at = min(max(1, st.session_state.get(key, 1)), pages)
    rows = np.array(indices[(at - 1) * size : at * size])
    tiles = [_tile(predictions, int(row)) for row in rows]
    picture_grid.show(images.test.images[rows], tiles, key="mistakes_grid")
    if len(indices) > PAGE_SIZES[0]:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
            # As wide as its content it would hide the second of two pages.
            st.pagination(pages, key=key, width=320)
            st.selectbox("Pictures a page", PAGE_SIZES, key=state.control(_SIZE, size), width=140)
    take_away.files(
        "pictures",
        lambda: mistakes_png(predictions, images.test.images, indices),
        lambda: _csv(predictions, indices),
        "These pictures",
    )


def _csv(predictions: Predictions, indices: list[int]) -> bytes:
    rows: list[list[Value]] = []
    for at in indices:
        true, named = int(predictions.labels[at]), int(predictions.predicted[at])
        names = [predictions.classes[k] for k in (true, named)]
        rows.append([at, *names, *(float(predictions.probabilities[at, k]) for k in (named, true))])
    heads = ("number", "true", "predicted", "probability of predicted", "probability of true")
    return comma_separated(heads, rows)


def _tile(predictions: Predictions, index: int) -> Tile:
    label, predicted = int(predictions.labels[index]), int(predictions.predicted[index])
    (true, of_true), (name, of_name) = (
        (predictions.classes[k], probability(float(predictions.probabilities[index, k])))
        for k in (label, predicted)
    )
    if label == predicted:
        description = f"Picture {index}: {true}, recognised with a probability of {of_name}"
    else:
        description = f"Picture {index}: {true} ({of_true}), taken for {name} ({of_name})"
    return Tile.of_test_picture(index, (true, of_true), (name, of_name), description)
