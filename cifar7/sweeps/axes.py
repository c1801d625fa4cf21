"""The axes of a sweep: what varies, and the values or the range that it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cifar7.network.spec import NetSpec
from cifar7.sweeps.knobs import Knob, Setting, SweepError, Value, expected, knob, same
from cifar7.training.config import TrainConfig

MOST_VALUES = 64
_FIELDS = {"name", "values", "low", "high", "log"}


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that varies: the `values` that it takes, or a range from `low` to `high`, both included.

    A range is even, or with `log` even in the logarithm. `whole`: it has whole numbers only.
    """

    name: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False

    @property
    def is_range(self) -> bool:
        """Whether it is a range, which has no grid."""
        return not self.values

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `read_axis` reads."""
        if self.values:
            return {"name": self.name, "values": list(self.values)}
        return {"name": self.name, "low": self.low, "high": self.high, "log": self.log}


def axis(text: str, spec: NetSpec) -> Axis:
    """Read `c3.dilation=1,2,3`, `dropout=0:0.2` or `lr=log:0.05:0.5` for a design. Raises SweepError."""
    name, _, said = (part.strip() for part in text.partition("="))
    if not name or not said:
        raise SweepError(f"{text!r:.60} does not say what varies; write NAME=1,2,3 or NAME=LOW:HIGH")
    name = name.lower()
    parts = [part.strip() for part in said.split(":")]
    if len(parts) == 1:
        turned = knob(name, spec)
        return read_axis(
            {
                "name": name,
                "values": [
                    _value(item.strip(), turned, spec) for item in said.split(";" if ";" in said else ",")
                ],
            },
            spec,
        )
    log = parts[0].lower() == "log"
    ends = [_number(part) for part in parts[log:]]
    if len(ends) != 2 or None in ends:
        raise SweepError(
            f"{name}: {said!r:.40} is no range; write LOW:HIGH or log:LOW:HIGH, with two numbers"
        )
    return read_axis({"name": name, "low": ends[0], "high": ends[1], "log": log}, spec)


def read_axis(data: Any, spec: NetSpec) -> Axis:
    """An axis from parsed JSON, checked against what it turns in this design. Raises SweepError."""
    if not isinstance(data, dict) or set(data) - _FIELDS or not isinstance(data.get("name"), str):
        raise SweepError('an axis is an object with "name", and "values" or "low", "high" and perhaps "log"')
    turned = knob(data["name"], spec)
    if "values" in data:
        return Axis(data["name"], _checked_values(data["name"], data["values"], turned, spec))
    return _checked_range(data["name"], data, turned, spec)


def apply(spec: NetSpec, config: TrainConfig, values: Mapping[str, Value]) -> tuple[NetSpec, TrainConfig]:
    """Design and settings with these values, by the names of their axes, in their order.

    The design may be one that cannot be built: see `network.problems`. Raises SweepError for a value that
    its toggle does not take, ConfigError for settings that do not go together.
    """
    settings: dict[str, Any] = {}
    for name, value in values.items():
        turned = knob(name, spec)
        if isinstance(turned, Setting):
            settings[turned.option.name] = value
        else:
            spec, config = turned.turn(spec, config, value)
    return spec, replace(config, **settings)  # at once: one may need the other


def _checked_values(name: str, values: Any, turned: Knob, spec: NetSpec) -> tuple[Value, ...]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_VALUES:
        raise SweepError(f"{name} takes a list of 1 to {MOST_VALUES} values")
    usual, span = list(turned.choices(spec).values()), turned.span(spec)
    for number, value in enumerate(values):
        if not (any(same(value, one) for one in usual) or (span is not None and value in span)):
            raise SweepError(f"{name} cannot be {value!r:.40}; it takes {expected(turned, spec)}")
        if any(same(value, one) for one in values[:number]):
            raise SweepError(
                f"{name} lists {value!r:.40} twice; give each value once, and seeds to repeat it"
            )
    return tuple(values)


def _checked_range(name: str, data: Mapping[str, Any], turned: Knob, spec: NetSpec) -> Axis:
    span, low, high, log = turned.span(spec), data.get("low"), data.get("high"), data.get("log", False)
    if span is None:
        raise SweepError(f"{name} has no range; list its values, of {expected(turned, spec)}")
    if low is None or high is None or low not in span or high not in span or low >= high:
        raise SweepError(
            f"{name} cannot range from {low!r:.20} to {high!r:.20}; it takes {span}, the lower first"
        )
    if not isinstance(log, bool) or (log and low <= 0):
        raise SweepError(f"{name}: a logarithmic range begins above 0")
    return Axis(name, (), float(low), float(high), log, span.whole)


def _value(text: str, turned: Knob, spec: NetSpec) -> Value:
    """A value as it was typed; where it is none, the text, which the check then refuses."""
    for label, value in turned.choices(spec).items():
        if text.lower() in (label.lower(), str(value).lower()):
            return value
    number = _number(text)
    span = turned.span(spec)
    if number is None or span is None:
        return text
    return int(number) if span.whole and number.is_integer() else number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
