"""Explore: which toggle pays, at what price, and how sure can one be?"""

from __future__ import annotations

import streamlit as st

from cifar7 import paths
from cifar7.sweeps.folder import list_sweeps
from cifar7.ui.explore import ahead, follow, held, how, marking, opened, questions
from cifar7.ui.shell import choices, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import plain

VIEWS = {"plan": "Plan a sweep", ahead.FOLLOW: "Follow and read"}


# On a wide screen the card stays in view beside a long list; on a phone buttons go on in the next line.
SHEET = """<style>
@media (min-width: 641px) and (min-height: 720px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-explore_ahead) { position: sticky; top: 9.75rem; }
  .stApp:has(.c7-run) [data-testid="stLayoutWrapper"]:has(> .st-key-explore_ahead) { top: 11.5rem; }
}
@media (max-width: 640px) {
  .st-key-explore_plan [data-testid="stButtonGroup"] [role] { flex-wrap: wrap; overflow: visible; }
}
</style>"""


def page() -> None:
    """Plan one, or follow and read those there are."""
    opened.go_on()
    st.html(SHEET)
    there = list_sweeps(paths.runs_dir())
    if not there:
        _plan(first=True)
        return
    default = ahead.FOLLOW if state.sweep_id() else "plan"
    view = choices.segments("View", VIEWS, default, key=ahead.VIEW, label_visibility="collapsed")
    if view == "plan":
        _plan(first=False)
    else:
        follow.show(there)


def _plan(*, first: bool) -> None:
    if first:
        st.markdown("#### Many designs at once: which toggle pays?")
        st.markdown(
            "Mark what varies on your design, and press once: every combination is trained, and at the end "
            "it stands here in words what helped, at what price, and what may be luck. Begin with one of the "
            "questions, or with a toggle of your own."
        )
    asked = questions.questions(state.profile())
    for question, column in zip(asked, st.columns(len(asked), gap="small"), strict=True):
        with column:
            st.button(
                question.title, key=f"explore_ask_{question.key}", width="stretch",
                icon=f":material/{question.icon}:", on_click=callback(_ask), args=(question.key,),
            )  # fmt: skip
            st.caption(question.about)
    left, right = st.columns([8, 5], gap="large")
    with left, st.container(key="explore_plan"):
        st.markdown(f"##### What varies in {plain(state.design().name)}")
        marking.show()
        st.markdown("##### How it is tried")
        how.show()
    with right:
        ahead.show()


def _ask(key: str) -> None:
    question = next(one for one in questions.questions(state.profile()) if one.key == key)
    spec = state.design().with_classes(len(state.data_info().classes))
    held.put(question.draft(spec, state.config()))


page()
