"""The assignment card on a page: its version, the verdicts, and the source of accuracy and device."""

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
from cifar7.ui.shell.controls import callback
from cifar7.ui.shell.link import encode_profile
from cifar7.ui.words.wording import plain

_OWN = "own"  # the option for a teacher's file
_FILE = "profile_file"  # key of the upload


def verdicts() -> tuple[list[Verdict], Standing]:
    """The card of the last design that could be built, with what the chosen run adds."""
    spec = state.valid_design()
    standing = achievement.standing(paths.runs_dir(), state.run_id(), spec)
    return card(analyse(spec), state.profile(), standing.achieved), standing


def show() -> None:
    """The choice of the version, the card, and the source of the run's figures."""
    choose_profile()
    lines, standing = verdicts()
    draw(lines)
    st.caption(plain(standing.explanation))


def draw(lines: list[Verdict]) -> None:
    """The card with its downloads."""
    st.html(card_html(lines))
    table = card_table(lines, state.profile().title)
    take_away.files("assignment", table.png, table.csv)


def choose_profile() -> None:
    """The version of the assignment: a built-in one, or a teacher's file."""
    current = state.profile()
    choice = current.name if PROFILES.get(current.name) == current else _OWN
    options = {name: version.title for name, version in PROFILES.items()}
    if choice == _OWN:
        options[_OWN] = current.title
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Assignment",
            list(options),
            index=list(options).index(choice),
            key=state.control("profile_choice", choice),
            format_func=options.__getitem__,
            help="What the design is held against. Limits, marks and the line in the growth follow.",
            on_change=callback(_choose),
        )
        with st.popover("Own", icon=":material/upload_file:", help="A teacher's own version, from a file."):
            st.file_uploader(
                "A profile as JSON",
                type="json",
                key=_FILE,
                max_upload_size=5,
                on_change=callback(_upload),
                help="An object with name, title and a list of requirements; each has an id, is and limit.",
            )
            st.code(_EXAMPLE, language="json")


_EXAMPLE = """{"name": "mine", "title": "My class",
 "requirements": [
  {"id": "receptive_field", "is": "above", "limit": 60},
  {"id": "parameters", "is": "below", "limit": 50000}]}"""


def _choose() -> None:
    name = st.session_state["profile_choice"]
    if name in PROFILES and state.chosen("profile_choice"):
        state.set_profile(PROFILES[name])


def _upload() -> None:
    file = st.session_state.get(_FILE)
    if file is None:
        return
    try:
        version = read_assignment(file.getvalue())
        state.set_profile(version)
        if encode_profile(version) is None:
            state.notify(
                "This assignment is too long for an address: a refresh forgets it. Shorten its titles."
            )
    except UserError as error:
        state.notify(plain(str(error)))
