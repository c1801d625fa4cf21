"""One toggle tried: a design without and with it, the same seeds, and what the difference means."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from cifar7 import paths
from cifar7.data import library
from cifar7.errors import UserError
from cifar7.network.problems import problems
from cifar7.results.compare import Trial, trial
from cifar7.runs import experiments, queue
from cifar7.runs.experiments import Experiment, Part
from cifar7.runs.folder import ENDED, Status
from cifar7.ui.compare import curves, experiment_toggles
from cifar7.ui.files import take_away
from cifar7.ui.files.tables import Column, Table
from cifar7.ui.shell import charts, choices, messages, pages, person, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words import waiting
from cifar7.ui.words.wording import ago, count, percent, plain

TICK_SECONDS = 1.0
REPEATS = {number: str(number) for number in range(1, 6)}
DEFAULT_REPEATS = 3
LONGEST_NAME = 60
_PLACE, _TOGGLE, _REPEATS, _EXPERIMENT, _PROBLEM = (
    f"toggle_{name}" for name in ("place", "what", "repeats", "shown", "problem")
)  # keys of session state


def show() -> None:
    """A new experiment on the left, those that were started on the right."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        _new()
    with right:
        _started()


def _new() -> None:
    spec, info = state.design(), state.data_info()
    st.markdown("##### Does a toggle help?")
    st.caption(
        f"{plain(spec.name)} as it is on Design, without the change and with it, on {plain(info.title)}, "
        f"with the recipe of the Train page ({count(state.config().epochs, 'epoch')}). Each seed is used for "
        "both, so that both begin alike."
    )
    if problems(spec):
        st.warning("The design cannot be built yet: mend it first.", icon=":material/block:")
        st.page_link(pages.DESIGN, label="Mend it on the Design page", icon=":material/tune:")
        return
    places = experiment_toggles.places(spec)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        place = st.selectbox(
            "Where", list(places), key=_PLACE, width=150, help="A stage of the network, or all of it."
        ) or next(iter(places))
        toggles = places[place]
        toggle = st.selectbox(
            "Change", list(toggles), key=f"{_TOGGLE}_{place}", width=210,
            help="Everything else stays as it is. What cannot be built is not offered.",
        )  # fmt: skip
    repeats = choices.segments(
        "Repeats", REPEATS, DEFAULT_REPEATS, key=_REPEATS, memory=_REPEATS,
        help="Pairs of runs, each with a seed of its own. From three on the spread says something.",
    )  # fmt: skip
    usable = library.usable(info)
    st.button(
        f"Train {count(2 * repeats, 'run')} to find out",
        type="primary",
        icon=":material/science:",
        key="toggle_start",
        disabled=not usable,
        on_click=callback(_start),
        args=(place, toggle or next(iter(toggles)), repeats),
    )
    if not usable:
        st.warning(f"{plain(info.title)} is not on this machine yet: download it on the Train page.")
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        messages.did_not_work(problem)


def _start(place: str, toggle: str, repeats: int) -> None:
    info = state.data_info()
    try:
        without = state.design().with_classes(len(info.classes))
        changed = experiment_toggles.places(without).get(place, {}).get(toggle)
        if changed is None:
            raise UserError("The design has changed in between: choose the toggle again.")
        words = experiment_toggles.words(place, toggle)
        with_it = replace(changed, name=f"{without.name} + {words}"[:LONGEST_NAME])
        runs = paths.runs_dir()
        me = person.person()
        name = experiments.start(runs, words, without, with_it, state.config(), info.name, repeats, me)
        queue.ensure_worker(runs)
        st.session_state[_EXPERIMENT] = name
        choices.set_view("compare_view", "toggle")
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _started() -> None:
    """One of the experiments, at first the newest; it is refreshed while its runs go on."""
    by_id = {one.id: one for one in experiments.find(paths.runs_dir())}
    if not by_id:
        with st.container(border=True):
            st.markdown("##### What you will see here")
            st.markdown(
                "The difference that the toggle makes, in points of test accuracy, and its spread between "
                "seeds: whether it is more than luck."
            )
        return
    labels = {name: _label(one) for name, one in by_id.items()}
    newest = next(iter(by_id))
    name = choices.box(
        "Tried so far", labels, newest, key=_EXPERIMENT, memory=_EXPERIMENT, help="The newest first."
    )
    experiment = by_id[name]
    going = any(status["state"] not in ENDED for _, status in _statuses(experiment))
    st.fragment(_watch, run_every=TICK_SECONDS if going else None)(experiment, going)


def _label(experiment: Experiment) -> str:
    created = min((status["created"] for _, status in _statuses(experiment)), default=0.0)
    return f"{experiment.toggle} · {count(len(experiment.parts), 'run')} · {ago(time.time() - created)}"


def _statuses(experiment: Experiment) -> list[tuple[Part, Status]]:
    statuses = []
    for part in experiment.parts:
        with suppress(UserError):  # the folder was deleted by hand
            statuses.append((part, part.run.reconcile()))
    return statuses


def _watch(experiment: Experiment, was_going: bool) -> None:
    statuses = _statuses(experiment)
    going = [status for _, status in statuses if status["state"] not in ENDED]
    if was_going and not going:
        st.rerun()
    if any(status["state"] == "queued" for status in going):
        try:
            queue.ensure_worker(paths.runs_dir())
        except UserError as error:
            messages.warning(error)
    if going:
        _progress(experiment, statuses)
    _result(experiment, statuses)


def _progress(experiment: Experiment, statuses: list[tuple[Part, Status]]) -> None:
    shares = [_share_done(status) for _, status in statuses]
    ended = sum(status["state"] in ENDED for _, status in statuses)
    share = sum(shares) / max(1, len(shares))
    st.progress(share, f"{ended} of {count(len(statuses), 'run')} done")
    me, going = person.person(), [status for _, status in statuses if status["state"] not in ENDED]
    for words in {waiting.hands_off_words(status, me): None for status in going}:
        if words:
            st.caption(plain(f"{waiting.whose_words(going[0], me)}. {words}"))
            return
    st.button(
        "Stop the rest",
        icon=":material/stop_circle:",
        key="toggle_stop",
        on_click=callback(_stop),
        args=(experiment,),
    )


def _share_done(status: Status) -> float:
    """The part of its steps that a run has done, 0..1."""
    if status["state"] in ENDED:
        return 1.0
    progress = status["progress"] or {}
    return min(1.0, progress.get("step", 0) / max(1, progress.get("steps", 1)))


def _stop(experiment: Experiment) -> None:
    try:
        experiments.stop(experiment, person.person())
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)


def _result(experiment: Experiment, statuses: list[tuple[Part, Status]]) -> None:
    """The difference so far: in words, as a line for each seed, and as a table."""
    sides: dict[bool, dict[int, float]] = {False: {}, True: {}}
    for part, status in statuses:
        accuracy = (status["result"] or {}).get("test_accuracy")
        if status["state"] == "finished" and accuracy is not None:
            sides[part.with_it][part.seed] = float(accuracy)
    try:
        result = trial(experiment.toggle, sides[False], sides[True])
    except UserError:
        ended = all(status["state"] in ENDED for _, status in statuses)
        st.caption(
            "No pair of runs came to its end, so there is nothing to compare."
            if ended
            else "The first difference stands here when both runs of a seed have ended."
        )
        return
    st.markdown(f"#### {plain(result.words)}")
    st.markdown(plain(result.meaning))
    names = ("without", f"with {experiment.toggle}")
    rows = [
        {"side": name, "seed": seed, "accuracy": sides[side][seed]}
        for side, name in zip((False, True), names, strict=True)
        for seed in result.seeds
    ]
    charts.show(
        "toggle-by-seed",
        curves.pairs(rows, names),
        rows,
        ("side", "seed", "accuracy"),
        key="toggle_pairs",
        alt=f"Test accuracy by seed. {result.words}",
    )
    take_away.table(_table(result, sides), "toggle")
    if st.button("Look at the first pair closely", icon=":material/compare_arrows:", key="toggle_pair"):
        pair = sorted((part.with_it, part.run.id) for part, _ in statuses if part.seed == result.seeds[0])
        state.set_compared(run for _, run in pair)
        choices.set_view("compare_view", "runs")
        st.rerun()


def _table(result: Trial, sides: dict[bool, dict[int, float]]) -> Table:
    columns = (
        Column("Seed", "Start of the random numbers: initial weights, order of images.", text=True),
        Column("Without", "Test accuracy of the design as it is."),
        Column(f"With {result.toggle}", "Test accuracy of the design with the change."),
        Column("Difference", "With minus without, in percentage points."),
    )
    values: list[tuple[str, float, float, float]] = [
        (str(seed), sides[False][seed], sides[True][seed], difference)
        for seed, difference in zip(result.seeds, result.differences, strict=True)
    ]
    values.append(("mean", result.without, result.with_it, result.mean))
    cells = tuple(
        (seed, percent(without), percent(with_it), f"{100 * difference:+.1f}".replace("-", "−"))
        for seed, without, with_it, difference in values
    )
    return Table(f"{result.toggle}, seed by seed", columns, cells, tuple(values))
