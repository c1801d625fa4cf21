"""The sweep in progress as a thin bar under the strip, ticking by itself, on every page but its own."""

from __future__ import annotations

from contextlib import suppress
from html import escape

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.sweeps import driver
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import Standing, SweepFolder
from cifar7.ui.shell import pages, state
from cifar7.ui.strip.run_line import bar_html
from cifar7.ui.words.wording import count

TICK = 3  # seconds


def draw(page: str) -> None:
    """Draw the bar while the sweep that this browser looks at goes on; `page`: the path of the page."""
    if state.sweep_id() is None or page == pages.EXPLORE_PATH:
        return
    going = _going() is not None
    st.fragment(_tick, run_every=TICK if going else None)(going)


def _tick(going_before: bool) -> None:
    found = _going()
    if (found is not None) != going_before:
        st.rerun()  # it ticks otherwise from now on, or not at all
    if found is not None:
        with suppress(UserError):  # the Explore page says what is wrong
            driver.ensure(paths.runs_dir())
        st.html(line_html(*found))


def _going() -> tuple[Definition, Standing] | None:
    """What it does and how it stands; None where it does not go on."""
    with suppress(UserError):
        sweep = SweepFolder.open(paths.runs_dir(), state.sweep_id() or "")
        status = sweep.status()
        if status["state"] == "running":
            return sweep.definition(), status
    return None


def line_html(definition: Definition, status: Standing) -> str:
    """The bar of a sweep that goes on."""
    done = status["tried"] + (status["left_out"] if definition.sampler == "grid" else 0)
    share = min(1.0, done / max(1, definition.planned))
    words = f"Sweep {escape(definition.title)}: {done:,} of {count(definition.planned, 'design')}"
    return bar_html(words, "Progress of the sweep", share)
