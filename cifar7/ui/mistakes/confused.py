"""The mistakes of one run: matrix beside gallery. A click and a select box filter alike."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cifar7.data.imageset import ImageSet
from cifar7.errors import UserError
from cifar7.export.pictures import mistakes_png
from cifar7.results.predictions import ORDERS, Order, Predictions
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import comma_separated
from cifar7.ui.mistakes import filters, matrix_view
from cifar7.ui.mistakes.filters import ANY
from cifar7.ui.pictures import picture_dialog, picture_grid, tested
from cifar7.ui.pictures.gallery import Tile
from cifar7.ui.shell import state
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import count, plain, probability

PAGE_SIZES = (50, 100, 500)
_SIZE, _NUMBER, _GRID = "mistakes_size", "mistakes_number", "mistakes_grid"  # keys of session state

# On a wide page the matrix stays in view beside a long gallery; on a low one its lower end does.
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
    with right:  # first: it is what one waits for
        _gallery(summary, predictions)
    with left, st.container(key="mistakes_overview"):
        matrix_view.pairs(predictions)
        matrix_view.show(summary, predictions)


def _gallery(summary: Summary, predictions: Predictions) -> None:
    classes = predictions.classes
    order = _choose(classes, len(predictions))
    true, predicted = filters.chosen(classes)
    right = true is not None and true == predicted
    found = predictions.indices(true, predicted, wrong_only=not right, order=order)
    st.markdown(_headline(classes, true, predicted, len(found)))
    _pictures(summary, predictions, found)


def _choose(classes: tuple[str, ...], pictures: int) -> Order:
    """The boxes: true class, predicted class, order."""
    options = [ANY, *range(len(classes))]

    def name(at: int) -> str:
        return "any class" if at == ANY else classes[at]

    with st.container(horizontal=True, key="mistakes_filters"):
        for key, label, words in (
            (filters.TRUE, "True class", "What the picture shows, by its label in the set."),
            (
                filters.PREDICTED,
                "Predicted class",
                "What the network said: the class it gave the highest probability.",
            ),
        ):
            if st.session_state.get(key) not in options:
                st.session_state[key] = ANY
            st.selectbox(
                label, options, key=key, format_func=name, on_change=filters.changed, help=words, width=140
            )
        if st.session_state.get(filters.ORDER) not in ORDERS:
            st.session_state[filters.ORDER] = ORDERS[0]
        order: Order | None = st.selectbox(
            "Order",
            ORDERS,
            key=filters.ORDER,
            format_func=lambda order: filters.ORDER_WORDS[order],
            help="Sure: by the probability of the class it named. Loss: highest where the true class got the "
            "least.",
            width=165,
        )
        _by_number(pictures)
    return order or ORDERS[0]


def _by_number(pictures: int) -> None:
    def asked() -> None:
        number = st.session_state[_NUMBER]
        st.session_state[_NUMBER] = None
        if isinstance(number, int) and 0 <= number < pictures:
            picture_dialog.open_picture(number)

    st.number_input(
        "Open number", 0, pictures - 1, None, key=_NUMBER, on_change=asked, width=140,
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
    what = f"**{count(number, 'mistake')}**"
    return f"{what} on pictures of {of}" if of else f"{what}: taken for {called}" if called else what


def _pictures(summary: Summary, predictions: Predictions, found: list[int]) -> None:
    try:
        images = tested.images(summary, len(predictions))
    except UserError as error:
        st.warning(f"The pictures cannot be shown: {plain(str(error))}", icon=":material/hide_image:")
        return
    if not found:
        st.caption("Nothing to show here: choose another cell, or any class.")
        picture_dialog.show(summary, predictions, images, found)
        return
    size = _size()
    pages = -(-len(found) // size)
    # A key for each filter: another one begins at its first page.
    true, predicted = filters.chosen(predictions.classes)
    key = f"mistakes_page_{true}_{predicted}_{st.session_state[filters.ORDER]}_{size}_{summary.id}"
    at = min(max(1, st.session_state.get(key, 1)), pages)
    rows = np.array(found[(at - 1) * size : at * size])
    tiles = [_tile(predictions, int(row)) for row in rows]
    picture_grid.show(
        images.test.images[rows], tiles, label="Pictures", key=_GRID, on_open=picture_dialog.open_picture
    )
    if len(found) > PAGE_SIZES[0]:
        _paging(pages, key)
    _take_away(predictions, images, found)
    picture_dialog.show(summary, predictions, images, found)


def _take_away(predictions: Predictions, images: ImageSet, found: list[int]) -> None:
    """The first of them as a picture, all of them as numbers."""

    def picture() -> bytes:
        return mistakes_png(predictions, images.test.images, found)

    def numbers() -> bytes:
        names, shares = predictions.classes, predictions.probabilities
        both = ((at, int(predictions.labels[at]), int(predictions.predicted[at])) for at in found)
        return comma_separated(
            ("number", "true", "predicted", "probability of predicted", "probability of true"),
            (
                (at, names[k], names[said], float(shares[at, said]), float(shares[at, k]))
                for at, k, said in both
            ),
        )

    take_away.files("pictures", picture, numbers, "These pictures")


def _paging(pages: int, key: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.pagination(pages, key=key, width=320)  # as wide as its content, it hides the second of two
        st.selectbox("Pictures a page", PAGE_SIZES, key=state.control(_SIZE, _size()), width=140)


def _size() -> int:
    size = st.session_state.get(_SIZE)
    return size if size in PAGE_SIZES else PAGE_SIZES[0]


def _tile(predictions: Predictions, row: int) -> Tile:
    label, said = int(predictions.labels[row]), int(predictions.predicted[row])
    true, named = predictions.classes[label], predictions.classes[said]
    sure, of_true = (probability(float(predictions.probabilities[row, at])) for at in (said, label))
    if label == said:
        told = f"Picture {row}: {true}, recognised with a probability of {sure}"
    else:
        told = f"Picture {row}: {true} ({of_true}), taken for {named} ({sure})"
    return Tile(
        lines=(("true", true, of_true), ("predicted", named, sure), ("number", f"no. {row:,}")),
        alt=told,
        hint=told,
        opens=row,
    )
