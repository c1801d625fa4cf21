"""The learning-rate test on the Train page: asked for here, carried out by the worker, and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs import finds, queue
from cifar7.runs.finds import Find, FindStatus, Request
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.files import take_away
from cifar7.ui.shell import state
from cifar7.ui.train import lr_curve, run_control
from cifar7.ui.words.wording import count, duration, plain

TICK_SECONDS = 1.0
FIND = "find"  # the query parameter that names the test
_FIND, _PROBLEM = "train_find", "train_find_problem"  # keys of session state
# What a test does not read, or hardly: it ends before an epoch does, and looks at training images alone.
_UNREAD = (
    "epochs",
    "lr",
    "schedule",
    "warmup",
    "step_epochs",
    "step_factor",
    "averaging",
    "test_flip",
    "seed",
)


def offer() -> None:
    """Folded away: what the test is, its button, its progress, and what it told."""
    find = _current()
    with st.expander(
        "Not sure about the learning rate? Test it", icon=":material/query_stats:", expanded=find is not None
    ):
        try:
            status = find.status() if find else None
        except UserError:
            find = status = None
        if find is None or status is None:
            st.caption(
                "A short test on the images you chose: the learning rate grows from step to step, from tiny "
                "to far too large, and the loss shows which one suits this design. Your design and your runs "
                "stay as they are."
            )
            _button("Test the learning rate")
        elif status["state"] in finds.GOING_ON:
            st.fragment(_watch, run_every=TICK_SECONDS)(find, status["state"])
        else:
            _outcome(find, status)
        problem = st.session_state.pop(_PROBLEM, None)
        if problem:
            st.error(plain(problem), icon=":material/error:")


def _current() -> Find | None:
    """This browser's test, if it has one that is still kept; the address finds it again after a refresh."""
    find_id = st.session_state.get(_FIND) or st.query_params.get(FIND)
    if find_id is None:
        return None
    try:
        find = Find.open(paths.runs_dir(), find_id)
    except UserError:
        st.session_state.pop(_FIND, None)
        st.query_params.pop(FIND, None)
        return None
    st.session_state[_FIND] = find.id
    if st.query_params.get(FIND) != find.id:
        st.query_params[FIND] = find.id
    find.look()
    return find


def _button(label: str) -> None:
    st.button(
        label,
        icon=":material/play_circle:",
        key="find_start",
        disabled=bool(run_control.blocked(state.data_info())),
        on_click=_ask,
        help="A hundred steps of training, a few hundred with small batches, on a copy of the design that is "
        "thrown away.",
    )


def _ask() -> None:
    info = state.data_info()
    try:
        spec = state.design().with_classes(len(info.classes))
        find = finds.ask(paths.runs_dir(), spec, state.config(), info.name)
        st.session_state[_FIND] = find.id
        queue.ensure_worker(paths.runs_dir())
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _watch(find: Find, was: str) -> None:
    """The test while it waits and goes on."""
    try:
        status = find.status()
    except UserError:
        st.rerun()
    if status["state"] != was:
        st.rerun()  # the whole page: after the end the ticking stops
    find.look()
    if status["state"] == "waiting":
        queue.ensure_worker(paths.runs_dir())
    busy = _busy() if status["state"] == "waiting" else None
    share, words = progress_words(status, busy)
    st.progress(share, words)
    if busy and state.run_id() in [run.id for run in _running(str(paths.runs_dir()))]:
        st.caption("Pause that run, and the test begins at once.")
    st.button("Stop the test", icon=":material/stop_circle:", key="find_stop", type="tertiary",
              on_click=_stop, args=(find,))  # fmt: skip


def progress_words(status: FindStatus, busy: str | None) -> tuple[float, str]:
    """How far a test is: a share 0..1 and a line. `busy`: what the worker does while the test waits."""
    if status["state"] == "waiting":
        return 0.0, f"Waits for {busy}; it comes next" if busy else "Starting"
    if not status["steps"]:
        return 0.0, plain(status["what"]) if status["what"] else "Starting: loading libraries"
    return min(1.0, status["step"] / status["steps"]), f"Step {status['step']} of {status['steps']}"


@st.cache_data(ttl=1.0, show_spinner=False)
def _running(runs_dir: str) -> list[RunFolder]:
    """The runs that are being trained, read at most once a second however many browsers wait."""
    return queue.running(paths.runs_dir())


def _busy() -> str | None:
    """The run that is being trained, in words, with the time it still takes."""
    for run in _running(str(paths.runs_dir())):
        try:
            status = run.status()
        except UserError:
            continue
        left = (status["progress"] or {}).get("seconds_left")
        return f"the run that is training, {plain(status['name'])}" + (
            f" ({duration(left)} left)" if left is not None else ""
        )
    return None


def _stop(find: Find) -> None:
    try:
        find.request_stop()
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _outcome(find: Find, status: FindStatus) -> None:
    """What the test told, or why it told nothing; and the way to another."""
    result = find.result() if status["state"] == "done" else None
    if result is not None:
        st.markdown(plain(result["reason"]))
        if _is_stale(find):
            st.caption(
                "It was tested with another design, image set or settings than those that stand here now."
            )
    elif status["state"] == "failed":
        st.error(plain(status["reason"] or ""), title="The test did not work", icon=":material/error:")
    else:
        st.caption(plain(f"{status['reason']} So there is nothing to suggest."))
    with st.container(horizontal=True, gap="small"):
        if result is not None and result["suggestion"]:
            _use(float(result["suggestion"]))
        _button("Test again")
    if result is not None and result["rates"]:
        _drawn(result)


def _drawn(result: dict[str, Any]) -> None:
    drawing = lr_curve.curve(result)
    st.space("xsmall")  # where the chart's own buttons appear under the pointer
    st.vega_lite_chart(None, drawing, key="find_curve", alt=f"Loss by learning rate. {result['reason']}")
    took = f"{count(len(result['rates']), 'step')} in {duration(result['seconds'])}."
    st.caption(f"{lr_curve.legend(result)} {took}")
    take_away.rows("learning-rate-test", drawing, lr_curve.rows(result), lr_curve.COLUMNS)


def _use(rate: float) -> None:
    used = state.config().lr == rate
    st.button(
        f"{rate:g} is set" if used else f"Use {rate:g}",
        icon=":material/check:" if used else ":material/arrow_upward:",
        key="find_use",
        type="secondary" if used else "primary",
        disabled=used,
        on_click=_set,
        args=(rate,),
        help="Sets the learning rate above; everything else stays as it is.",
    )


def _set(rate: float) -> None:
    try:
        state.change_config(lr=rate)
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _is_stale(find: Find) -> bool:
    """Whether the design, the image set or a setting that the test reads is another by now."""
    try:
        tested = find.request()
    except UserError:
        return True
    info = state.data_info()
    now = Request(state.valid_design().with_classes(len(info.classes)), state.config(), info.name)
    return _read(now) != _read(tested)


def _read(request: Request) -> Request:
    """The request with the same value for everything that the test does not read."""
    same = {name: getattr(TrainConfig(), name) for name in _UNREAD}
    return replace(request, config=replace(request.config, **same))
