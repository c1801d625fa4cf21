"""The run in progress as a thin bar under the strip, ticking by itself."""

from __future__ import annotations

from html import escape

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs.folder import RunFolder, Status
from cifar7.ui.shell import state
from cifar7.ui.words.wording import duration

TICK = 2  # seconds
PAUSED_TICK = 10  # seconds
ACTIVE = ("queued", "running", "paused")


def draw() -> None:
    """Draw the bar while this browser's run waits, runs or is paused; nothing otherwise."""
    status = _status()
    pace = _pace(status)
    st.fragment(_tick, run_every=pace)(pace)


def _tick(was: int | None) -> None:
    status = _status()
    if _pace(status) != was:
        st.rerun()  # it ticks otherwise from now on, or not at all
    if status is not None and status["state"] in ACTIVE:
        st.html(line_html(status))


def _pace(status: Status | None) -> int | None:
    """Seconds between two looks at the run; None where there is nothing to wait for."""
    if status is None or status["state"] not in ACTIVE:
        return None
    return PAUSED_TICK if status["state"] == "paused" else TICK


def _status() -> Status | None:
    run = state.run_id()
    if run is None:
        return None
    try:
        return RunFolder.open(paths.runs_dir(), run).reconcile()
    except UserError:
        return None


def line_html(status: Status) -> str:
    """The bar of a run that waits, runs or is paused."""
    beat = status["progress"] or {}
    steps, step = beat.get("steps") or 0, beat.get("step") or 0
    part = min(1.0, step / steps) if steps else 0.0
    if status["state"] == "queued":
        said = "waiting for its turn"
    elif status["state"] == "paused":
        said = f"paused in epoch {beat['epoch']} of {beat['epochs']}" if steps else "paused"
    elif not steps:
        said = "starting"
    else:
        left = beat.get("seconds_left")
        said = f"epoch {beat.get('epoch', '–')} of {beat.get('epochs', '–')}"
        said += f" · {duration(left)} left" if isinstance(left, (int, float)) else ""
    return (
        f'<div class="c7-run"><span>Training {escape(status["name"])}: {said}</span>'
        f'<div class="track" role="progressbar" aria-label="Progress of the training" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{100 * part:.0f}">'
        f'<div style="width: {100 * part:.1f}%"></div></div></div>'
    )
