"""Mistakes: what does it get wrong, and why?"""

from __future__ import annotations

import streamlit as st

from cifar7.data import library
from cifar7.errors import UserError
from cifar7.results.predictions import Predictions
from cifar7.ui.mistakes import classes, confused, own_picture
from cifar7.ui.pictures import tested
from cifar7.ui.shell import pages, state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import percent, plain

VIEWS = {
    "pictures": "Confused pictures",
    "classes": "Class by class",
    "own": "Your own picture",
}
_VIEW = "mistakes_view"  # key of session state


def page() -> None:
    """Choose a run, then look at its mistakes."""
    runs = run_list.tested(tested.MOST_RUNS)
    if not runs:
        _invite()
        return
    wanted = state.run_id()
    by_id = {summary.id: summary for summary in runs}
    if wanted is not None and wanted not in by_id:
        st.info(
            f"The run you look at has no result yet or ended before its test. Shown here: {runs[0].label()}.",
            icon=":material/hourglass_top:",
        )
    shown = by_id.get(wanted or "", runs[0])
    _chooser(by_id, shown)
    try:
        predictions = tested.predictions(shown)
    except (UserError, OSError) as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.markdown(_sentence(shown, predictions))
    st.fragment(_views)(shown, predictions)  # a filter changes what is below, and nothing above


def _views(shown: Summary, predictions: Predictions) -> None:
    """Views that are not looked at are not made."""
    view = _choose()
    if view == "classes":
        classes.show(predictions)
    elif view == "own":
        own_picture.show(shown)
    else:
        confused.show(shown, predictions)
    st.page_link(
        pages.COMPARE,
        label="Would a change help? Compare two runs",
        icon=":material/compare_arrows:",
    )


def _choose() -> str:
    kept = st.session_state.get("kept_mistakes_view")
    chosen = st.segmented_control(
        "View",
        list(VIEWS),
        key=state.control(_VIEW, kept if kept in VIEWS else "pictures"),
        format_func=VIEWS.__getitem__,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: st.session_state.update(kept_mistakes_view=st.session_state[_VIEW]),
    )
    return str(chosen)


def _chooser(by_id: dict[str, Summary], shown: Summary) -> None:
    key = state.control("mistakes_run", shown.id)
    names = run_list.labels(list(by_id.values()))
    st.selectbox(
        "Run",
        list(by_id),
        key=key,
        format_func=names.__getitem__,
        on_change=lambda: state.set_run(st.session_state[key]),
        help="Every run that came to its test, the newest first.",
    )


def _sentence(summary: Summary, predictions: Predictions) -> str:
    wrong = int((~predictions.correct).sum())
    return (
        f"**{plain(summary.status['name'])}** recognises **{percent(predictions.accuracy)}** of the "
        f"{len(predictions):,} test images of {plain(library.title(summary.status['data']))}; "
        f"on **{wrong:,}** it is mistaken."
    )


def _invite() -> None:
    with st.container(border=True, horizontal_alignment="center", gap="medium"):
        st.space("small")
        st.markdown("#### There are no mistakes to look at yet", text_alignment="center")
        st.markdown(
            "Train a network first: then this page shows which classes it confuses, and on which pictures.",
            text_alignment="center",
        )
        if st.button("Train one", type="primary", icon=":material/model_training:", key="mistakes_invite"):
            st.switch_page(pages.TRAIN)
        st.space("small")


page()
