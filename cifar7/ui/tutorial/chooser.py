"""The choice of a lesson: those that come along, or one from a file."""

from __future__ import annotations

from html import escape

import streamlit as st

from cifar7.errors import UserError
from cifar7.tutorials import builtin
from cifar7.ui.files.uploads import read_lesson
from cifar7.ui.shell import state, tutorial
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import count, plain

_FILE = "tutorial_upload"


def popover() -> None:
    """Closed it costs nothing: what is in it is made when it is opened."""
    folded = st.popover(
        "Lessons", icon=":material/school:", key="tutorials", on_change="rerun",
        help="Small lessons, step by step, whose tasks your own figures decide.",
    )  # fmt: skip
    if not folded.open:
        return
    with folded:
        with st.container(gap="small", key="tutorial_offers"):
            for name in builtin.NAMES:
                _offer(name)
        st.file_uploader(
            "Open a teacher's lesson", type="json", key=_FILE, max_upload_size=1, on_change=callback(_upload),
            help="A JSON file; a lesson's own menu gives it as a file, to begin from.",
        )  # fmt: skip
        first = builtin.tutorial(builtin.NAMES[0])
        st.download_button(
            "One to begin from", first.file, f"{first.name}.json", "application/json",
            key="tutorial_template", icon=":material/download:", on_click="ignore",
            help="The first of these as a file: change it, and open it here.",
        )  # fmt: skip


def _offer(name: str) -> None:
    lesson = builtin.tutorial(name)
    done = tutorial.steps_done(lesson)
    how_far = (
        f"{done} of {count(len(lesson.steps), 'step')} done" if done else count(len(lesson.steps), "step")
    )
    with st.container(gap=None, key=f"tutorial_offer_{name}"):
        st.button(
            lesson.title, key=f"open_tutorial_{name}", type="tertiary", icon=":material/play_circle:",
            on_click=callback(_open), args=(name,),
        )  # fmt: skip
        st.html(f'<div class="c7-note">{escape(lesson.about)} {how_far}.</div>')


def _open(name: str) -> None:
    tutorial.open_lesson(builtin.tutorial(name))


def _upload() -> None:
    file = st.session_state.get(_FILE)
    if file is None:
        return
    try:
        lesson = read_lesson(file.getvalue())
    except UserError as error:
        state.notify(plain(f"Not opened: {error}"))
        return
    tutorial.open_lesson(lesson)
    if tutorial.text_of(lesson) is None:
        state.notify("This lesson is too long for an address: a refresh forgets it. Keep its file at hand.")
