"""The learning-rate test on the Train page: started here, carried out by the worker, and shown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from math import isfinite
from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs import queue
from cifar7.runs.folder import ENDED, RunFolder, Status
from cifar7.runs.queue import Place
from cifar7.training.config import OPTIONS
from cifar7.training.events import Beat, RangeStep
from cifar7.training.lr_finding import Finding
from cifar7.ui.files import take_away
from cifar7.ui.shell import messages, person, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.train import lr_curve, run_control
from cifar7.ui.train.run_words import starting_words
from cifar7.ui.words import waiting
from cifar7.ui.words.wording import count, duration, plain

TICK_SECONDS = 1.0
TEST = "find"  # the query parameter that names the test
_TEST, _PROBLEM = "train_find", "train_find_problem"  # keys of session state
_guarded = run_control.keep_problem(_PROBLEM)
# Settings that a test does not read, or hardly: it ends before an epoch does, and uses training images alone.
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
    """Folded away: what the test is, its button, its progress, and its result."""
    test, status = _current()
    with st.expander(
        "Not sure about the learning rate? Test it", icon=":material/query_stats:", expanded=test is not None
    ):
        if test is None or status is None:
            st.caption(
                "A short test on the images you chose: the learning rate grows from step to step, from tiny "
                "to far too large, and the loss shows which one suits this design. Your design and your runs "
                "stay as they are."
            )
            _button("Test the learning rate")
        elif status["state"] not in ENDED:
            st.fragment(_watch, run_every=TICK_SECONDS)(test, status["state"])
        else:
            _outcome(test, status)
        problem = st.session_state.pop(_PROBLEM, None)
        if problem:
            st.error(plain(problem), icon=messages.ERROR)


def _current() -> tuple[RunFolder, Status] | tuple[None, None]:
    """This browser's test, if it has one that is still kept; the address names it, for after a refresh."""
    test_id = st.session_state.get(_TEST) or st.query_params.get(TEST)
    if test_id is None:
        return None, None
    try:
        test = RunFolder.open(paths.runs_dir(), test_id, "lr-test")
        status = test.reconcile()
    except UserError:
        st.session_state.pop(_TEST, None)
        st.query_params.pop(TEST, None)
        return None, None
    st.session_state[_TEST] = test.id
    if st.query_params.get(TEST) != test.id:
        st.query_params[TEST] = test.id
    test.look()
    return test, status


def _button(label: str) -> None:
    st.button(
        label,
        icon=":material/play_circle:",
        key="find_start",
        disabled=bool(run_control.blocked(state.data_info())),
        on_click=callback(_start),
        help="A hundred steps of training, a few hundred with small batches, on a copy of the design that is "
        "thrown away.",
    )


@_guarded
def _start() -> None:
    st.session_state[_TEST] = run_control.enqueue("lr-test").id


def _watch(test: RunFolder, state_before: str) -> None:
    """The test while it waits and goes on."""
    try:
        status = test.reconcile()
    except UserError:
        st.rerun()
    if status["state"] != state_before:
        st.rerun()  # the whole page: after the end the ticking stops
    test.look()
    training = {}
    if status["state"] == "queued":
        try:
            queue.ensure_worker(paths.runs_dir())
        except UserError as error:
            messages.warning(error)
        training = _training(str(paths.runs_dir()))
    place = waiting.place(test.id) if status["state"] == "queued" else None
    share, words = progress_words(status, next(iter(training.values()), None), place)
    st.progress(share, words)
    if state.run_id() in training:
        st.caption("Pause that run, and the test can begin.")
    me = person.person()
    if words := waiting.hands_off_words(status, me):
        st.caption(plain(words))
        return
    stop = _guarded(test.request_stop)
    st.button(
        "Stop the test",
        icon=":material/stop_circle:",
        key="find_stop",
        type="tertiary",
        on_click=callback(stop),
        args=(me,),
    )


def progress_words(status: Status, busy: str | None, place: Place | None = None) -> tuple[float, str]:
    """How far a test is: a share 0..1 and a line. `busy`: what the worker does while the test waits."""
    if status["state"] == "queued":
        if place and place.before:
            return 0.0, f"Waits for its turn: {waiting.place_words(place)}"
        return 0.0, f"Waits for {busy}; it comes next" if busy else "Starting"
    newest = RangeStep.from_dict(status["progress"])
    if newest is None or not newest.steps:
        return 0.0, starting_words(status)
    return min(1.0, newest.step / newest.steps), f"Step {newest.step} of {newest.steps}"


@st.cache_data(ttl=1.0, show_spinner=False)
def _training(runs_dir: str) -> dict[str, str]:
    """By their ids the runs that are being trained, each in words with the time it still takes.

    Read at most once a second, however many browsers wait.
    """
    words = {}
    for run in queue.running(Path(runs_dir)):
        with suppress(UserError):
            status = run.status()
            beat = Beat.from_dict(status["progress"])
            left = f" ({duration(beat.seconds_left)} left)" if beat and isfinite(beat.seconds_left) else ""
            words[run.id] = f"the run that is training, {plain(status['name'])}{left}"
    return words


def _outcome(test: RunFolder, status: Status) -> None:
    """What the test shows, or why it shows nothing; and the way to another."""
    finding = Finding.from_dict(status["result"])
    if finding:
        st.markdown(plain(finding.reason))
        if _is_stale(test):
            st.caption(
                "It was tested with another design, image set or settings than those that stand here now."
            )
    elif status["state"] == "failed":
        st.error(plain(status["reason"] or ""), title="The test did not work", icon=messages.ERROR)
    else:
        st.caption(plain(f"{status['reason']} So there is nothing to suggest."))
    with st.container(horizontal=True, gap="small"):
        if finding and finding.suggestion:
            _use(finding.suggestion)
        _button("Test again")
    if finding and finding.rates:
        _draw(finding, (status["result"] or {}).get("seconds") or 0.0)


def _draw(finding: Finding, seconds: float) -> None:
    drawing = lr_curve.curve(finding)
    st.space("xsmall")  # where the chart's own buttons appear under the pointer
    st.vega_lite_chart(None, drawing, key="find_curve", alt=f"Loss by learning rate. {finding.reason}")
    steps = f"{count(len(finding.rates), 'step')} in {duration(seconds)}."
    st.caption(f"{lr_curve.legend(finding)} {steps}")
    take_away.rows("learning-rate-test", drawing, lr_curve.rows(finding), lr_curve.COLUMNS)


def _use(rate: float) -> None:
    in_use = state.config().lr == rate
    st.button(
        f"{rate:g} is set" if in_use else f"Use {rate:g}",
        icon=":material/check:" if in_use else ":material/arrow_upward:",
        key="find_use",
        type="secondary" if in_use else "primary",
        disabled=in_use,
        on_click=callback(_guarded(state.change_config)),
        kwargs={"lr": rate},
        help="Sets the learning rate above; everything else stays as it is.",
    )


def _is_stale(test: RunFolder) -> bool:
    """Whether the design, the image set or a setting that the test reads is another by now."""
    info = state.data_info()
    spec = state.valid_design().with_classes(len(info.classes))
    unread = {name: OPTIONS[name].default for name in _UNREAD}
    try:
        tested = test.spec(), replace(test.config(), **unread), test.data_name()
    except UserError:
        return True
    return tested != (spec, replace(state.config(), **unread), info.name)
