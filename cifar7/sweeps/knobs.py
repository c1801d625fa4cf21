"""What can vary: the toggles of a design and the settings of a training, by name.

Toggles come from the table that the pages use, settings from the fields of `TrainConfig`: what is added
there can be swept. `c3.dilation` is a toggle of a stage, `c3.2.dilation` of its second unit, `o.pool` of the
output; without a place, a toggle is set for the whole network, or for every stage C1 … C4 that has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from cifar7.errors import UserError
from cifar7.fields import Option
from cifar7.network.controls.table import toggles_at
from cifar7.network.controls.toggle import NETWORK, Form, Place, Toggle
from cifar7.network.spec import OUTPUT, STAGE_NAMES, NetSpec
from cifar7.training.config import OPTIONS, TrainConfig

Value: TypeAlias = int | float | str | bool | None
TRAINING = "train."  # may stand before the name of a setting
# Settings that say how a run is repeated or carried out, or what its score means: not what one varies.
FIXED = ("seed", "device", "protocol")


class SweepError(UserError):
    """A sweep that cannot be: says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from `low` to `high`, both included, or the whole ones of them."""

    low: float
    high: float
    whole: bool

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return False
        return self.low <= value <= self.high and (not self.whole or float(value).is_integer())

    def __str__(self) -> str:
        return f"{'whole numbers' if self.whole else 'numbers'} from {self.low:g} to {self.high:g}"


class Knob(Protocol):
    """A toggle or a setting."""

    def choices(self, spec: NetSpec) -> dict[str, Value]:
        """The usual values by their texts; empty where there are numbers only."""

    def span(self, spec: NetSpec) -> Span | None:
        """The numbers that it takes; None where it takes none, or the usual ones only."""

    def turn(self, spec: NetSpec, config: TrainConfig, value: Value) -> tuple[NetSpec, TrainConfig]:
        """Design and settings with this value. Raises SweepError for one that it does not take."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of the training's settings."""

    option: Option

    def choices(self, spec: NetSpec) -> dict[str, Value]:
        """As for every knob."""
        if self.option.kind == "flag":
            return {"on": True, "off": False}
        return {choice: choice for choice in self.option.choices}

    def span(self, spec: NetSpec) -> Span | None:
        """As for every knob."""
        if self.option.kind not in ("whole", "decimal"):
            return None
        return Span(self.option.low, self.option.high, self.option.kind == "whole")

    def turn(self, spec: NetSpec, config: TrainConfig, value: Value) -> tuple[NetSpec, TrainConfig]:
        """Raises ConfigError for settings that do not go together."""
        changes: dict[str, Any] = {self.option.name: value}
        return spec, replace(config, **changes)


@dataclass(frozen=True, slots=True)
class Switch:
    """A toggle of the design, at one place or at several."""

    toggle: Toggle
    form: Form
    places: tuple[Place, ...]

    def choices(self, spec: NetSpec) -> dict[str, Value]:
        """As for every knob."""
        if self.form.control == "switch":
            return {"on": True, "off": False}
        return {self._text(own): self._plain(own) for own in self.form.values(spec, self.places[0])}

    def span(self, spec: NetSpec) -> Span | None:
        """As for every knob."""
        if self.toggle.low < self.toggle.high:
            return Span(self.toggle.low, self.toggle.high, whole=True)
        if self.form.control == "slider":
            steps = [float(own) for own in self.form.values(spec, self.places[0])]
            return Span(min(steps), max(steps), whole=False)
        return None

    def turn(self, spec: NetSpec, config: TrainConfig, value: Value) -> tuple[NetSpec, TrainConfig]:
        """The design may be one that cannot be built: see `network.problems`."""
        for place in self.places:
            spec = self.form.apply(spec, place, self._own(spec, place, value))
        return spec, config

    def _own(self, spec: NetSpec, place: Place, value: Value) -> Any:
        """The toggle's value for a plain one, which a file or a sampler brought."""
        for own in self.form.values(spec, place):
            if same(self._plain(own), value):
                return own
        span = self.span(spec)
        if span is None or value not in span or not isinstance(value, (int, float)):
            where = place.stage or "the network"
            raise SweepError(
                f"{self.toggle.subject} of {where} cannot be {value!r:.40}; it takes {expected(self, spec)}"
            )
        return int(value) if span.whole else float(value)

    def _plain(self, own: Any) -> Value:
        return own if own is None or isinstance(own, (int, float, str)) else self._text(own)

    def _text(self, own: Any) -> str:
        return own if isinstance(own, str) else self.toggle.text(own)


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same; 1 and true are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def expected(knob: Knob, spec: NetSpec) -> str:
    """What a knob takes, in words."""
    choices = list(knob.choices(spec))
    mark = "; " if any("," in choice for choice in choices) else ", "
    return str(knob.span(spec) or mark.join(choices))


def knob(name: str, spec: NetSpec) -> Knob:
    """The toggle or setting of this name in a design. Raises SweepError that lists what there is."""
    setting = name.removeprefix(TRAINING)
    if setting in FIXED:
        raise SweepError(f"{setting} does not vary in a sweep: trials are repeated by seeds and scored alike")
    if setting in OPTIONS:
        return Setting(OPTIONS[setting])
    *where, toggle = name.split(".")
    for places in (_whole(toggle), _everywhere(toggle, spec)) if not where else (_place(where, spec),):
        found = _find(places[0], toggle) if places else None
        if found:
            return Switch(*found, places)
    raise SweepError(f"nothing that can vary here is called {name!r:.40}; there are {', '.join(names(spec))}")


def names(spec: NetSpec) -> list[str]:
    """Every name that can vary in a design: its toggles by place, then the settings."""
    found: dict[str, None] = {}
    for place in (NETWORK, *map(Place, _stages(spec)), Place(OUTPUT)):
        for toggle, form in toggles_at(place):
            if form.visible(spec, place):
                found[f"{place.stage.lower()}.{toggle.name}".lstrip(".")] = None
    return [*found, *(name for name in OPTIONS if name not in FIXED)]


def _whole(toggle: str) -> tuple[Place, ...]:
    return (NETWORK,) if _find(NETWORK, toggle) else ()


def _everywhere(toggle: str, spec: NetSpec) -> tuple[Place, ...]:
    """The stages where the toggle is to be seen."""
    shown = [(place, _find(place, toggle)) for place in map(Place, _stages(spec))]
    return tuple(place for place, found in shown if found and found[1].visible(spec, place))


def _place(where: Sequence[str], spec: NetSpec) -> tuple[Place, ...]:
    """The place that the parts of a name before its last dot say; empty where there is none."""
    stage, *unit = where[0].upper(), *where[1:]
    if stage not in (*_stages(spec), OUTPUT) or len(unit) > 1:
        return ()
    numbers = [str(number) for number in range(1, len(spec.units(stage)) + 1)]
    if unit and unit[0] not in numbers:
        return ()
    return (Place(stage, int(unit[0]) if unit else 0),)


def _stages(spec: NetSpec) -> Iterator[str]:
    return (stage for stage in STAGE_NAMES if spec.stage(stage).units)


def _find(place: Place, name: str) -> tuple[Toggle, Form] | None:
    return next(((toggle, form) for toggle, form in toggles_at(place) if toggle.name == name), None)
