"""Start, stop, pause and go on: the heading of the run on the page, with the buttons that matter now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import streamlit as st

from cifar7 import paths
from cifar7.data import library
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network.problems import problems
from cifar7.runs import people, queue
from cifar7.runs.folder import ENDED, RunFolder, Status
from cifar7.runs.kinds import Kind
from cifar7.runs.workers import force
from cifar7.training.norms import check_norms
from cifar7.ui.shell import messages, pages, person, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.train import limits
from cifar7.ui.words import waiting
from cifar7.ui.words.run_list import badge
from cifar7.ui.words.wording import count, plain

_PROBLEM = "train_problem"  # key of session state
MORE_EPOCHS = 4  # offered to a finished run

# For each request: its button before and after the press, its icon and its help.
_REQUESTS = {
    "pause": (
        "Pause",
        "Pausing…",
        ":material/pause_circle:",
        "Leaves the run where it is. Nothing is lost, and the machine is free meanwhile.",
    ),
    "stop": (
        "Stop",
        "Stopping…",
        ":material/stop_circle:",
        "Ends the run at once. What has been learnt so far is kept, and tested where that takes a moment.",
    ),
    "end": (
        "Stop at once",
        "Stopping at once…",
        ":material/dangerous:",
        "It does not stop? This ends the process that trains it. The last whole epoch is kept.",
    ),
}


def heading(info: SetInfo, run: RunFolder | None, status: Status | None) -> None:
    """What is trained on what, and the buttons: start; pause and stop; resume; start anew."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="run_heading"
    ):
        if run is None or status is None:
            _title(state.design().name, info.title, ":gray-badge[not trained yet]")
            _start_button(info, "Start training", "primary")
        else:
            _title(status["name"], library.title(status["data"]), badge(status["state"]))
            with st.container(horizontal=True, gap="small", width="content"):
                _buttons(info, run, status)
    if run is not None and status is not None:
        _whose(status)
    reason = blocked(info)
    if reason:
        st.warning(plain(reason), icon=":material/block:")
        if problems(state.design()):
            st.page_link(pages.DESIGN, label="Mend it on the Design page", icon=":material/tune:")
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        messages.did_not_work(problem)


def _whose(status: Status) -> None:
    """Whose run it is, where it is another's, and what one may do with it."""
    me = person.person()
    words = [waiting.whose_words(status, me), waiting.hands_off_words(status, me)]
    if any(words):
        st.caption(plain(". ".join(filter(None, words))))


def _title(name: str, data: str, badge: str) -> None:
    st.markdown(f"#### {plain(name)} on {plain(data)} {badge}", width="content")


def queue_another(info: SetInfo) -> None:
    """While a run goes on: the design and settings as they are now, as the next in the queue."""
    st.button(
        "Queue this as the next run",
        icon=":material/playlist_add:",
        key="train_queue",
        width="stretch",
        disabled=bool(blocked(info)),
        on_click=callback(_start),
        help="The present run is left as it is. This page then follows the new one; both stay in the list.",
    )


def blocked(info: SetInfo) -> str:
    """Why no run can start now; empty when one can."""
    design_problems = problems(state.design())
    if design_problems:
        return f"The design cannot be built yet: {design_problems[0].message}"
    if not library.usable(info):
        return f"{info.title} is not on this machine yet: download it first, or choose another data set."
    try:
        check_norms(state.design(), state.config())
        spec = state.design().with_classes(len(info.classes))
        limits.check(spec, state.config(), info.name)
    except UserError as error:
        return f"It cannot be trained with these settings: {error}"
    return ""


def can_resume(run: RunFolder, status: Status) -> bool:
    """Whether the run was left before its end, there is something to go on from, and this person may."""
    left = status["state"] in ("stopped", "failed") and run.checkpoint_path() is not None
    return left and people.may_touch(person.person(), status["by"])


def _buttons(info: SetInfo, run: RunFolder, status: Status) -> None:
    if status["state"] in ENDED:
        resumable = can_resume(run, status)
        if resumable:
            _resume_button(run)
        if resumable and status["state"] == "stopped" and not status["result"]:
            _test_button(run)
        _start_button(info, "Train again", "secondary" if resumable or status["result"] else "primary")
        return
    if not people.may_touch(person.person(), status["by"]):
        return
    if status["state"] == "paused":
        _resume_button(run)
    elif not status["then"]:  # one that waits only to be tested as it is has nothing to pause
        _request_button(run, status, "pause")
    _request_button(run, status, "stop")


def _start_button(info: SetInfo, label: str, kind: Literal["primary", "secondary"]) -> None:
    st.button(
        label,
        icon=":material/play_arrow:",
        type=kind,
        key="train_start",
        disabled=bool(blocked(info)),
        on_click=callback(_start),
        help="Trains the design as it is now; editing it afterwards does not disturb the run.",
    )


def _request_button(run: RunFolder, status: Status, request: Literal["pause", "stop"]) -> None:
    """Pause: disabled once it was pressed, and after a request to stop, which it would replace.

    Stop: pressed a second time it ends the run at once.
    """
    pending = run.requested() if status["state"] == "running" else None
    again = request == "stop" and pending in ("stop", "end")
    label, label_pending, icon, explanation = _REQUESTS["end" if again else request]
    st.button(
        label_pending if pending == ("end" if again else request) else label,
        icon=icon,
        key=f"train_{request}",
        disabled=pending == "end" or (request == "pause" and pending is not None),
        on_click=callback(_send_request),
        args=(run, request),
        help=explanation,
    )


def _resume_button(run: RunFolder) -> None:
    st.button(
        "Resume",
        icon=":material/resume:",
        type="primary",
        key="train_resume",
        on_click=callback(_resume),
        args=(run,),
        help="Goes on from the last checkpoint with the run's own design and settings, as though it had "
        "never been left.",
    )


def _test_button(run: RunFolder) -> None:
    st.button(
        "Test it",
        icon=":material/fact_check:",
        key="train_test",
        on_click=callback(_test),
        args=(run,),
        help="Evaluates what it has learnt on the test images, once. Resume is possible afterwards, too.",
    )


def longer(run: RunFolder, status: Status) -> None:
    """For a finished run: how many more epochs, and the button that trains them."""
    if status["state"] != "finished" or not people.may_touch(person.person(), status["by"]):
        return
    most = limits.most_epochs() - run.config().epochs
    if most < 1 or run.checkpoint_path() is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="run_longer"):
        more = st.number_input(
            "More epochs",
            min_value=1,
            max_value=most,
            value=min(MORE_EPOCHS, most),
            key="train_more",
            width=130,
            help="The learning rate goes on where the schedule of the longer run has it, mostly higher than "
            "at the end of this one. The result stays until there is the new one.",
        )
        st.button(
            f"Train {count(more, 'more epoch')}",
            icon=":material/add_circle:",
            key="train_longer",
            on_click=callback(_resume),
            args=(run, more),
        )


@contextmanager
def keep_problem(key: str) -> Iterator[None]:
    """Put what goes wrong in a callback into this entry of session state, for the next drawing to show.

    A decorator of the callback.
    """
    try:
        yield
    except UserError as error:
        st.session_state[key] = str(error)


def enqueue(kind: Kind = "training") -> RunFolder:
    """Queue a run with the design as it is now; what is edited afterwards does not touch it."""
    info = state.data_info()
    spec = state.design().with_classes(len(info.classes))
    run = queue.enqueue(paths.runs_dir(), spec, state.config(), info.name, kind, person.person())
    queue.ensure_worker(paths.runs_dir())
    return run


@keep_problem(_PROBLEM)
def _start() -> None:
    state.set_run(enqueue().id)


@keep_problem(_PROBLEM)
def _send_request(run: RunFolder, request: Literal["pause", "stop"]) -> None:
    by = person.person()
    force.stop(run, by) if request == "stop" else run.request_pause(by)
    queue.ensure_worker(paths.runs_dir())  # a paused run that is stopped waits to be tested


@keep_problem(_PROBLEM)
def _test(run: RunFolder) -> None:
    run.request_test(person.person())
    queue.ensure_worker(paths.runs_dir())


@keep_problem(_PROBLEM)
def _resume(run: RunFolder, more_epochs: int = 0) -> None:
    run.request_resume(more_epochs, person.person())
    queue.ensure_worker(paths.runs_dir())
