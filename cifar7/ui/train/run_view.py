"""One run on the page: its progress while it goes on, its result when it has ended."""

from __future__ import annotations

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs import queue
from cifar7.runs.folder import ENDED, RunFolder, State, Status
from cifar7.training.events import Beat, Finished
from cifar7.ui.files import take_away
from cifar7.ui.shell import messages, pages
from cifar7.ui.train import run_charts, run_control, run_words
from cifar7.ui.train.run_history import TEST, History
from cifar7.ui.words import waiting
from cifar7.ui.words.wording import duration, percent, plain

TICK_SECONDS = 1.0
PAUSED_TICK_SECONDS = 10.0  # only to see that somebody else resumed or stopped it
_HISTORY = "train_history"  # key of session state


def panel(run: RunFolder, status: Status) -> None:
    """The run's course; it refreshes itself once a second until the run has ended, seldom while paused."""
    state = status["state"]
    st.fragment(_watch, run_every=tick(state))(run, state)
    # Outside: a tick would exchange a button while somebody presses it.
    for measure, column in zip(run_charts.MEASURES, st.columns(2, gap="medium"), strict=True):
        with column:
            _take_away(run, measure)
    st.caption(run_words.learning_words(run.spec(), run.config()))
    _ending(status)


def tick(state: State) -> float | None:
    """Seconds between two looks at a run in this state; None where nothing changes any more."""
    return None if state in ENDED else PAUSED_TICK_SECONDS if state == "paused" else TICK_SECONDS


def _watch(run: RunFolder, state_before: State) -> None:
    try:
        status = run.reconcile()
        history = _history(run)
    except UserError as error:
        messages.error(error)
        return
    if status["state"] != state_before:
        st.rerun()  # the whole page: heading and list change too, and after the end the ticking stops
    if status["state"] == "queued":
        try:
            queue.ensure_worker(paths.runs_dir())
        except UserError as error:
            messages.warning(error)
    _standing(run, status)
    for words in status["notices"]:
        st.info(plain(words), icon=":material/info:")
    _figures(status, history)
    _curves(history)
    st.caption(run_words.epoch_words(history.ends[-1] if history.ends else None))


def _history(run: RunFolder) -> History:
    history = st.session_state.get(_HISTORY)
    if not isinstance(history, History) or history.run_id != run.id:
        history = History(run.id, epochs=run.config().epochs)
        st.session_state[_HISTORY] = history
    history.read(run)
    return history


def _standing(run: RunFolder, status: Status) -> None:
    """The one line that matters now: the progress, or how it ended."""
    state = status["state"]
    if state not in ENDED:
        place = waiting.place(run.id) if state == "queued" else None
        share, words = run_words.progress_words(status, place)
        st.progress(share, words)
    elif state == "failed":
        words = run_words.failed_words(status, run_control.can_resume(run, status))
        st.error(words, title="This run failed", icon=messages.ERROR)
    else:
        st.markdown(run_words.result_words(status))


def _figures(status: Status, history: History) -> None:
    with st.grid(4, min_column_width=150, gap="small"):
        for label, value in _values(status, history):
            st.metric(label, value, help=run_words.TERMS.get(label))


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
    series = {"accuracy": "on training and", "loss": "while learning and on"}
    for measure, column in zip(run_charts.MEASURES, st.columns(2, gap="medium"), strict=True):
        with column:
            st.vega_lite_chart(
                table,
                run_charts.curves(measure, history.epochs, history.watched),
                key=f"train_{measure}",
                alt=f"{measure.capitalize()} by epoch, {series[measure]} {history.watched}",
            )


def _take_away(run: RunFolder, measure: str) -> None:
    """The files hold what is on record when somebody presses: they are made outside the session."""

    def history() -> History:
        history = History(run.id)
        history.read(run)
        return history

    take_away.buttons(
        measure,
        lambda: run_charts.picture(measure, history(), run.spec().name),
        lambda: run_charts.curve_csv(measure, history()),
        measure.capitalize(),
    )


def _ending(status: Status) -> None:
    """What follows from the result, and the next step."""
    result = Finished.from_dict(status["result"])
    if status["state"] not in ("finished", "stopped") or not result:
        return
    sentences = (run_words.protocol_words, run_words.scored_words, run_words.gap_words)
    st.caption(" ".join(filter(None, (sentence(result) for sentence in sentences))))
    if st.button(
        "Look at its mistakes", icon=":material/image_search:", type="primary", key="train_to_mistakes"
    ):
        st.switch_page(pages.MISTAKES)
