"""The run in progress as a thin bar under the strip, ticking by itself."""

from __future__ import annotations

from contextlib import suppress
from html import escape

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs.folder import ENDED, RunFolder, Status
from cifar7.runs.queue import Place
from cifar7.ui.shell import state
from cifar7.ui.words import waiting
from cifar7.ui.words.progress import progress_words, share_done

TICK = 2  # seconds
PAUSED_TICK = 10  # seconds


def draw() -> None:
    """Draw the bar while this browser's run waits, runs or is paused; nothing otherwise."""
    status = _status()
    seconds = _tick_seconds(status)
    st.fragment(_tick, run_every=seconds)(seconds)


def _tick(seconds_before: int | None) -> None:
    status = _status()
    if _tick_seconds(status) != seconds_before:
        st.rerun()  # it ticks otherwise from now on, or not at all
    if status is not None and status["state"] not in ENDED:
        run = state.run_id()
        waits = status["state"] == "queued" and run is not None
        st.html(line_html(status, waiting.place(run) if waits and run else None))


def _tick_seconds(status: Status | None) -> int | None:
    """Seconds between two looks at the run; None where there is nothing to wait for."""
    if status is None or status["state"] in ENDED:
        return None
    return PAUSED_TICK if status["state"] == "paused" else TICK


def _status() -> Status | None:
    run = state.run_id()
    if run is None:
        return None
    with suppress(UserError):
        return RunFolder.open(paths.runs_dir(), run).reconcile()
    return None


def line_html(status: Status, place: Place | None = None) -> str:
    """The bar of a run that waits, runs or is paused; `place`: where it waits."""
    words = f"Training {escape(status['name'])}: {progress_words(status, place)}"
    return bar_html(words, "Progress of the training", share_done(status))


def bar_html(words: str, label: str, share: float) -> str:
    """A thin bar, full at a share of 1; `words` are HTML, `label` is read out."""
    return (
        f'<div class="c7-run"><span>{words}</span>'
        f'<div class="track" role="progressbar" aria-label="{label}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{100 * share:.0f}">'
        f'<div style="width: {100 * share:.1f}%"></div></div></div>'
    )
