"""What differs between designs, and between recipes: rows only where they differ, with values in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from cifar7.network import working
from cifar7.network.spec import OUTPUT, STAGE_NAMES, Head, NetSpec, Stage, Unit
from cifar7.training.config import OPTIONS, TrainConfig

ABSENT = "–"
NETWORK = "network"
RECIPE = "recipe"

# Names that say more than the field's own; others are the field's name with spaces.
_NAMES = {
    "kind": "convolution",
    "norm": "normalisation",
    "order": "order of layers",
    "bias": "bias before a normalisation",
    "in_channels": "image channels",
    "image_size": "image side, pixels",
    "kernel": "kernel, pixels",
    "stride": "stride, pixels",
    "padding": "padding, pixels",
    "pool": "max-pool, pixels",
    "residual": "residual connection",
    "dropout_after": "dropout stands after the",
    "between": "normalisation and activation after the depthwise part",
    "pointwise_padding": "padding of the 1x1, pixels",
    "pointwise_bias": "bias of the 1x1",
    "norm_groups": "groups of the normalisation",
    "padding_mode": "beyond the border",
    "dropout_kind": "dropout of",
    "join": "where both ways meet",
    "joined_activation": "activation behind the connection",
}
_OWN = "as the network"  # of a unit that does not depart from it
_BIASES = {Unit: "bias", Head: "bias of the classifier"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which designs or recipes differ."""

    where: str  # C1 ... C4, O, "network" or "recipe"
    unit: int  # of the stage, from 1; 0: the stage itself, or what has no units
    what: str  # in words
    values: tuple[str, ...]  # of each design in the order given; "–" where it has no such thing


def design_differences(specs: Sequence[NetSpec]) -> tuple[Difference, ...]:
    """Where the designs differ, from the image to the output; their names are not compared.

    Units are compared by their place in the stage: the second with the second.
    """
    rows = _rows(NETWORK, 0, [_plain(spec, ("name", "stages", "output")) for spec in specs])
    for name in STAGE_NAMES:
        rows += _stage_rows(name, [spec.stage(name) for spec in specs])
    return tuple(rows + _stage_rows(OUTPUT, [spec.output for spec in specs]))


def recipe_differences(configs: Sequence[TrainConfig]) -> tuple[Difference, ...]:
    """Where the training settings differ. A setting that another one makes idle is not compared."""
    applicable = [
        {
            option.noun: _word(getattr(config, name))
            for name, option in OPTIONS.items()
            if option.applies(config)
        }
        for config in configs
    ]
    return tuple(_rows(RECIPE, 0, applicable))


def _stage_rows(name: str, stages: Sequence[Stage | Head]) -> list[Difference]:
    rows: list[Difference] = []
    for at, units in enumerate(_beside([stage.units for stage in stages]), 1):
        rows += _unit_rows(name, at, units, "")
        if None not in units:
            for number, others in enumerate(_beside([unit.shortcut for unit in units if unit]), 1):
                rows += _unit_rows(name, at, others, f"on the shortcut, {number}: ")
    behind = [stage.behind if isinstance(stage, Head) else () for stage in stages]
    for at, units in enumerate(_beside(behind), 1):
        rows += _unit_rows(name, 0, units, f"behind the pooling, {at}: ")
    return rows + _rows(name, 0, [_part(stage) for stage in stages])


def _beside(rows: Sequence[tuple[Unit, ...]]) -> list[list[Unit | None]]:
    """Units by their place, None where a design has none there."""
    longest = max(map(len, rows), default=0)
    return [[row[at] if at < len(row) else None for row in rows] for at in range(longest)]


def _unit_rows(name: str, at: int, units: Sequence[Unit | None], where: str) -> list[Difference]:
    if None in units:
        return [Difference(name, at, f"{where}unit", tuple(_in_short(unit) for unit in units))]
    rows = _rows(name, at, [_unit(unit) for unit in units if unit])
    return [replace(row, what=where + row.what) for row in rows]


def _in_short(unit: Unit | None) -> str:
    if unit is None:
        return ABSENT
    channels = "" if unit.keeps_channels else f"{unit.channels} channels, "
    window = f"{unit.kernel}x{unit.kernel}, " if unit.convolves or unit.pools else ""
    return channels + window + _kind(unit)


def _kind(unit: Unit) -> str:
    return "only what follows" if unit.kind == "none" else unit.kind.replace("_", " ")


def _rows(where: str, unit: int, things: Sequence[dict[str, str]]) -> list[Difference]:
    """A row for every name that all the things have and that is not the same in all of them."""
    names = [name for name in things[0] if all(name in thing for thing in things)] if things else []
    rows = [(name, tuple(thing[name] for thing in things)) for name in names]
    return [Difference(where, unit, name, values) for name, values in rows if len(set(values)) > 1]


def _unit(unit: Unit) -> dict[str, str]:
    """What matters in a unit: nothing that its kind does not read."""
    idle = {"groups", "shortcut", "norm_kind", "activation_kind"}
    if unit.kind != "separable":
        idle |= {"between", "dropout_after", "pointwise_padding", "pointwise_bias"}
    if not unit.dropout:
        idle |= {"dropout_after", "dropout_kind"}
    if not unit.norm:
        idle.add("norm_groups")
    if not unit.residual:
        idle |= {"join", "joined_activation"}
    if not unit.spatial:
        idle.add("dilation")
    if not unit.convolves:
        idle |= {"padding_mode"} if unit.pools else {"kernel", "stride", "padding", "padding_mode"}
    if not (unit.convolves or unit.kind == "linear"):
        idle.add("bias")
    if unit.keeps_channels:
        idle.add("channels")
    values = _plain(unit, tuple(idle))
    values[_NAMES["kind"]] = f"{unit.kind} into {unit.groups}" if unit.kind == "grouped" else _kind(unit)
    values[_NAMES["norm"]] = (unit.norm and unit.norm_kind) or _word(unit.norm)
    values["activation"] = (unit.activation and unit.activation_kind) or _word(unit.activation)
    values[_NAMES["residual"]] = working.residual(unit.residual)
    if unit.convolves or unit.pools:
        same_size = unit.actual_padding == unit.same_padding and not unit.pools
        values[_NAMES["padding"]] = "as keeps the map" if same_size else str(unit.actual_padding)
    for name in ("bias", "order", "norm_groups", "pointwise_bias"):
        word = _name(unit, name)
        if word in values and getattr(unit, name) is None:
            values[word] = _OWN
    return values


def _part(part: Stage | Head) -> dict[str, str]:
    if isinstance(part, Stage):
        return _plain(part, ("units",))
    pool = "the whole map" if part.pool is None else str(part.pool)
    size = {} if part.pooling == "none" else {"average pooling, pixels": pool}
    idle = ("bias",) if part.classifier == "none" else ()
    return {**size, **_plain(part, ("units", "pool", "behind", *idle))}


def _plain(thing: Any, skip: tuple[str, ...]) -> dict[str, str]:
    """A dataclass's fields in words."""
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.name not in skip}
    return {_name(thing, name): _word(value) for name, value in values.items()}


def _name(thing: Any, name: str) -> str:
    """What a field is called: the bias of a unit, of the classifier, or the network's rule."""
    if name == "bias" and type(thing) in _BIASES:
        return _BIASES[type(thing)]
    return _NAMES.get(name, name.replace("_", " "))


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
