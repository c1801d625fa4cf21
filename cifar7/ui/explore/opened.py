"""One design of a sweep, opened: its values, its seeds' figures, its runs, and the way to go on from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from cifar7.errors import UserError
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import Setting, knob
from cifar7.sweeps.learned.phrases import Named, together
from cifar7.sweeps.outcome import Judged, Trial
from cifar7.ui.explore.points import Point
from cifar7.ui.explore.trial_table import outcome
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.shell import choices, messages, pages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.summary import millions
from cifar7.ui.words.wording import duration, percent, plain

MOST_OFFERED = 200  # in the box, the best first
_PICKED, _BOX, _GO, _PROBLEM = (
    f"explore_{name}" for name in ("picked", "point", "go", "opened_problem")
)  # keys of session state


def picked(sweep: str, shown: Sequence[Point]) -> int | None:
    """The number of the opened trial, if it is among those of this sweep."""
    held = st.session_state.get(_PICKED)
    if not (isinstance(held, tuple) and len(held) == 2 and held[0] == sweep):
        return None
    return held[1] if any(point.trial.number == held[1] for point in shown) else None


def pick(sweep: str, design: object) -> None:
    """Open the design of this number, counted from 1, which may be anything; what is none closes it."""
    whole = isinstance(design, (int, float)) and not isinstance(design, bool) and design == int(design)
    st.session_state[_PICKED] = (sweep, int(design) - 1) if whole else None  # type: ignore[call-overload]


def choose(
    sweep: str, shown: Sequence[Point], axes: Mapping[str, Named], current: int | None,
    on_change: Callable[[], None],
) -> None:  # fmt: skip
    """The chooser, for those who cannot click on a point."""
    ranked = sorted(shown, key=lambda point: (point.early, -point.accuracy))[:MOST_OFFERED]
    offered = {
        point.trial.number: f"Trial {point.trial.number + 1} · {together(point.trial.values, axes)}"
        for point in ranked
    }
    if current is not None and current not in offered:
        offered[current] = f"Trial {current + 1}"

    def changed() -> None:
        value = st.session_state[key]
        if state.chosen(key):
            pick(sweep, value + 1 if isinstance(value, int) and value in offered else None)
            on_change()

    key = state.control(_BOX, current)
    st.selectbox(
        "Open a design: click its point, or choose it here", list(offered),
        None if current is None else list(offered).index(current), key=key,
        format_func=offered.__getitem__, placeholder="none chosen", on_change=callback(changed),
    )  # fmt: skip


def panel(definition: Definition, trial: Trial, judged: Judged, axes: Mapping[str, Named]) -> None:
    """What it is, its runs, the two ways on."""
    with st.container(border=True, key="explore_opened"):
        st.markdown(f"#### Trial {trial.number + 1}: {plain(together(trial.values, axes))}")
        spread = f", spread {100 * trial.spread:.1f} points" if trial.spread is not None else ""
        scored = (
            f"**{percent(trial.heldout)}** of the held-out images{spread}"
            if trial.complete
            else plain(outcome(trial))
        )
        takes = f", {duration(trial.seconds, tenths_below=60)} a training" if trial.seconds else ""
        st.markdown(
            f"{scored} · **{trial.parameters:,}** parameters, {millions(trial.macs)} MACs, receptive field "
            f"{trial.receptive_field} px{takes}."
        )
        if trial.repeats:
            st.html(_runs(trial, judged).html())
        _ways_on(definition, trial)


def _runs(trial: Trial, judged: Judged) -> Table:
    columns = [
        Column("Seed", text=True), Column("Held-out accuracy"), Column("Test accuracy", "The winner's only."),
        Column("Epochs"), Column("Time"), Column("State", text=True),
    ]  # fmt: skip
    rows = tuple(
        (
            str(repeat.seed),
            percent(repeat.heldout),
            percent(repeat.test),
            str(repeat.epochs),
            duration(repeat.seconds, tenths_below=60),
            "stopped early" if repeat.early else "trained" if repeat.complete else repeat.state,
        )
        for repeat in trial.repeats
    )
    return Table(f"Runs of trial {trial.number + 1}", tuple(columns), rows)


def _ways_on(definition: Definition, trial: Trial) -> None:
    runs = {str(repeat.seed): repeat.run for repeat in trial.repeats}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        seed = next(iter(runs), "")
        if len(runs) > 1:
            seed = choices.segments(
                "Seed", {name: name for name in runs}, seed, key="explore_seed_of_run",
                help="Each seed is a run of its own.",
            )  # fmt: skip
        if runs:
            st.button(
                "Open the run", icon=":material/monitoring:", key="explore_open_run",
                on_click=callback(_open_run), args=(runs, seed),
                help="Its curves and figures, on the Train page; its mistakes too, once it is tested.",
            )  # fmt: skip
        st.button(
            "Take this design", type="primary", icon=":material/tune:", key="explore_take",
            on_click=callback(_take), args=(definition, trial),
            help="Puts it on the Design page, to go on from there; Undo brings yours back.",
        )  # fmt: skip
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.did_not_work(problem)


def go_on() -> None:
    """Open the page that was pressed for. Call it at the beginning of all that may be drawn next."""
    if page := st.session_state.pop(_GO, None):
        st.switch_page(page)


def _open_run(runs: Mapping[str, str], seed: str) -> None:
    try:
        state.set_run(runs.get(seed) or next(iter(runs.values())))
        st.session_state[_GO] = pages.TRAIN
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _take(definition: Definition, trial: Trial) -> None:
    try:
        spec, config = definition.run(trial.values, 0)
        state.set_design(spec, f"Trial {trial.number + 1} of the sweep {definition.title}")
        if any(isinstance(knob(axis.name, definition.spec), Setting) for axis in definition.axes):
            state.set_config(config)
        st.session_state[_GO] = pages.DESIGN
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)
