"""One run on the page: its progress while it goes on, its result when it has ended."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from cifar7 import paths
from cifar7.runs import queue
from cifar7.runs.folder import ENDED, RunError, RunFolder, State, Status
from cifar7.training.events import Beat, Finished
from cifar7.ui.files import take_away
from cifar7.ui.shell import pages
from cifar7.ui.train import run_charts, run_control, run_files
from cifar7.ui.train.run_history import TEST, History
from cifar7.ui.train.run_words import (
    TERMS,
    epoch_words,
    failed_words,
    gap_words,
    learning_words,
    paused_words,
    progress_words,
    protocol_words,
    result_words,
    scored_words,
)
from cifar7.ui.words.wording import duration, percent, plain

TICK_SECONDS = 1.0
PAUSED_TICK_SECONDS = 10.0  # only to see that somebody else resumed or stopped it
_HISTORY = "train_history"  # key of session state


def panel(run: RunFolder, status: Status) -> None:
    """The run's course; it refreshes itself once a second until the run has ended, seldom while paused."""
    state = status["state"]
    st.fragment(_watch, run_every=tick(state))(run, state)
    _take_away(run)  # outside: a tick would exchange a button while somebody presses it
    st.caption(learning_words(run.spec(), run.config()))
    _ending(status)


def tick(state: State) -> float | None:
    """Seconds between two looks at a run in this state; None where nothing changes any more."""
    return None if state in ENDED else PAUSED_TICK_SECONDS if state == "paused" else TICK_SECONDS


def _watch(run: RunFolder, state_before: State) -> None:
    try:
        status = run.reconcile()
        history = _history(run)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if status["state"] != state_before:
        st.rerun()  # the whole page: heading and list change too, and after the end the ticking stops
    if status["state"] == "queued":
        queue.ensure_worker(paths.runs_dir())
    _standing(run, status)
    for words in status["notices"]:
        st.info(plain(words), icon=":material/info:")
    _figures(status, history)
    _curves(history)
    st.caption(epoch_words(history.ends[-1] if history.ends else None))


def _history(run: RunFolder) -> History:
    history = st.session_state.get(_HISTORY)
    if not isinstance(history, History) or history.run_id != run.id:
        history = History(run.id)
        st.session_state[_HISTORY] = history
    if not history.started:
        history.epochs = run.config().epochs
    history.read(run)
    return history


def _standing(run: RunFolder, status: Status) -> None:
    """The one line that matters now: the progress, or how it ended."""
    state = status["state"]
    if state in ("queued", "running"):
        share, words = progress_words(status, _position(run) if state == "queued" else None)
        st.progress(share, words)
    elif state == "paused":
        share, words = paused_words(status)
        st.progress(share, words)
    elif state == "failed":
        st.error(
            failed_words(status, run_control.can_resume(run, status)),
            title="This run failed",
            icon=":material/error:",
        )
    else:
        st.markdown(result_words(status))


@st.cache_data(ttl=1.0, show_spinner=False)
def _waiting_ids(runs_dir: str) -> list[str]:
    """The queue, read at most once a second however many browsers wait."""
    return [run.id for run in queue.waiting(paths.runs_dir())]


def _position(run: RunFolder) -> int | None:
    ids = _waiting_ids(str(paths.runs_dir()))
    return ids.index(run.id) + 1 if run.id in ids else None


def _figures(status: Status, history: History) -> None:
    with st.grid(4, min_column_width=150, gap="small"):
        for label, value in _values(status, history):
            st.metric(label, value, help=TERMS.get(label))


def _values(status: Status, history: History) -> list[tuple[str, str]]:
    result = Finished.from_dict(status["result"])
    if status["state"] in ENDED and result:
        best = f"{result.best_epoch} of {history.epochs}" if result.best_epoch else "last step"
        return [
            ("Test accuracy", percent(result.test_accuracy)),
            ("Training accuracy", percent(result.train_accuracy)),
            ("Weights of epoch", best),
            ("Time", duration(result.seconds)),
        ]
    beat = Beat.from_dict(status["progress"])
    last = history.ends[-1] if history.ends else None
    live = status["state"] in ("queued", "running")  # a paused run has no speed and no end in sight
    speed = beat.images_per_second if beat and status["state"] != "paused" else 0.0
    return [
        ("Epoch", f"{beat.epoch if beat else '–'} of {history.epochs}"),
        ("Images per second", f"{speed:,.0f}" if speed > 0 else "–"),
        ("Time left", duration(beat.seconds_left) if beat and live else "–"),
        ("Test accuracy", percent(last.test_accuracy if last else None))
        if history.watched == TEST
        else ("Held-out accuracy", percent(last.heldout_accuracy if last else None)),
    ]


def _curves(history: History) -> None:
    table = history.table()
    st.html(run_charts.legend(history.watched))
    st.space("xsmall")  # where a chart's own buttons appear under the pointer
    left, right = st.columns(2, gap="medium")
    with left:
        st.vega_lite_chart(
            table,
            run_charts.curves("accuracy", history.epochs, history.watched),
            key="train_accuracy",
            alt=f"Accuracy by epoch, on training and {history.watched}",
        )
    with right:
        st.vega_lite_chart(
            table,
            run_charts.curves("loss", history.epochs, history.watched),
            key="train_loss",
            alt=f"Loss by epoch, while learning and on {history.watched}",
        )


def _take_away(run: RunFolder) -> None:
    """The files hold what is on record when somebody presses: they are made outside the session."""
    for measure, column in zip(run_files.MEASURES, st.columns(2, gap="medium"), strict=True):
        with column:
            picture, numbers = partial(_picture, run, measure), partial(_numbers, run, measure)
            take_away.buttons(measure, picture, numbers, measure.capitalize())


def _picture(run: RunFolder, measure: str) -> dict[str, Any]:
    return run_files.picture(measure, _read_anew(run), run.spec().name)


def _numbers(run: RunFolder, measure: str) -> bytes:
    return run_files.curve_csv(measure, _read_anew(run))


def _read_anew(run: RunFolder) -> History:
    history = History(run.id)
    history.read(run)
    return history


def _ending(status: Status) -> None:
    """What follows from the result, and the next step."""
    result = Finished.from_dict(status["result"])
    if status["state"] not in ("finished", "stopped") or not result:
        return
    st.caption(" ".join(filter(None, [protocol_words(result), scored_words(result), gap_words(result)])))
    if st.button(
        "Look at its mistakes", icon=":material/image_search:", type="primary", key="train_to_mistakes"
    ):
        st.switch_page(pages.MISTAKES)
