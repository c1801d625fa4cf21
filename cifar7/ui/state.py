"""The one owner of session state and of the address.

The pages hold no design of their own: every widget shows the design kept here, and its callback puts an edit
through `edit`. So presets, undo, links and single units all go one way, and a widget that is not on the page
loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from cifar7 import paths
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network import profiles
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.profiles import Profile, Requirement
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig

START = "starter"
RUN = "run"  # the query parameter that names the run
LONGEST_HISTORY = 50

# Keys of session state. Widgets have keys of their own, set by `control`.
_DESIGN, _BASELINE, _VALID = "cifar7_design", "cifar7_baseline", "cifar7_valid"
_HISTORY, _CHANGE, _RUN = "cifar7_history", "cifar7_change", "cifar7_run"
_DATA, _CONFIG, _NOTICES = "cifar7_data", "cifar7_config", "cifar7_notices"


@dataclass(frozen=True, slots=True)
class Change:
    """The last edit in words, and the last design that could be built before it."""

    said: str
    before: NetSpec


@dataclass(frozen=True, slots=True)
class _Moment:
    """What undo goes back to."""

    design: NetSpec
    baseline: NetSpec
    change: Change | None


def begin() -> None:
    """First thing in every run of the page: take what the address says, and write into it what it lacks."""
    fresh = _DESIGN not in st.session_state
    if fresh:
        st.session_state[_HISTORY] = ()
        st.session_state[_NOTICES] = ()
        st.session_state[_CHANGE] = None
        _put(preset(START), preset(START))
    asked = st.query_params.get(RUN)
    known = run_id()
    if asked is None:
        if known:
            st.query_params[RUN] = known
    elif asked != known:
        _open_link(asked, fresh)
    if design().classes != len(data_info().classes):
        _put(design(), baseline())


def _open_link(asked: str, fresh: bool) -> None:
    """Follow `?run=`; in a fresh session (a refresh, a link) the run's design and settings come with it."""
    try:
        run = RunFolder.open(paths.runs_dir(), asked)
    except UserError:
        notify("The address names a run that is not on this machine; the Train page lists those that are.")
        del st.query_params[RUN]
        return
    st.session_state[_RUN] = run.id
    if not fresh:
        return
    try:
        spec, config, data = run.spec(), run.config(), run.data_name()
    except UserError as error:
        notify(f"The run of this address cannot be read: {error}")
        return
    set_config(config)
    st.session_state[_DATA] = data
    _put(spec, PRESETS[spec.name].spec if spec.name in PRESETS else spec)


# The design


def design() -> NetSpec:
    """The network on the page. It may be one that cannot be built: see `valid_design`."""
    return st.session_state[_DESIGN]


def baseline() -> NetSpec:
    """What the figures are compared with: the preset that the design came from."""
    return st.session_state[_BASELINE]


def valid_design() -> NetSpec:
    """The design, or while it cannot be built the last one that could."""
    return st.session_state[_VALID]


def set_design(spec: NetSpec, said: str = "") -> None:
    """Start from another network: it is the new baseline as well. `said` tells the change in words."""
    _remember()
    st.session_state[_CHANGE] = Change(said, valid_design()) if said else None
    _put(spec, spec)


def edit(change: Callable[[NetSpec], NetSpec], said: str = "") -> None:
    """Apply an edit of cifar7.network.edits to the design; one that changes nothing counts as none."""
    after = change(design())
    if after == design():
        return
    _remember()
    st.session_state[_CHANGE] = Change(said, valid_design())
    _put(after, baseline())


def last_change() -> Change | None:
    """The last edit, or None where there was none."""
    return st.session_state[_CHANGE]


def can_undo() -> bool:
    """Whether there is an edit to take back."""
    return bool(st.session_state[_HISTORY])


def undo() -> None:
    """Take the last edit back."""
    if not can_undo():  # a second click, on its way before the button was greyed
        return
    *earlier, moment = st.session_state[_HISTORY]
    st.session_state[_HISTORY] = tuple(earlier)
    st.session_state[_CHANGE] = moment.change
    _put(moment.design, moment.baseline)


def _remember() -> None:
    moment = _Moment(design(), baseline(), last_change())
    st.session_state[_HISTORY] = (*st.session_state[_HISTORY], moment)[-LONGEST_HISTORY:]


def _put(spec: NetSpec, compared_with: NetSpec) -> None:
    """Keep both, for as many classes as the image set has: the figures are those that will be trained."""
    classes = len(data_info().classes)
    spec, compared_with = spec.with_classes(classes), compared_with.with_classes(classes)
    st.session_state[_DESIGN], st.session_state[_BASELINE] = spec, compared_with
    if not problems(spec):
        st.session_state[_VALID] = spec


def profile() -> Profile:
    """The version of the assignment that the design is held against."""
    return profiles.profile(profiles.DEFAULT_PROFILE)


def required(*measures: str) -> Requirement | None:
    """What the assignment asks of the first of these measures that it speaks of."""
    return next((asked for asked in profile().requirements if asked.id in measures), None)


# The run


def run_id() -> str | None:
    """The run that this browser looks at: validated, and known to have existed."""
    return st.session_state.get(_RUN)


def set_run(run: str | None) -> None:
    """Look at this run from now on, on every page and after a refresh. Raises RunError if there is none."""
    if run is None:
        st.session_state.pop(_RUN, None)
        st.query_params.pop(RUN, None)
        return
    st.session_state[_RUN] = RunFolder.open(paths.runs_dir(), run).id
    st.query_params[RUN] = run


# Data and recipe


def data_name() -> str:
    """The image set to train on: the chosen one, else the first that is here, else the built-in."""
    return data_info().name


def data_info() -> SetInfo:
    """What is known of that set."""
    from cifar7.data import library

    sets = library.available()
    here = [info for info in sets if info.present]
    chosen = st.session_state.get(_DATA)
    return next((info for info in sets if info.name == chosen), here[0] if here else sets[-1])


def set_data(name: str) -> None:
    """Choose an image set by its name; an unknown one leaves the choice to `data_name`."""
    st.session_state[_DATA] = name


def config() -> TrainConfig:
    """The recipe to train with."""
    return st.session_state.get(_CONFIG) or TrainConfig()


def set_config(recipe: TrainConfig) -> None:
    """Take this recipe."""
    st.session_state[_CONFIG] = recipe


def change_config(**changes: Any) -> None:
    """Change single settings of the recipe. Raises ConfigError and then changes none."""
    set_config(replace(config(), **changes))


# Widgets and messages


def control(key: str, value: Any) -> str:
    """Make the widget of this key show `value`; returns the key. Call it right before the widget."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


def notify(message: str) -> None:
    """Say something once, at the next opportunity."""
    st.session_state[_NOTICES] = (*st.session_state.get(_NOTICES, ()), message)


def take_notices() -> tuple[str, ...]:
    """What there is to say; afterwards it counts as said."""
    notices = st.session_state.get(_NOTICES, ())
    st.session_state[_NOTICES] = ()
    return notices
