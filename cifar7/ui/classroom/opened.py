"""One run of the class, opened: whose it is, what it is made of, and how to go on from it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from cifar7 import paths
from cifar7.errors import UserError
from cifar7.network.spec import STAGE_NAMES
from cifar7.runs.folder import RunFolder
from cifar7.ui.assignment.card_html import card_html, counted
from cifar7.ui.classroom.standings import Line, Standings
from cifar7.ui.shell import messages, pages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.summary import head_words, stage_words
from cifar7.ui.words.wording import ago, percent, plain

_PICKED = "class_picked"  # key of session state: the id of the opened run
_BOX = "class_run"
MOST_OFFERED = 100  # runs in the chooser; the filter above leads to the others


def picked(shown: Sequence[Line]) -> str | None:
    """The id of the opened run, if it is among those shown."""
    run = st.session_state.get(_PICKED)
    return run if any(line.id == run for line in shown) else None


def pick(run: object) -> None:
    """Open the run of this id, which may come from anywhere; anything else closes what is open."""
    st.session_state[_PICKED] = run if isinstance(run, str) else None


def show(
    standings: Standings, shown: Sequence[Line], current: str | None, on_change: Callable[[], None]
) -> None:
    """The chooser, for those who cannot click on a point, and the opened run. The first ones are offered."""
    offered = [*shown[:MOST_OFFERED], *(line for line in shown[MOST_OFFERED:] if line.id == current)]
    by_id = {line.id: line for line in offered}
    labels = {line.id: _label(line) for line in offered}
    alike = Counter(labels.values())
    options = {run: label if alike[label] == 1 else f"{label} · {run[-4:]}" for run, label in labels.items()}

    def changed() -> None:
        if state.chosen(_BOX):
            pick(st.session_state[_BOX])
            on_change()

    st.selectbox(
        "Open a run: click its point, or choose it here",
        list(options),
        list(options).index(current) if current else None,
        key=state.control(_BOX, current),
        format_func=options.__getitem__,
        placeholder="none chosen",
        on_change=callback(changed),
    )
    if current:
        _panel(standings, by_id[current])


def _label(line: Line) -> str:
    return f"{line.who} · {percent(line.accuracy)} · {line.parameters:,} parameters"


def _panel(standings: Standings, line: Line) -> None:
    run = RunFolder(paths.runs_dir().absolute() / line.id)
    try:
        spec = run.spec()
    except UserError as error:
        messages.error(error)
        return
    verdicts = standings.card(line.id, state.profile())
    with st.container(border=True, key="class_opened"):
        left, right = st.columns([6, 5], gap="large")
        with left:
            by = f" by {plain(line.person)}" if line.person else ""
            st.markdown(f"#### {plain(line.design)}{by}")
            st.markdown(
                f"**{percent(line.accuracy)}** of the test images of {plain(line.images.title)} with "
                f"**{line.parameters:,}** parameters; test set {line.scored}. {plain(line.recipe)}, on "
                f"{plain(line.device)}, {ago(time.time() - line.ended)}."
            )
            parts = {name: stage_words(spec, name) for name in STAGE_NAMES} | {"O": head_words(spec)}
            st.markdown("  \n".join(f"**{name}** {plain(words)}" for name, words in parts.items()))
            with st.container(horizontal=True, gap="small"):
                if st.button(
                    "Go on from its design", type="primary", icon=":material/tune:", key="class_go_on",
                    help="Puts it on the Design page, to change the next toggle; Undo brings yours back.",
                ):  # fmt: skip
                    state.set_design(spec, f"Start from {spec.name}, as it was trained")
                    st.switch_page(pages.DESIGN)
                if st.button(
                    "Look at the run", icon=":material/monitoring:", key="class_look",
                    help="Its curves and figures on the Train page; its mistakes one page further.",
                ):  # fmt: skip
                    state.set_run(line.id)
                    st.switch_page(pages.TRAIN)
        with right:
            st.markdown(f"##### {counted(verdicts)} requirements fulfilled")
            st.html(card_html(verdicts))
