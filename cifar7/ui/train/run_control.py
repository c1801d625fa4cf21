"""Start, stop, pause and go on: the heading of the run on the page, with the buttons that matter now."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from cifar7 import paths
from cifar7.data import library
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network.problems import problems
from cifar7.runs import queue
from cifar7.runs.folder import ENDED, RunFolder, Status
from cifar7.training.config import OPTIONS
from cifar7.ui.shell import pages, state
from cifar7.ui.words.run_list import badge
from cifar7.ui.words.wording import count, plain

_PROBLEM, _REQUEST, _MORE = "train_problem", "train_asked", "train_more"  # keys of session state
MORE_EPOCHS = 4  # offered to a finished run


def heading(info: SetInfo, run: RunFolder | None, status: Status | None) -> None:
    """What is trained on what, and the buttons: start; pause and stop; resume; start anew."""
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
            run_state = status["state"]
            st.markdown(
                f"#### {plain(status['name'])} on {plain(library.title(status['data']))} {badge(run_state)}",
                width="content",
            )
            with st.container(horizontal=True, gap="small", width="content"):
                _buttons(info, run, status)
    _say_problem(info)


def queue_another(info: SetInfo) -> None:
    """While a run goes on: the design and settings as they are now, as the next in the queue."""
    st.button(
        "Queue this as the next run",
        icon=":material/playlist_add:",
        key="train_queue",
        width="stretch",
        disabled=bool(blocked(info)),
        on_click=_start,
        help="The present run is left as it is. This page then follows the new one; both stay in the list.",
    )


def blocked(info: SetInfo) -> str:
    """Why no run can start now; empty when one can."""
    design_problems = problems(state.design())
    if design_problems:
        return f"The design cannot be built yet: {design_problems[0].message}"
    if not library.usable(info):
        return f"{info.title} is not on this machine yet: download it first, or choose another data set."
    return ""


def _start_button(info: SetInfo, label: str, kind: Literal["primary", "secondary"]) -> None:
    st.button(
        label,
        icon=":material/play_arrow:",
        type=kind,
        key="train_start",
        disabled=bool(blocked(info)),
        on_click=_start,
        help="Trains the design as it is now; editing it afterwards does not disturb the run.",
    )


def _buttons(info: SetInfo, run: RunFolder, status: Status) -> None:
    run_state = status["state"]
    if run_state != "running":
        st.session_state.pop(_REQUEST, None)  # it was carried out
    if run_state in ENDED:
        if can_resume(run, status):
            _resume_button(run.id)
            _start_button(info, "Train again", "secondary")
        else:
            _start_button(info, "Train again", "secondary" if status["result"] else "primary")
        return
    if run_state == "paused":
        _resume_button(run.id)
    elif not status["then"]:  # one that waits only to be tested as it is has nothing to pause
        _pause_button(run.id)
    _stop_button(run.id)


def can_resume(run: RunFolder, status: Status) -> bool:
    """Whether the run was left before its end and there is something to go on from."""
    return status["state"] in ("stopped", "failed") and run.checkpoint_path() is not None


def _request(run_id: str) -> str | None:
    """What this browser requested of the run and is not carried out yet: "stop" or "pause"."""
    requested_of, request = st.session_state.get(_REQUEST, ("", None))
    return request if requested_of == run_id else None


def _stop_button(run_id: str) -> None:
    stopping = _request(run_id) == "stop"
    st.button(
        "Stopping…" if stopping else "Stop",
        icon=":material/stop_circle:",
        key="train_stop",
        disabled=stopping,
        on_click=_send_request,
        args=(run_id, "stop"),
        help="Ends the run after the batch it is at; what has been learnt so far is kept and tested.",
    )


def _pause_button(run_id: str) -> None:
    request = _request(run_id)
    st.button(
        "Pausing…" if request == "pause" else "Pause",
        icon=":material/pause_circle:",
        key="train_pause",
        disabled=request is not None,
        on_click=_send_request,
        args=(run_id, "pause"),
        help="Leaves the run after the batch it is at. Nothing is lost, and the machine is free meanwhile.",
    )


def _resume_button(run_id: str) -> None:
    st.button(
        "Resume",
        icon=":material/resume:",
        type="primary",
        key="train_resume",
        on_click=_resume,
        args=(run_id,),
        help="Goes on from the last checkpoint with the run's own design and settings, as though it had "
        "never been left.",
    )


def longer(run: RunFolder, status: Status) -> None:
    """For a finished run: how many more epochs, and the button that trains them."""
    most = int(OPTIONS["epochs"].high) - run.config().epochs if status["state"] == "finished" else 0
    if most < 1 or run.checkpoint_path() is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="run_longer"):
        more = st.number_input(
            "More epochs",
            min_value=1,
            max_value=most,
            value=min(MORE_EPOCHS, most),
            key=_MORE,
            width=130,
            help="The learning rate goes on where the schedule of the longer run has it, mostly higher than "
            "at the end of this one. The result stays until there is the new one.",
        )
        st.button(
            f"Train {count(more, 'more epoch')}",
            icon=":material/add_circle:",
            key="train_longer",
            on_click=_resume,
            args=(run.id, more),
        )


def _say_problem(info: SetInfo) -> None:
    reason = blocked(info)
    if reason:
        st.warning(plain(reason), icon=":material/block:")
        if problems(state.design()):
            st.page_link(pages.DESIGN, label="Mend it on the Design page", icon=":material/tune:")
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(plain(problem), title="That did not work", icon=":material/error:")


def _start() -> None:
    """Queue a run with the design as it is now; what is edited afterwards does not touch it."""
    info = state.data_info()
    try:
        spec = state.design().with_classes(len(info.classes))
        run = queue.enqueue(paths.runs_dir(), spec, state.config(), info.name)
        queue.ensure_worker(paths.runs_dir())
        state.set_run(run.id)
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _send_request(run_id: str, request: Literal["stop", "pause"]) -> None:
    try:
        run = RunFolder.open(paths.runs_dir(), run_id)
        run.request_stop() if request == "stop" else run.request_pause()
        st.session_state[_REQUEST] = (run_id, request)
        queue.ensure_worker(paths.runs_dir())  # a paused run that is stopped waits to be tested
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _resume(run_id: str, more_epochs: int = 0) -> None:
    try:
        RunFolder.open(paths.runs_dir(), run_id).request_resume(more_epochs)
        queue.ensure_worker(paths.runs_dir())
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)
