"""The mistakes of one run: matrix, commonest confusions, gallery. A click and a select box filter alike."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_set
from cifar7.errors import UserError
from cifar7.results.predictions import ORDERS, Predictions
from cifar7.ui import data_chooser, gallery, matrix_chart
from cifar7.ui.gallery import Tile
from cifar7.ui.run_list import Summary
from cifar7.ui.wording import count, percent, plain, probability

PAGE_SIZES = (50, 100, 500)
ANY = -1
ORDER_WORDS = {
    "confidence": "Surest first",
    "unsure": "Least sure first",
    "loss": "Largest loss first",
    "index": "In the set's order",
}
# Keys of session state
_TRUE, _PREDICTED, _ORDER, _SIZE = (f"mistakes_{n}" for n in ("true", "predicted", "order", "size"))
_CLICKS, _SHOWN = "mistakes_clicks", "mistakes_shown"

# On a wide page the matrix stays in view beside a long gallery.
SHEET = """<style>
.st-key-confusions button, .st-key-confusions button p { text-align: left; }
@media (min-width: 641px) {
  [data-testid="stColumn"]:has(.st-key-mistakes_overview) > div { position: sticky; top: 10rem; }
}
</style>"""


def show(summary: Summary) -> None:
    """Everything about the run's mistakes."""
    try:
        predictions = _predictions(
            summary.id, summary.run.path.joinpath("predictions.npz").stat().st_mtime_ns
        )
    except (UserError, OSError) as error:
        st.error(str(error), icon=":material/error:")
        return
    if st.session_state.get(_SHOWN) != summary.id:
        st.session_state[_SHOWN] = summary.id
        _filter(ANY, ANY)
    _sentence(summary, predictions)
    st.html(SHEET)
    left, right = st.columns([5, 6], gap="large")
    with left, st.container(key="mistakes_overview"):
        _matrix(summary.id, predictions)
        _pairs(predictions)
    with right:
        _gallery(summary, predictions)


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions(run_id: str, version: int) -> Predictions:
    """Read once for all browsers; `version` is the file's time. The run's id has been validated."""
    from cifar7 import paths
    from cifar7.runs.folder import RunFolder

    return RunFolder.open(paths.runs_dir(), run_id).predictions()


def _sentence(summary: Summary, predictions: Predictions) -> None:
    wrong = int((~predictions.correct).sum())
    st.markdown(
        f"**{plain(summary.status['name'])}** recognises **{percent(predictions.accuracy)}** of the "
        f"{len(predictions):,} test images of {plain(data_chooser.title(summary.status['data']))}; "
        f"on **{wrong:,}** it is mistaken."
    )


def _chosen(classes: tuple[str, ...]) -> tuple[int | None, int | None]:
    """The true and predicted class that are filtered for; the client's word is checked."""
    values = [st.session_state.get(key, ANY) for key in (_TRUE, _PREDICTED)]
    known = [value if isinstance(value, int) and 0 <= value < len(classes) else None for value in values]
    return known[0], known[1]


def _filter(true: int, predicted: int) -> None:
    """Set the filter otherwise than by the matrix, which then forgets its selection."""
    st.session_state[_TRUE], st.session_state[_PREDICTED] = true, predicted
    _refiltered()


def _refiltered() -> None:
    st.session_state[_CLICKS] = st.session_state.get(_CLICKS, 0) + 1


def _matrix(run_id: str, predictions: Predictions) -> None:
    classes = predictions.classes
    table = matrix_chart.rows(predictions.confusion(), classes, _chosen(classes))
    dark = st.context.theme.type == "dark"
    # A new key forgets the chart's own selection, which would contradict a filter set elsewhere.
    key = f"matrix_{run_id}_{st.session_state.get(_CLICKS, 0)}"

    def clicked() -> None:
        cells = st.session_state[key]["selection"].get(matrix_chart.SELECTION) or []
        names = [(cell.get("true"), cell.get("predicted")) for cell in cells]
        if names and names[0][0] in classes and names[0][1] in classes:
            true, predicted = classes.index(names[0][0]), classes.index(names[0][1])
        else:
            true, predicted = ANY, ANY
        st.session_state[_TRUE], st.session_state[_PREDICTED] = true, predicted

    st.altair_chart(
        matrix_chart.heatmap(table, classes, text="#E6EBF0" if dark else "#1B2430"),
        key=key,
        on_select=clicked,
        selection_mode=matrix_chart.SELECTION,
        alt="Confusion matrix: true classes in rows, predicted classes in columns",
    )
    st.caption(
        "Each row is a true class, each column what the network said. Green: right; purple: mistaken, "
        "the stronger the commoner. Click a cell to see its pictures."
    )


def _pairs(predictions: Predictions) -> None:
    pairs = predictions.confused_pairs(5)
    if not pairs:
        return
    st.markdown("##### Most often confused")
    with st.container(gap=None, key="confusions"):
        for true, predicted, number, share in pairs:
            st.button(
                f"**{plain(predictions.classes[true])}** taken for "
                f"**{plain(predictions.classes[predicted])}**: "
                f"{count(number, 'time')}, {percent(share)} of them",
                key=f"pair_{true}_{predicted}",
                type="tertiary",
                on_click=_filter,
                args=(true, predicted),
                icon=":material/arrow_right_alt:",
            )


def _gallery(summary: Summary, predictions: Predictions) -> None:
    classes = predictions.classes
    options = [ANY, *range(len(classes))]

    def name(at: int) -> str:
        return "any class" if at == ANY else classes[at]

    with st.container(horizontal=True, key="mistakes_filters"):
        for key, label, words in (
            (_TRUE, "True class", "What the picture shows, by its label in the set."),
            (
                _PREDICTED,
                "Predicted class",
                "What the network said: the class it gave the highest probability.",
            ),
        ):
            if st.session_state.get(key) not in options:
                st.session_state[key] = ANY
            st.selectbox(
                label, options, key=key, format_func=name, on_change=_refiltered, help=words, width=150
            )
        if st.session_state.get(_ORDER) not in ORDERS:
            st.session_state[_ORDER] = ORDERS[0]
        st.selectbox(
            "Order",
            ORDERS,
            key=_ORDER,
            format_func=lambda order: ORDER_WORDS[order],
            help="By the probability that the network gave to the class it named.",
            width=170,
        )
    true, predicted = _chosen(classes)
    right = true is not None and true == predicted
    found = predictions.indices(true, predicted, wrong_only=not right, order=st.session_state[_ORDER])
    st.markdown(_headline(classes, true, predicted, len(found)))
    if found:
        _pictures(summary, predictions, found)


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
        images = open_set(summary.status["data"])
        _check_same(summary, images, len(predictions))
    except UserError as error:
        st.warning(f"The pictures cannot be shown: {plain(str(error))}", icon=":material/hide_image:")
        return
    size = st.session_state.get(_SIZE)
    if size not in PAGE_SIZES:
        size = PAGE_SIZES[0]
    pages = -(-len(found) // size)
    # A key for each filter: another one begins at its first page.
    true, predicted = _chosen(predictions.classes)
    key = f"mistakes_page_{true}_{predicted}_{st.session_state[_ORDER]}_{size}_{summary.id}"
    at = min(max(1, st.session_state.get(key, 1)), pages)
    rows = np.array(found[(at - 1) * size : at * size])
    said = predictions.predicted[rows]
    tiles = [_tile(predictions, int(row), int(name)) for row, name in zip(rows, said)]
    st.html(gallery.grid(images.test.images[rows], tiles, label="Mistaken pictures"))
    if len(found) > PAGE_SIZES[0]:
        _paging(pages, key)


def _paging(pages: int, key: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.pagination(pages, key=key)
        st.selectbox("Pictures a page", PAGE_SIZES, key=_SIZE, width=140)


def _check_same(summary: Summary, images: ImageSet, tested: int) -> None:
    told = summary.run.environment().get("data", {}).get("fingerprint")
    if len(images.test) != tested or (told and told != images.fingerprint):
        raise UserError(
            "the set of that name is another one now than when this run was tested; "
            "train again to see mistakes on the present one."
        )


def _tile(predictions: Predictions, row: int, predicted: int) -> Tile:
    true, said = predictions.classes[predictions.labels[row]], predictions.classes[predicted]
    sure = probability(float(predictions.probabilities[row].max()))
    return Tile(
        lines=(("true", true), ("predicted", f"{said} {sure}")),
        alt=f"Picture {row} of the test images: {true}, taken for {said} with a probability of {sure}",
        hint=f"Test image {row:,}: {true}, taken for {said} ({sure})",
    )
