"""What a toggle of a network is: data and functions from a network to a network, without a page.

The rows stand in `table`; stage cards, unit editor and experiments are made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal, TypeAlias

from cifar7.network import edits
from cifar7.network.problems import Problem
from cifar7.network.spec import OUTPUT, NetSpec, Unit


class Level(Enum):
    """What a toggle is set for."""

    NETWORK = "the whole network"
    OUTPUT = "the output stage O"
    STAGE = "a stage C1 … C4"
    UNIT = "a unit of a stage C1 … C4 or O, or on the shortcut of one"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a toggle is set: the whole network, a stage, or the unit of that number, counted from 1.

    `beside`: the number of a unit on that unit's shortcut, 0 for the unit itself.
    """

    stage: str = ""
    unit: int = 0
    beside: int = 0

    @property
    def level(self) -> Level:
        """The level of the toggles that this place has."""
        if self.unit:
            return Level.UNIT
        return Level.OUTPUT if self.stage == OUTPUT else Level.STAGE if self.stage else Level.NETWORK

    @property
    def prefix(self) -> str:
        """How a sentence about an edit begins, as in "C1, unit 2: "."""
        beside = f", beside {self.beside}" if self.beside else ""
        unit = f", unit {self.unit}{beside}" if self.unit else ""
        return f"{self.stage}{unit}: " if self.stage else ""


NETWORK = Place()
Values: TypeAlias = "Sequence[Any] | Callable[[NetSpec, Place], Sequence[Any]]"  # fixed, or made for a place
Control = Literal["buttons", "list", "number", "slider", "switch"]
ALWAYS = object()  # no value at all: what is not rare


@dataclass(frozen=True, slots=True)
class Trials:
    """The values of a toggle that an experiment tries, and the label of each: "dilation 2"."""

    options: Values
    text: Callable[[Any], str]

    def values(self, spec: NetSpec, place: Place) -> Sequence[Any]:
        """The values to try at a place."""
        return _resolved(self.options, spec, place)


@dataclass(frozen=True, slots=True)
class Form:
    """A toggle at one level. `read` gives None where the units of a stage differ."""

    control: Control
    options: Values
    read: Callable[[NetSpec, Place], Any]
    apply: Callable[[NetSpec, Place, Any], NetSpec]
    line: int = 1  # on the card or in the editor, from 1
    width: int = 0  # CSS pixels; 0: as the control or its column is wide
    visible: Callable[[NetSpec, Place], bool] = lambda spec, place: True
    obstacle: Callable[[NetSpec, Place, Any], Problem | None] = lambda spec, place, value: None
    trials: Trials | None = None
    rare: Any = ALWAYS  # shown when asked for, or where the value is another than this one

    def values(self, spec: NetSpec, place: Place) -> Sequence[Any]:
        """The usual values at a place."""
        return _resolved(self.options, spec, place)


Forms = Mapping[Level, Form]


@dataclass(frozen=True, slots=True)
class Toggle:
    """One row of the table."""

    name: str
    label: str
    subject: str  # in a sentence: "C1: max-pool on"
    help: str
    forms: Forms
    text: Callable[[Any], str] = str  # a value on its control
    low: int = field(default=0, kw_only=True)  # of a typed number, both ends included
    high: int = field(default=0, kw_only=True)


def field_form(control: Control, name: str, *options: Any, level: Level = Level.UNIT, **about: Any) -> Forms:
    """A form for the field `name` of a unit, or of the network; `about` may bring other functions."""

    def read(spec: NetSpec, place: Place) -> Any:
        return getattr(unit_at(spec, place) if place.unit else spec, name)

    def apply(spec: NetSpec, place: Place, value: Any) -> NetSpec:
        if place.unit:
            return edits.change_unit(spec, place.stage, place.unit, place.beside, **{name: value})
        return replace(spec, **{name: value})

    return {level: Form(**{"control": control, "options": options, "read": read, "apply": apply, **about})}


def stage_form(
    control: Control,
    options: Values,
    read: Callable[[NetSpec, str], Any],
    apply: Callable[[NetSpec, str, Any], NetSpec],
    level: Level = Level.STAGE,
    **about: Any,
) -> Forms:
    """A form for stages C1 … C4, or for O, from functions of a network and the stage's name."""
    form = Form(
        control,
        options,
        lambda spec, place: read(spec, place.stage),
        lambda spec, place, value: apply(spec, place.stage, value),
        **about,
    )
    return {level: form}


def unit_at(spec: NetSpec, place: Place) -> Unit:
    """The unit of a place."""
    unit = edits.unit_at(spec, place.stage, place.unit, place.beside)
    assert unit is not None
    return unit


def behind(spec: NetSpec, place: Place) -> bool:
    """Whether the unit of a place stands behind the pooling of O."""
    return place.unit > len(spec.units(place.stage))


def _resolved(options: Values, spec: NetSpec, place: Place) -> Sequence[Any]:
    return options(spec, place) if callable(options) else options
