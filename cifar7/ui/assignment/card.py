"""The assignment card on a page: which version, the verdicts, and where accuracy and device come from."""

from __future__ import annotations

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import Verdict, card
from cifar7.network.profiles import PROFILES
from cifar7.ui.assignment import achievement
from cifar7.ui.assignment.achievement import Standing
from cifar7.ui.assignment.card_html import card_html, card_table
from cifar7.ui.files import take_away
from cifar7.ui.files.uploads import read_assignment
from cifar7.ui.shell import state
from cifar7.ui.words.wording import plain

_OWN = "own"  # the option that stands for a teacher's file
_FILE = "profile_file"  # key of the upload


def verdicts() -> tuple[list[Verdict], Standing]:
    """The card of the design, or of the last one that could be built, with the chosen run's part."""
    spec = state.valid_design()
    standing = achievement.standing(paths.runs_dir(), state.run_id(), spec)
    return card(analyse(spec), state.profile(), standing.achieved), standing


def show() -> None:
    """The card with its version and where the run's figures come from."""
    choose_profile()
    found, standing = verdicts()
    draw(found)
    st.caption(plain(standing.words))


def draw(found: list[Verdict]) -> None:
    """The card, and the way to take it away."""
    st.html(card_html(found))
    table = card_table(found, state.profile().title)
    take_away.files("assignment", table.png, table.csv)


def choose_profile() -> None:
    """The version of the assignment: a built-in one, or a teacher's file."""
    current = state.profile()
    choice = current.name if PROFILES.get(current.name) == current else _OWN
    known = [*PROFILES, *([_OWN] if choice == _OWN else [])]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Assignment",
            known,
            key=state.control("profile_choice", choice),
            format_func=lambda name: current.title if name == _OWN else PROFILES[name].title,
            help="What the design is held against. Limits, marks and the line in the growth follow.",
            on_change=_choose,
        )
        with st.popover("Own", icon=":material/upload_file:", help="A teacher's own version, from a file."):
            st.file_uploader(
                "A profile as JSON",
                type="json",
                key=_FILE,
                max_upload_size=5,
                on_change=_upload,
                help="An object with name, title and a list of requirements; each has an id, is and limit.",
            )
            st.code(_EXAMPLE, language="json")


_EXAMPLE = """{"name": "mine", "title": "My class",
 "requirements": [
  {"id": "receptive_field", "is": "above", "limit": 60},
  {"id": "parameters", "is": "below", "limit": 50000}]}"""


def _choose() -> None:
    name = st.session_state["profile_choice"]
    if name in PROFILES:
        state.set_profile(PROFILES[name])


def _upload() -> None:
    file = st.session_state.get(_FILE)
    if file is None:
        return
    try:
        state.set_profile(read_assignment(file.getvalue()))
    except UserError as error:
        state.notify(plain(str(error)))
