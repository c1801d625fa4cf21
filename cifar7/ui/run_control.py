"""Start and stop: the heading of the run on the page, with the one button that matters now."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network.problems import problems
from cifar7.runs import queue
from cifar7.runs.folder import ENDED, RunFolder, Status
from cifar7.ui import data_chooser, pages, state
from cifar7.ui.run_list import STATE_COLOURS, STATE_WORDS
from cifar7.ui.wording import plain

_PROBLEM, _STOPPING = "train_problem", "train_stopping"  # keys of session state


def heading(info: SetInfo, run: RunFolder | None, status: Status | None) -> None:
    """What is trained on what, and the button: start, stop or start anew."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="run_heading"
    ):
        if run is None or status is None:
            st.markdown(
                f"#### {plain(state.design().name)} on {plain(info.title)} :gray-badge[not trained yet]",
                width="content",
            )
            _start_button(info, "Start training", "primary")
        else:
            kind = status["state"]
            st.markdown(
                f"#### {plain(status['name'])} on {plain(data_chooser.title(status['data']))} "
                f":{STATE_COLOURS[kind]}-badge[{STATE_WORDS[kind]}]",
                width="content",
            )
            if kind in ENDED:
                _start_button(info, "Train again", "secondary" if status["result"] else "primary")
            else:
                _stop_button(run.id)
    _say_problem(info)


def queue_another(info: SetInfo) -> None:
    """While a run goes on: the design and settings as they are now, as the next in the queue."""
    st.button(
        "Queue this as the next run",
        icon=":material/playlist_add:",
        key="train_queue",
        width="stretch",
        disabled=bool(_blocked(info)),
        on_click=_start,
        help="The present run goes on untouched. This page then follows the new one; both stay in the list.",
    )


def _blocked(info: SetInfo) -> str:
    """Why no run can start now; empty when one can."""
    found = problems(state.design())
    if found:
        return f"The design cannot be built yet: {found[0].message}"
    if not data_chooser.usable(info):
        return f"{info.title} is not on this machine yet: download it first, or choose another data set."
    return ""


def _start_button(info: SetInfo, label: str, kind: Literal["primary", "secondary"]) -> None:
    st.button(
        label,
        icon=":material/play_arrow:",
        type=kind,
        key="train_start",
        disabled=bool(_blocked(info)),
        on_click=_start,
        help="Trains the design as it is now; editing it afterwards does not disturb the run.",
    )


def _stop_button(run_id: str) -> None:
    asked = st.session_state.get(_STOPPING) == run_id
    st.button(
        "Stopping…" if asked else "Stop",
        icon=":material/stop_circle:",
        key="train_stop",
        disabled=asked,
        on_click=_stop,
        args=(run_id,),
        help="Ends the run after the batch it is at; what has been learnt so far is kept and tested.",
    )


def _say_problem(info: SetInfo) -> None:
    blocked = _blocked(info)
    if blocked:
        st.warning(plain(blocked), icon=":material/block:")
        if problems(state.design()):
            st.page_link(pages.DESIGN, label="Mend it on the Design page", icon=":material/tune:")
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(plain(problem), title="That did not work", icon=":material/error:")


def _start() -> None:
    """Lay a run with the design as it is now; what is edited afterwards does not touch it."""
    info = state.data_info()
    try:
        spec = state.design().with_classes(len(info.classes))
        run = queue.enqueue(paths.runs_dir(), spec, state.config(), info.name)
        queue.ensure_worker(paths.runs_dir())
        state.set_run(run.id)
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _stop(run_id: str) -> None:
    try:
        RunFolder.open(paths.runs_dir(), run_id).request_stop()
        st.session_state[_STOPPING] = run_id
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)
