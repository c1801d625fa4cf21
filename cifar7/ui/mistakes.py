"""Mistakes: what does it get wrong?"""

from __future__ import annotations

import streamlit as st

from cifar7.ui import mistakes_view, pages, run_list, state
from cifar7.ui.run_list import Summary

MOST_RUNS = 50  # in the chooser


def page() -> None:
    """Choose a run, then look at its mistakes."""
    runs = run_list.tested(MOST_RUNS)
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
    st.fragment(mistakes_view.show)(shown)  # a filter changes what is below, and nothing above


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
