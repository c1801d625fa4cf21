"""What the chosen sweep will be, counted while one chooses, and the button that starts it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from cifar7 import paths
from cifar7.data import library
from cifar7.errors import UserError
from cifar7.network.problems import problems
from cifar7.network.profiles import Requirement
from cifar7.runs import queue
from cifar7.runs.limits import Limits
from cifar7.sweeps import driver
from cifar7.sweeps.ahead.forecast import MOST_EXACT, Forecast
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import SweepFolder
from cifar7.sweeps.knobs import SweepError
from cifar7.training.budget import span
from cifar7.training.norms import check_norms
from cifar7.ui.explore import held
from cifar7.ui.shell import choices, messages, pages, person, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import count, percent, plain
from cifar7.wording import capital

VIEW = "explore_view"
FOLLOW = "follow"
LOOK_SECONDS = 0.25  # at a time: a click waits no longer
TICK_SECONDS = 0.6
LONG = 3600 * 3  # seconds, from which it is said how to make it shorter
_PROBLEM, _FORECAST = "explore_problem", "explore_forecast"  # keys of session state


def show() -> None:
    """The card: figures, what they mean, the button."""
    with st.container(border=True, key="explore_ahead"):
        st.markdown("##### This sweep")
        try:
            definition = _definition()
        except UserError as error:
            _cannot(error)
            return
        forecast = _forecast(definition)
        forecast.look(0.0 if forecast.complete else LOOK_SECONDS)
        st.fragment(_figures, run_every=None if forecast.complete else TICK_SECONDS)(forecast)
        _start_button(_blocked(definition))
        st.caption(_manners(definition))
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.did_not_work(problem)


def _definition() -> Definition:
    info = state.data_info()
    spec = state.design().with_classes(len(info.classes))
    if problems(spec):
        raise SweepError(f"the design cannot be built yet: {problems(spec)[0].message}")
    if not held.draft().axes:
        raise SweepError("mark what varies, or press one of the questions")
    found = held.draft().definition(spec, state.config(), info.name, state.profile())
    return replace(found, requirements=(*found.requirements, *_limit()))


def _limit() -> tuple[Requirement, ...]:
    """The largest network that this person may train here, as a requirement: others are left out at once."""
    if person.person().teacher:
        return ()
    return (Requirement("parameters", "at most", Limits.load().parameters, "Parameters, by the limit here"),)


def _cannot(error: UserError) -> None:
    if held.draft().axes:
        st.warning(plain(_sentence(str(error))), icon=":material/block:")
        if problems(state.design()):
            st.page_link(pages.DESIGN, label="Mend it on the Design page", icon=":material/tune:")
    else:
        st.markdown(
            "Mark what varies, or press one of the questions: then it stands here how many runs that is, and "
            "how long they take."
        )
    _start_button("not yet")


def _sentence(text: str) -> str:
    end = "" if text.endswith((".", "!", "?")) else "."
    return capital(text) + end


def _forecast(definition: Definition) -> Forecast:
    """That of the session, begun anew when the sweep is another one."""
    key = json.dumps(definition.to_dict(), sort_keys=True, default=str)
    kept = st.session_state.get(_FORECAST)
    if not (isinstance(kept, tuple) and kept[0] == key):
        kept = (key, Forecast(paths.runs_dir(), definition))
        st.session_state[_FORECAST] = kept
    forecast: Forecast = kept[1]
    return forecast


def _figures(forecast: Forecast) -> None:
    if not forecast.complete:
        forecast.look(LOOK_SECONDS)
        if forecast.complete:
            st.rerun()  # the button may have to say something else, and the ticking ends
    seconds = forecast.seconds
    with st.grid(2, min_column_width=120, gap="small"):
        endless = forecast.combinations is None
        st.metric("Combinations", "endless" if endless else f"{forecast.combinations:,}")
        st.metric("Left out", _left_out(forecast), help=_reasons(forecast))
        known = (forecast.complete and forecast.exact) or _as_many_as_said(forecast)
        about = "" if known else "≈ "
        st.metric("Runs", f"{about}{forecast.runs:,}")
        st.metric("Time", f"≈ {span(seconds)}" if seconds is not None else "–")
    st.caption(plain(_words(forecast)))


def _as_many_as_said(forecast: Forecast) -> bool:
    """Whether so many are tried as was said, whatever is left out: a sampler proposes others."""
    return forecast.definition.sampler != "grid" and forecast.share_left_out < 1


def _left_out(forecast: Forecast) -> str:
    if forecast.exact and forecast.complete:
        return f"{forecast.left_out:,}"
    return f"≈ {percent(forecast.share_left_out, 0)}"


def _reasons(forecast: Forecast) -> str:
    """Why designs are left out, the most frequent first."""
    shown = [f"{number} × {reason}" for reason, number in forecast.reasons.most_common(4)]
    return plain("Cannot be built, or breaks a requirement: decided by arithmetic. " + "; ".join(shown))


def _words(forecast: Forecast) -> str:
    definition = forecast.definition
    said = []
    if definition.seeds > 1:
        said.append(f"{count(forecast.designs, 'design')}, each with {definition.seeds} seeds.")
    if not forecast.exact:
        many = "endlessly many" if forecast.combinations is None else f"more than {MOST_EXACT:,}"
        said.append(f"There are {many}: counted on {forecast.looked:,} drawn by chance.")
    elif not forecast.complete:
        said.append(f"{forecast.looked:,} looked at so far …")
    if not forecast.designs:
        said.append("Nothing is left to train: loosen a requirement.")
    if forecast.seconds is None:
        said.append("How long it takes, the first run here will tell.")
    elif definition.stop != "none":
        said.append("The time is that without early stopping, which saves a part of it.")
    if forecast.seconds is not None and forecast.seconds > LONG:
        said.append("That is long: fewer values, epochs or seeds make it shorter, or a limit of minutes.")
    return " ".join(said)


def _blocked(definition: Definition) -> str:
    """Why it cannot start, apart from what the definition says; empty when it can."""
    info = state.data_info()
    if not library.usable(info):
        return f"{info.title} is not on this machine yet: get it on the Train page, or choose another set."
    try:
        _check(definition)
    except UserError as error:
        return _sentence(str(error))
    return ""


def _check(definition: Definition) -> None:
    """Raises LimitError, ConfigError for what would keep every run from being trained."""
    limits, me = Limits.load(), person.person()
    epochs = [axis for axis in definition.axes if axis.name.removeprefix("train.") == "epochs"]
    most = max((max(axis.values or (axis.high,)) for axis in epochs), default=definition.config.epochs)  # type: ignore[type-var]
    limits.check_epochs(int(most or 1), me)
    check_norms(definition.spec, definition.config)


def _start_button(blocked: str) -> None:
    st.button(
        "Start the sweep", type="primary", icon=":material/play_arrow:", key="explore_start",
        width="stretch", disabled=bool(blocked), on_click=callback(_start),
    )  # fmt: skip
    if blocked not in ("", "not yet"):
        st.warning(plain(blocked), icon=":material/block:")


def _manners(definition: Definition) -> str:
    """How it shares the machine."""
    waiting = 0
    with suppress(UserError):
        waiting = Limits.load().waiting
    limit = f" {waiting} may wait here for one person." if waiting else ""
    return (
        f"On {plain(state.data_info().title)}, scored on held-out images. At most {definition.at_once} of "
        f"its runs stand in the queue at a time, so that others have their turns.{limit}"
    )


def _start() -> None:
    """Make it and have it carried out; from now on it is the one that is looked at."""
    try:
        definition = _definition()
        blocked = _blocked(definition)
        if blocked:
            raise SweepError(blocked)
        forecast = _forecast(definition)
        runs = paths.runs_dir()
        sweep = SweepFolder.create(runs, definition, person.person(), forecast.seconds)
        driver.ensure(runs)
        queue.ensure_worker(runs)
        state.set_sweep(sweep.id)
        choices.set_view(VIEW, FOLLOW)
    except UserError as error:
        st.session_state[_PROBLEM] = str(error)
