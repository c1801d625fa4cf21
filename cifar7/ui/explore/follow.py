"""The sweeps there are: the chosen one with its progress, and below it what it says."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

import streamlit as st

from cifar7.data import library
from cifar7.errors import UserError
from cifar7.sweeps.folder import ENDED, SweepFolder
from cifar7.ui.explore import findings, progress, reading
from cifar7.ui.shell import messages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import ago, plain

MOST_OFFERED = 100  # sweeps in the chooser
STATES = {  # label and colour of the badge
    "running": ("going on", "blue"),
    "paused": ("paused", "orange"),
    "stopped": ("stopped", "orange"),
    "finished": ("finished", "green"),
    "failed": ("failed", "red"),
}
_BOX = "explore_sweep"


def show(there: Sequence[SweepFolder]) -> None:
    """The chooser, the sweep, its findings."""
    sweep = _choose(there[:MOST_OFFERED])
    try:
        status, definition = sweep.status(), reading.definition(sweep)
    except UserError as error:
        messages.error(error)
        return
    label, colour = STATES[status["state"]]
    st.markdown(
        f"#### {plain(definition.title)} on {plain(library.title(definition.data))} :{colour}-badge[{label}]"
    )
    st.caption(f"Started {ago(time.time() - status['created'])}.")
    progress.show(sweep, definition, status)
    going = status["state"] not in ENDED
    st.fragment(findings.show, run_every=findings.TICK_SECONDS if going else None)(sweep, definition)


def _choose(there: Sequence[SweepFolder]) -> SweepFolder:
    """The one in the address, or the newest; choosing another one changes the address."""
    by_id = {sweep.id: sweep for sweep in there}
    wanted = state.sweep_id()
    if wanted and wanted not in by_id:
        with suppress(UserError):  # an old one, or it is gone
            by_id[wanted] = SweepFolder.open(there[0].runs_dir, wanted)
    chosen = by_id.get(wanted or "", there[0])
    labels = _labels(by_id.values())

    def changed() -> None:
        name = st.session_state[key]
        if state.chosen(key) and name in by_id:
            with suppress(UserError):
                state.set_sweep(name)

    key = state.control(_BOX, chosen.id)
    st.selectbox(
        "Sweep", list(by_id), list(by_id).index(chosen.id), key=key, format_func=labels.__getitem__,
        on_change=callback(changed), help="The newest first. All may look at every one.",
    )  # fmt: skip
    return chosen


def _labels(there: Iterable[SweepFolder]) -> dict[str, str]:
    """By id, labels that differ and stay as they are: a browser chooses by them."""
    named = {sweep.id: _label(sweep) for sweep in there}
    counts = Counter(named.values())
    return {name: label if counts[label] == 1 else f"{label} · {name[-4:]}" for name, label in named.items()}


def _label(sweep: SweepFolder) -> str:
    try:
        status = sweep.status()
    except UserError:
        return f"{sweep.id} · damaged"
    by = f" · {status['by_name']}" if status["by_name"] else ""
    created = time.strftime("%d %b %H:%M:%S", time.localtime(status["created"]))
    return f"{reading.title(sweep)}{by} · {created}"
