"""What differs between designs, and between recipes: rows only where they differ, with values in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
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
}


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
    return tuple(_rows(RECIPE, 0, [_recipe(config) for config in configs]))


def _stage_rows(name: str, stages: Sequence[Stage | Head]) -> list[Difference]:
    rows: list[Difference] = []
    for at in range(max((len(stage.units) for stage in stages), default=0)):
        units = [stage.units[at] if at < len(stage.units) else None for stage in stages]
        if None in units:
            values = [ABSENT if unit is None else _summary(unit) for unit in units]
            rows.append(Difference(name, at + 1, "unit", tuple(values)))
        else:
            rows += _rows(name, at + 1, [_unit(unit) for unit in units if unit is not None])
    return rows + _rows(name, 0, [_part(stage) for stage in stages])


def _rows(where: str, unit: int, things: Sequence[dict[str, str]]) -> list[Difference]:
    """A row for every name that all the things have and that is not the same in all of them."""
    names = [name for name in things[0] if all(name in thing for thing in things)] if things else []
    rows = [(name, tuple(thing[name] for thing in things)) for name in names]
    return [Difference(where, unit, name, values) for name, values in rows if len(set(values)) > 1]


def _unit(unit: Unit) -> dict[str, str]:
    """What matters in a unit: nothing that its kind does not read."""
    idle = {"groups"}
    if unit.kind != "separable":
        idle |= {"between", "dropout_after", "pointwise_padding"}
    if not unit.dropout:
        idle.add("dropout_after")
    if not unit.spatial:
        idle.add("dilation")
    values = _plain(unit, tuple(idle))
    if unit.kind == "grouped":
        values[_NAMES["kind"]] = f"{unit.kind} into {unit.groups}"
    values[_NAMES["residual"]] = working.residual(unit.residual)
    same_size = unit.actual_padding == unit.same_padding
    values[_NAMES["padding"]] = "as keeps the map" if same_size else str(unit.actual_padding)
    return values


def _summary(unit: Unit) -> str:
    return f"{unit.channels} channels, {unit.kernel}x{unit.kernel}, {unit.kind}"


def _part(part: Stage | Head) -> dict[str, str]:
    if isinstance(part, Stage):
        return _plain(part, ("units",))
    pool = "the whole map" if part.pool is None else str(part.pool)
    return {"average pooling, pixels": pool, **_plain(part, ("units", "pool"))}


def _recipe(config: TrainConfig) -> dict[str, str]:
    return {
        option.noun: _word(getattr(config, name))
        for name, option in OPTIONS.items()
        if option.applies(config)
    }


def _plain(thing: Any, skip: tuple[str, ...]) -> dict[str, str]:
    """A dataclass's fields in words."""
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.name not in skip}
    return {_NAMES.get(name, name.replace("_", " ")): _word(value) for name, value in values.items()}


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
