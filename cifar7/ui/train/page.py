"""Train: does it learn, how fast, and is the score honest?"""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.runs import queue
from cifar7.runs.folder import ENDED, RunFolder, Status
from cifar7.runs.kept.listing import Damaged
from cifar7.ui.files import take_away
from cifar7.ui.shell import messages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.train import data_chooser, expectation, recipe, run_charts, run_control, run_view
from cifar7.ui.words import run_list
from cifar7.ui.words.wording import count

RECENT = 8  # runs in the list
_WARMED = "train_warmed"  # key of session state

# On a phone the run comes before its settings: pressing Start shows what happens without scrolling.
SHEET = """<style>
.st-key-run_heading h4 { padding: 0; }
.st-key-recent_runs button, .st-key-recent_runs button p { text-align: left; }
@media (max-width: 640px) { [data-testid="stColumn"]:has(.st-key-run_heading) { order: -1; } }
</style>"""


def page() -> None:
    """The settings beside the run."""
    st.html(SHEET)
    run, status = _run()
    left, right = st.columns([5, 9], gap="large")
    with left:
        with st.container(border=True):
            info = data_chooser.choose()
            details = st.container()
        with st.container(border=True):
            recipe.settings()
            expectation.say(info)
        if status and status["state"] not in ENDED:
            run_control.queue_another(info)
    with right:
        run_control.heading(info, run, status)
        messages.full_disk(paths.runs_dir())
        if run and status:
            try:
                run_view.panel(run, status)
                run_control.longer(run, status)
            except UserError as error:  # the folder is damaged
                messages.error(error)
        else:
            _before_the_first(info)
        _recent(run)
    with details:  # last: the built-in set is drawn here when it is looked at for the first time
        data_chooser.details(info)
    _see_to_the_worker()


def _run() -> tuple[RunFolder | None, Status | None]:
    """The run of the address, or None for both."""
    run_id = state.run_id()
    if run_id is None:
        return None, None
    try:
        run = RunFolder.open(paths.runs_dir(), run_id)
        return run, run.reconcile()
    except UserError as error:
        messages.error(error)
        return None, None


def _before_the_first(info: SetInfo) -> None:
    """What Start will do, while there is no run to show."""
    config = state.config()
    heldout = expectation.held_out(info, config)
    train_size = max(1, info.train_size - heldout)
    batch_size = min(config.batch_size, train_size)
    steps = max(1, train_size // batch_size)
    heldout_words = (
        f" {heldout:,} more are held out, to watch how it does on images it does not learn from."
        if heldout
        else ""
    )
    when = "once, at the end" if heldout else "after every epoch"
    st.markdown(
        f"It will go through {train_size:,} images {count(config.epochs, 'time')}, each time in "
        f"{count(steps, 'step')} of {count(batch_size, 'image')}.{heldout_words} "
        f"The {info.test_size:,} test images are read {when}. The learning rate follows this curve:"
    )
    curve = run_charts.schedule(config, steps)
    st.vega_lite_chart(curve, key="train_schedule", alt="The learning rate over the epochs to come")
    titled = {**curve, "title": "Learning rate over the epochs to come"}
    take_away.rows("learning-rate", titled, curve["data"]["values"], ("epoch", "rate"))


def _recent(run: RunFolder | None) -> None:
    runs = run_list.newest(RECENT)
    if not runs:
        return
    st.markdown("##### Recent runs")
    with st.container(gap=None, key="recent_runs"):
        for summary in runs:
            if isinstance(summary, Damaged):
                st.markdown(run_list.damaged_words(summary))
                continue
            is_open = run is not None and summary.id == run.id
            st.button(
                summary.markdown(),
                key=f"open_{summary.id}",
                type="tertiary",
                icon=":material/visibility:" if is_open else ":material/monitoring:",
                disabled=is_open,
                on_click=callback(_open),
                args=(summary.id,),
            )


def _open(run_id: str) -> None:
    try:
        state.set_run(run_id)
    except UserError as error:
        state.notify(str(error))


def _see_to_the_worker() -> None:
    """That waiting runs are taken, also after a worker's death; and on the first visit, that one is warm.

    A warm worker has its libraries loaded, so that pressing Start is felt at once.
    """
    first_visit = _WARMED not in st.session_state
    st.session_state[_WARMED] = True
    with suppress(UserError, OSError):
        queue.ensure_worker(paths.runs_dir(), warm=first_visit)


page()
