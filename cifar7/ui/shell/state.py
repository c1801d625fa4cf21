"""The one owner of session state; cifar7/ui/shell/address.py copies it into the address.

The pages hold no design of their own: every widget shows the design held here, and its callback calls `edit`.
Presets, undo, links and single units all go this way, and a widget that is not on the page loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from cifar7 import paths
from cifar7.data import library
from cifar7.data.imageset import SetInfo
from cifar7.errors import UserError
from cifar7.network import profiles
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.profiles import Profile, Requirement
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunFolder
from cifar7.sweeps.folder import SweepFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.shell.controls import chosen as chosen
from cifar7.ui.shell.controls import control as control
from cifar7.ui.shell.link import Link

START = "starter"
RUN, SWEEP = "run", "sweep"  # the query parameters that name the run and the sweep
MOST_COMPARED = 4  # runs beside each other
LONGEST_HISTORY = 50

# Keys of session state. Widgets have keys of their own, set by `control`.
_DESIGN, _ORIGIN, _VALID, _PIN = "cifar7_design", "cifar7_baseline", "cifar7_valid", "cifar7_pin"
_HISTORY, _CHANGE, _RUN = "cifar7_history", "cifar7_change", "cifar7_run"
_COMPARED, _SWEEP = "cifar7_compared", "cifar7_sweep"
_DATA, _CONFIG, _NOTICES, _PROFILE = "cifar7_data", "cifar7_config", "cifar7_notices", "cifar7_profile"
_RECIPE = "cifar7_recipe"


@dataclass(frozen=True, slots=True)
class Change:
    """The last edit, and the last design before it that could be built."""

    label: str
    before: NetSpec


def start() -> bool:
    """Give a new session, as a refresh or a link opens, the usual design; whether this one is new."""
    if _DESIGN in st.session_state:
        return False
    st.session_state[_HISTORY] = ()
    st.session_state[_NOTICES] = ()
    st.session_state[_CHANGE] = None
    _put(preset(START), preset(START))
    return True


def take_link(link: Link, label: str = "") -> None:
    """Take design, recipe and data of a link; with a label, Undo goes back to the design before."""
    if label:
        _remember()
        st.session_state[_CHANGE] = Change(label, valid_design())
    set_config(link.config)
    if link.data:
        set_data(link.data)
    _put(link.spec, PRESETS[link.spec.name].spec if link.spec.name in PRESETS else link.spec)


def link() -> Link | None:
    """What the address has to carry; None while nothing differs from what everybody starts from."""
    current = Link(valid_design(), config(), st.session_state.get(_DATA) or "")
    start = Link(preset(START).with_classes(current.spec.classes), TrainConfig())
    return None if current == start else current


def fit_classes() -> None:
    """Give the design as many classes as the chosen image set has."""
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
    """The pinned design, to compare with; None without a pin."""
    return st.session_state.get(_PIN)


def baseline() -> NetSpec:
    """The design that figures are compared with: the pinned one, or else the origin."""
    return pinned() or origin()


def pin(spec: NetSpec | None = None) -> None:
    """Pin this design, or the last one on the page that could be built."""
    st.session_state[_PIN] = valid_design() if spec is None else spec.with_classes(design().classes)


def unpin() -> None:
    """Compare with the origin again."""
    st.session_state[_PIN] = None


def valid_design() -> NetSpec:
    """The design, or while it cannot be built, the last one that could."""
    return st.session_state[_VALID]


def set_design(spec: NetSpec, label: str = "") -> None:
    """Start from another network, which becomes the origin too; `label` names the change."""
    _remember()
    st.session_state[_CHANGE] = Change(label, valid_design()) if label else None
    _put(spec, spec)


def edit(change: Callable[[NetSpec], NetSpec], label: str = "") -> None:
    """Apply an edit of cifar7.network.edits to the design; one that changes nothing is not recorded."""
    after = change(design())
    if after == design():
        return
    _remember()
    st.session_state[_CHANGE] = Change(label, valid_design())
    _put(after, origin())


def last_change() -> Change | None:
    """The last edit; None if there was none."""
    return st.session_state[_CHANGE]


def can_undo() -> bool:
    """Whether there is an edit to take back."""
    return bool(st.session_state[_HISTORY])


def undo() -> None:
    """Take the last edit back."""
    if not can_undo():  # a second click, sent before the button was disabled
        return
    *earlier, (design, origin, st.session_state[_CHANGE]) = st.session_state[_HISTORY]
    st.session_state[_HISTORY] = tuple(earlier)
    _put(design, origin)


def _remember() -> None:
    moment = (design(), origin(), last_change())  # a state that Undo goes back to
    st.session_state[_HISTORY] = (*st.session_state[_HISTORY], moment)[-LONGEST_HISTORY:]


def _put(spec: NetSpec, origin: NetSpec) -> None:
    """Store design and origin with the classes of the image set, as they will be trained."""
    classes = len(data_info().classes)
    spec = spec.with_classes(classes)
    st.session_state[_DESIGN], st.session_state[_ORIGIN] = spec, origin.with_classes(classes)
    pin = pinned()
    if pin is not None:
        st.session_state[_PIN] = pin.with_classes(classes)
    if not problems(spec):
        st.session_state[_VALID] = spec


def profile() -> Profile:
    """The version of the assignment that the design has to meet."""
    return st.session_state.get(_PROFILE) or profiles.profile(profiles.DEFAULT_PROFILE)


def set_profile(version: Profile) -> None:
    """Choose the version of the assignment."""
    st.session_state[_PROFILE] = version


def required(*measures: str) -> Requirement | None:
    """The assignment's first requirement on any of these measures; None if it has none."""
    return profile().asks(*measures)


# The run


def run_id() -> str | None:
    """The run that this browser looks at. It existed when it was chosen."""
    return st.session_state.get(_RUN)


def set_run(run: str | None) -> None:
    """Look at this run, on every page and after a refresh. Raises RunError if it does not exist."""
    if run is None:
        st.session_state.pop(_RUN, None)
        st.query_params.pop(RUN, None)
        return
    st.session_state[_RUN] = RunFolder.open(paths.runs_dir(), run).id
    st.query_params[RUN] = run


def compared() -> tuple[str, ...]:
    """The runs on Compare; empty until some are chosen."""
    return st.session_state.get(_COMPARED, ())


def set_compared(runs: Iterable[str]) -> None:
    """Compare the runs of these ids; an id without a run is left out."""
    ids = []
    for run in list(dict.fromkeys(runs))[:MOST_COMPARED]:
        with suppress(UserError):
            ids.append(RunFolder.open(paths.runs_dir(), run).id)
    st.session_state[_COMPARED] = tuple(ids)


# The sweep


def sweep_id() -> str | None:
    """The sweep that this browser looks at. It existed when it was chosen."""
    return st.session_state.get(_SWEEP)


def set_sweep(sweep: str) -> None:
    """Look at this sweep, on every page and after a refresh. Raises SweepError if it does not exist."""
    st.session_state[_SWEEP] = SweepFolder.open(paths.runs_dir(), sweep).id
    st.query_params[SWEEP] = sweep


# Data and recipe


def data_info() -> SetInfo:
    """The image set to train on: the chosen one, else the first on this machine, else the built-in one."""
    sets = library.available()
    here = [info for info in sets if info.present]
    chosen = st.session_state.get(_DATA)
    return next((info for info in sets if info.name == chosen), here[0] if here else sets[-1])


def set_data(name: str) -> None:
    """Choose an image set by its name; an unknown name counts as no choice."""
    st.session_state[_DATA] = name


def config() -> TrainConfig:
    """The settings to train with."""
    return st.session_state.get(_CONFIG) or TrainConfig()


def recipe_name() -> str | None:
    """The recipe that the settings came from, though they may differ by now; None if from elsewhere."""
    return st.session_state.get(_RECIPE)


def set_config(config: TrainConfig, recipe: str | None = None) -> None:
    """Take these settings; `recipe` is the name of the recipe that they are."""
    st.session_state[_CONFIG], st.session_state[_RECIPE] = config, recipe


def change_config(**changes: Any) -> None:
    """Change single settings. Raises ConfigError, and then changes none."""
    set_config(replace(config(), **changes), recipe_name())


# Messages


def notify(message: str) -> None:
    """Show a message once, when the page is drawn next."""
    st.session_state[_NOTICES] = (*st.session_state.get(_NOTICES, ()), message)


def take_notices() -> tuple[str, ...]:
    """The messages to show; each is returned once."""
    notices = st.session_state.get(_NOTICES, ())
    st.session_state[_NOTICES] = ()
    return notices
