"""What can be marked to vary: the toggles of each place of the design and the settings of the training.

With the values that each begins with. No streamlit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cifar7.network.spec import NetSpec
from cifar7.sweeps.axes import Axis, axis
from cifar7.sweeps.knobs import FIXED, Knob, Setting, SweepError, Switch, Value, knob, names, same
from cifar7.sweeps.measured import own
from cifar7.training.config import OPTIONS, SCORING, TrainConfig

TRAINING, NETWORK, STAGES = "training", "network", "stages"  # places beside "C1" … "C4" and "O"
PLACES = {TRAINING: "Training", NETWORK: "Network", STAGES: "C1–C4"}
FIRST = ("dilation", "kind", "channels", "dropout", "groups", "lr", "batch_size", "weight_decay")
TRIED = 3  # values that a toggle begins with where it has more
AXES_OF_STAGES = ("kind", "channels", "dilation", "dropout", "groups")  # set alike in all stages at once


def places(spec: NetSpec, config: TrainConfig) -> dict[str, dict[str, str]]:
    """By place, what can be marked there: names of axes, each with its label."""
    found: dict[str, list[str]] = {}
    for name in names(spec):
        stage, _, toggle = name.rpartition(".")
        if stage:
            found.setdefault(stage.upper(), []).append(name)
            if stage[0] == "c" and toggle in AXES_OF_STAGES and toggle not in found.setdefault(STAGES, []):
                found[STAGES].append(toggle)
        else:
            found.setdefault(TRAINING if name in OPTIONS else NETWORK, []).append(name)
    settings = [
        name
        for name in found.pop(TRAINING, [])
        if OPTIONS[name].group != SCORING and name not in FIXED and OPTIONS[name].applies(config)
    ]
    stages = sorted(place for place in found if place not in PLACES)
    order = (*stages, *(place for place in (STAGES, NETWORK) if place in found))
    return {
        **{place: _labelled(_sorted(found[place]), spec) for place in order},
        TRAINING: _labelled(_sorted(settings), spec),
    }


def place_of(name: str) -> str:
    """The place at which an axis is marked."""
    stage, _, toggle = name.rpartition(".")
    if stage:
        return stage.split(".")[0].upper()
    return TRAINING if name in OPTIONS else STAGES if toggle in AXES_OF_STAGES else NETWORK


def label(name: str, spec: NetSpec) -> str:
    """An axis in a list: "C3 dilation". The name where the design has nothing like it."""
    try:
        turned = knob(name, spec)
    except SweepError:
        return name
    place = place_of(name)
    where = {TRAINING: "", NETWORK: "", STAGES: "C1–C4 "}.get(place, f"{place} ")
    short = _short(name, turned)
    return f"{where}{short[:1].lower()}{short[1:]}" if where else short


def begin(name: str, spec: NetSpec, config: TrainConfig) -> dict[str, Any]:
    """The axis that a mark begins with: the value that the design has, and those beside it."""
    turned = knob(name, spec)
    usual = list(turned.choices(spec).values())
    values: list[Value]
    if not usual:
        values = list(_numbers(name, turned, config, spec))
    elif len(usual) <= TRIED:
        values = usual
    else:
        here = own(Axis(name, tuple(usual)), spec, config)
        at = next(place for place, value in enumerate(usual) if same(value, here))
        ordered = isinstance(turned, Switch) and turned.span(spec) is not None
        first = max(0, min(at - 1 if ordered and at else at, len(usual) - TRIED))
        values = usual[first : first + TRIED] if isinstance(here, (int, float)) else _with(usual, at)
    return {"name": name, "values": values}


def as_range(name: str, spec: NetSpec, listed: Sequence[Value]) -> dict[str, Any]:
    """An axis with a list as a range, from the lowest to the highest of its values."""
    span = knob(name, spec).span(spec)
    values = [value for value in listed if isinstance(value, (int, float))]
    low, high = min(values, default=0), max(values, default=1)
    if span is not None and low == high:
        low, high = span.low, span.high
    return {"name": name, "low": low, "high": high, "log": low > 0 and high >= 4 * low}


def texts(name: str, spec: NetSpec, values: tuple[Value, ...] | list[Value]) -> list[str]:
    """The values as they stand on their control."""
    usual = knob(name, spec).choices(spec)
    return [
        next((text for text, one in usual.items() if same(one, value)), _plain(value)) for value in values
    ]


def value_of(name: str, spec: NetSpec, text: str) -> Value:
    """The value of a text that was chosen or typed. Raises SweepError for what is none."""
    usual = knob(name, spec).choices(spec)
    if text in usual:
        return usual[text]
    return axis(f"{name}={text.replace(',', '').replace(';', '')[:40]}", spec).values[0]


def _plain(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sorted(found: list[str]) -> list[str]:
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    return sorted(found, key=lambda name: ranks.get(name.rpartition(".")[2], len(FIRST)))


def _labelled(found: list[str], spec: NetSpec) -> dict[str, str]:
    """Labels that tell the names of a place apart."""
    labels: Mapping[str, str] = {name: _short(name, knob(name, spec)) for name in found}
    counts = Counter(labels.values())
    seen: set[str] = set()
    told = {}
    for name, text in labels.items():
        twice = counts[text] > 1 and text in seen
        seen.add(text)
        told[name] = name.rpartition(".")[2].replace("_", " ").capitalize() if twice else text
    return told


def _short(name: str, turned: Knob) -> str:
    if isinstance(turned, Switch):
        return turned.toggle.label
    return turned.option.title if isinstance(turned, Setting) else name


def _with(usual: list[Value], at: int) -> list[Value]:
    """The present value first, then the next ones of the list."""
    return [usual[at], *(value for place, value in enumerate(usual) if place != at)][:TRIED]


def _numbers(name: str, turned: Knob, config: TrainConfig, spec: NetSpec) -> list[float]:
    """Of a number without usual values: the present one, and one to each side of it."""
    span = turned.span(spec)
    assert span is not None
    here = getattr(config, name)
    option = OPTIONS[name]
    if here == 0:
        unit = _rounded(span.high / 8) or option.step
        tried = [0, unit, 2 * unit]
    elif span.high > 10 * here:
        tried = [here / 2, here, 2 * here]
    else:
        tried = [here - option.step, here, here + option.step]
    numbers = [round(value) if span.whole else float(f"{value:.4g}") for value in tried]
    return list(dict.fromkeys(number for number in numbers if number in span))


def _rounded(value: float) -> float:
    """To one significant digit."""
    if value <= 0:
        return 0.0
    power = 10 ** math.floor(math.log10(value))
    return round(value / power) * power
