"""Who one is, in a corner of every page: a name if one likes, and the way to another machine."""

from __future__ import annotations

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs import people
from cifar7.ui.shell import pages, person, state
from cifar7.ui.shell.address import page_of
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import plain

WIDTH = 340  # pixels of the menu
_NAME = "who_name"


def draw() -> None:
    """The corner, and a question where a link belongs to somebody else."""
    person.keep()
    me = person.person()
    with (
        st.container(key="who"),
        st.popover(_label(me), icon=_icon(me), type="tertiary"),
        st.container(width=WIDTH),
    ):
        _menu(me)
    other = person.offered()
    if other is not None and other.id != me.id:
        _ask(me, other)


def _label(me: people.Person) -> str:
    return plain(me.name) or ("Teacher" if me.teacher else "Your name")


def _icon(me: people.Person) -> str:
    return ":material/school:" if me.teacher else ":material/person:"


def _menu(me: people.Person) -> None:
    if me.teacher:
        st.markdown(":material/school: **You are the teacher here.** You can stop and change every run.")
    st.text_input(
        "Your name, if you like",
        me.name,
        key=state.control(_NAME, me.name),
        max_chars=people.LONGEST_NAME,
        placeholder="No name yet",
        on_change=callback(_rename),
        help="It stands beside your runs, for all to see.",
    )
    st.caption(
        "Runs that you start are yours: all may look at them, and only you and the teacher can stop them."
    )
    with st.expander("Go on on another machine", icon=":material/devices:"):
        st.caption("This link is you. Open it on the other machine, and give it to nobody.")
        link = f"{page_of(st.context.url or '', pages.PATHS)}/?{person.ME}={person.token()}"
        st.code(link, language=None, wrap_lines=True)
    st.button(
        "I am somebody else",
        icon=":material/person_add:",
        type="tertiary",
        key="who_anew",
        on_click=callback(person.begin_anew),
        help="For a machine that several people use: begins anew, without a name and without runs. Who was "
        "here comes back with the link above only.",
    )


def _rename() -> None:
    if not state.chosen(_NAME):
        return
    try:
        people.rename(paths.runs_dir(), person.token(), st.session_state[_NAME])
    except UserError as error:
        state.notify(f"The name stays as it was: {error}")


def _ask(me: people.Person, other: people.Person) -> None:
    """A link must not make somebody another person unasked."""
    name, own = plain(other.name) or "somebody without a name", plain(me.name) or "who you are"
    with st.container(border=True, key="who_ask"):
        st.markdown(
            f"This link is the personal one of **{name}**. Is that you? If somebody else sent it to you, "
            f"stay {own}: runs that you have started here would not be yours any more."
        )
        with st.container(horizontal=True, gap="small"):
            st.button(f"Go on as {name}", key="who_accept", on_click=callback(person.accept))
            st.button(f"Stay {own}", key="who_decline", type="primary", on_click=callback(person.decline))
