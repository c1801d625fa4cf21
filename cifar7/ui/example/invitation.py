"""A page without a result: what it will show, an example that is trained right there, the way to Train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.runs import queue
from cifar7.runs.folder import RunFolder
from cifar7.ui.example import example
from cifar7.ui.example.example import Example, Side
from cifar7.ui.shell import messages, pages
from cifar7.ui.shell.controls import callback
from cifar7.ui.words import waiting
from cifar7.ui.words.progress import progress_words, share_done

TICK_SECONDS = 1.0
ONE: tuple[Side, ...] = ("wide",)
PAIR: tuple[Side, ...] = ("wide", "narrow")
_PROBLEM = "example_problem"  # key of session state
_OFFERS = {1: "an example (half a minute)", 2: "two examples (a minute)"}
_ABOUT = (
    "A small design of ours, trained for a short time on the built-in shapes, which are synthetic: good "
    "enough to look at, and not what such a network could learn."
)


def invite(title: str, text: str, button: str, *, key: str, sides: Sequence[Side] = ONE) -> None:
    """`title`, `text`: what the page will show. `button`: to the Train page. `sides`: what it needs."""
    there = example.newest(paths.runs_dir())
    pending = _pending(there, sides)
    missing = [side for side in sides if side not in there or not there[side].of_use]
    with st.container(border=True, horizontal_alignment="center", gap="medium", key=f"{key}_box"):
        st.space("small")
        st.markdown(f"#### {title}", text_alignment="center")
        st.markdown(text, text_alignment="center")
        if pending:
            st.fragment(_watch, run_every=TICK_SECONDS)(tuple(sides), pending)
        with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
            if missing and not pending:
                st.button(
                    f"Train {_OFFERS[len(missing)]}", type="primary", icon=":material/play_arrow:",
                    key=f"{key}_example", on_click=callback(_start), args=(missing,),
                )  # fmt: skip
            if st.button(button, icon=":material/model_training:", key=key):
                st.switch_page(pages.TRAIN)
        if missing and not pending:
            st.caption(f"{_ABOUT} There is one for all who look.", text_alignment="center")
            _failure(there, missing)
        st.space("small")


def note(*runs: RunFolder) -> None:
    """Say so where a run that is shown is an example."""
    if any(example.side_of(run) for run in runs):
        st.caption(f":material/school: An example, not anybody's work. {_ABOUT}")


def _pending(there: Mapping[Side, Example], sides: Sequence[Side]) -> tuple[str, ...]:
    """The ids of the runs that wait or go on."""
    return tuple(there[side].run.id for side in sides if side in there and there[side].pending)


def _watch(sides: Sequence[Side], before: tuple[str, ...]) -> None:
    """How far they are; the whole page anew when one has come to its end."""
    there = example.newest(paths.runs_dir())
    pending = _pending(there, sides)
    if pending != before:
        st.rerun()
    going = [there[side] for side in sides if side in there and there[side].pending]
    if any(one.status["state"] == "queued" for one in going):
        queue.ensure_worker(paths.runs_dir())
    for one in going:
        place = waiting.place(one.run.id) if one.status["state"] == "queued" else None
        st.progress(share_done(one.status), f"{one.status['name']}: {progress_words(one.status, place)}")


def _start(sides: Sequence[Side]) -> None:
    try:
        example.start(paths.runs_dir(), sides)
        queue.ensure_worker(paths.runs_dir())
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _failure(there: Mapping[Side, Example], missing: Sequence[Side]) -> None:
    """Why there is none: the start was refused, or the run failed."""
    reasons = [there[side].status["reason"] for side in missing if side in there]
    problem = st.session_state.pop(_PROBLEM, None) or next(filter(None, reasons), None)
    if problem:
        messages.did_not_work(problem)
