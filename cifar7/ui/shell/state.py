"""The one owner of session state; cifar7/ui/shell/address.py keeps the address in step with it.

The pages hold no design of their own: every widget shows the design kept here, and its callback puts an edit
through `edit`. So presets, undo, links and single units all go one way, and a widget that is not on the page
loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
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
from cifar7.ui.shell.link import Link

START = "starter"
RUN = "run"  # the query parameter that names the run
MOST_COMPARED = 4  # runs beside each other
LONGEST_HISTORY = 50

# Keys of session state. Widgets have keys of their own, set by `control`.
_DESIGN, _ORIGIN, _VALID, _PIN = "cifar7_design", "cifar7_baseline", "cifar7_valid", "cifar7_pin"
_HISTORY, _CHANGE, _RUN = "cifar7_history", "cifar7_change", "cifar7_run"
_COMPARED = "cifar7_compared"
_DATA, _CONFIG, _NOTICES, _PROFILE = "cifar7_data", "cifar7_config", "cifar7_notices", "cifar7_profile"
_RECIPE = "cifar7_recipe"


@dataclass(frozen=True, slots=True)
class Change:
    """The last edit in words, and the last design that could be built before it."""

    said: str
    before: NetSpec


@dataclass(frozen=True, slots=True)
class _Moment:
    """What undo goes back to."""

    design: NetSpec
    origin: NetSpec
    change: Change | None


def started() -> bool:
    """Whether this browser has a design already; a refresh or a link opens a fresh session without one."""
    return _DESIGN in st.session_state


def start() -> None:
    """Give a fresh session the design that everybody begins with."""
    st.session_state[_HISTORY] = ()
    st.session_state[_NOTICES] = ()
    st.session_state[_CHANGE] = None
    _put(preset(START), preset(START))


def take_link(link: Link, said: str = "") -> None:
    """Take design, recipe and data of a link; with words for it, Undo leads back to the design before."""
    if said:
        _remember()
        st.session_state[_CHANGE] = Change(said, valid_design())
    set_config(link.config)
    if link.data:
        set_data(link.data)
    _put(link.spec, PRESETS[link.spec.name].spec if link.spec.name in PRESETS else link.spec)


def link() -> Link | None:
    """All that an address has to carry; None while nothing differs from what everybody begins with."""
    whole = Link(valid_design(), config(), st.session_state.get(_DATA) or "")
    beginning = Link(preset(START).with_classes(whole.spec.classes), TrainConfig())
    return None if whole == beginning else whole


def fit_classes() -> None:
    """Keep the design for as many classes as the chosen image set has."""
    if design().classes != len(data_info().classes):
        _put(design(), origin())


# The design


def design() -> NetSpec:
    """The network on the page. It may be one that cannot be built: see `valid_design`."""
    return st.session_state[_DESIGN]


def origin() -> NetSpec:
    """The preset, run or link that the design came from."""
    return st.session_state[_ORIGIN]


def pinned() -> NetSpec | None:
    """The design that was pinned to compare with, if any."""
    return st.session_state.get(_PIN)


def baseline() -> NetSpec:
    """What the figures are compared with: the pinned design, or else where the design came from."""
    return pinned() or origin()


def pin(spec: NetSpec | None = None) -> None:
    """Compare with this design from now on, or with the one on the page as it could last be built."""
    st.session_state[_PIN] = valid_design() if spec is None else spec.with_classes(design().classes)


def unpin() -> None:
    """Compare with where the design came from again."""
    st.session_state[_PIN] = None


def valid_design() -> NetSpec:
    """The design, or while it cannot be built the last one that could."""
    return st.session_state[_VALID]


def set_design(spec: NetSpec, said: str = "") -> None:
    """Start from another network: it is the new origin as well. `said` tells the change in words."""
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
    _put(after, origin())


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
    _put(moment.design, moment.origin)


def _remember() -> None:
    moment = _Moment(design(), origin(), last_change())
    st.session_state[_HISTORY] = (*st.session_state[_HISTORY], moment)[-LONGEST_HISTORY:]


def _put(spec: NetSpec, came_from: NetSpec) -> None:
    """Keep all for as many classes as the image set has: the figures are those that will be trained."""
    classes = len(data_info().classes)
    spec = spec.with_classes(classes)
    st.session_state[_DESIGN], st.session_state[_ORIGIN] = spec, came_from.with_classes(classes)
    kept = pinned()
    if kept is not None:
        st.session_state[_PIN] = kept.with_classes(classes)
    if not problems(spec):
        st.session_state[_VALID] = spec


def profile() -> Profile:
    """The version of the assignment that the design is held against."""
    return st.session_state.get(_PROFILE) or profiles.profile(profiles.DEFAULT_PROFILE)


def set_profile(asked: Profile) -> None:
    """Hold the design against this version from now on."""
    st.session_state[_PROFILE] = asked


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


def compared() -> tuple[str, ...]:
    """The runs that stand beside each other on Compare, none where nothing was chosen yet."""
    return st.session_state.get(_COMPARED, ())


def set_compared(runs: Iterable[str]) -> None:
    """Compare these runs from now on; an id of no run is passed over."""
    known = []
    for run in list(dict.fromkeys(runs))[:MOST_COMPARED]:
        with suppress(UserError):
            known.append(RunFolder.open(paths.runs_dir(), run).id)
    st.session_state[_COMPARED] = tuple(known)


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
    """The settings to train with."""
    return st.session_state.get(_CONFIG) or TrainConfig()


def recipe_name() -> str | None:
    """The recipe that was chosen, which settings may have left since; None where they came otherwise."""
    return st.session_state.get(_RECIPE)


def set_config(config: TrainConfig, recipe: str | None = None) -> None:
    """Take these settings; `recipe` names the recipe they are of."""
    st.session_state[_CONFIG], st.session_state[_RECIPE] = config, recipe


def change_config(**changes: Any) -> None:
    """Change single settings of the recipe. Raises ConfigError and then changes none."""
    set_config(replace(config(), **changes), recipe_name())


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
