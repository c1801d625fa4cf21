"""What a toggle does: functions from a network to a network, and what a toggle shows.

A stage's toggle speaks of the convolutions of the stage that look at more than one pixel; a 1x1 has nothing
to dilate and nothing to separate. A reader returns None where the units of a stage differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from cifar7.network.spec import OUTPUT, NetSpec, Stage, Unit

T = TypeVar("T")


def set_channels(spec: NetSpec, stage: str, channels: int) -> NetSpec:
    """Output channels of a stage: its last unit that sets them, and every unit before it that is as wide.

    A shortcut that is added to such a unit grows with it. A unit inside a sum of another width, of what goes
    into the stage say, is left as it is.
    """
    units = spec.units(stage)
    setting = [at for at, unit in enumerate(units) if not unit.keeps_channels]
    if not setting or channels_set(spec, stage) is None:
        return spec
    last = setting[-1]
    chosen = {at for at in setting if units[at].channels == units[last].channels}
    while (uneven := _uneven_sum(units, chosen, last)) is not None:
        chosen.remove(uneven)
    changed = []
    for at, unit in enumerate(units):
        if unit.shortcut and unit.join == "add" and _setter(units, at) in chosen:
            unit = replace(unit, shortcut=_ending_with(unit.shortcut, channels))
        changed.append(replace(unit, channels=channels) if at in chosen else unit)
    return spec.with_units(stage, tuple(changed))


def channels_set(spec: NetSpec, stage: str) -> int | None:
    """Channels that the last unit of a stage sets; None where what the stage puts out are others."""
    units = spec.units(stage)
    setter = _setter(units, len(units) - 1)
    out = spec.channels_from(stage)
    return out if setter >= 0 and units[setter].channels == out else None


def _uneven_sum(units: tuple[Unit, ...], chosen: set[int], last: int) -> int | None:
    """A chosen unit that is added to one that is not chosen; the last unit of all has to change."""
    for at, unit in enumerate(units):
        if unit.residual and unit.join == "add" and all(other.keeps_channels for other in unit.shortcut):
            ends = (_setter(units, at - unit.residual), _setter(units, at))
            inside = [end for end in ends if end in chosen]
            if len(inside) == 1 and len(set(ends)) == 2 and inside[0] != last:
                return inside[0]
    return None


def _setter(units: tuple[Unit, ...], at: int) -> int:
    """The last unit as far as `at` that sets its channels; -1 where that happens before the stage."""
    return next((i for i in range(at, -1, -1) if not units[i].keeps_channels), -1)


def _ending_with(units: tuple[Unit, ...], channels: int) -> tuple[Unit, ...]:
    """A shortcut that puts out so many channels."""
    at = _setter(units, len(units) - 1)
    if at < 0:
        return units
    return (*units[:at], replace(units[at], channels=channels), *units[at + 1 :])


def set_dilation(spec: NetSpec, stage: str, dilation: int) -> NetSpec:
    """Dilation of the stage's convolutions; their maps keep their size unless the spec fixes the padding."""
    return _each(spec, stage, lambda u: replace(u, dilation=dilation) if u.spatial else u)


def set_kind(spec: NetSpec, stage: str, kind: str, groups: int = 2) -> NetSpec:
    """Kind of the stage's convolutions.

    Grouped leaves out a unit whose channels the groups do not divide (the first sees 3 colours), unless no
    unit would be left: then the edit stands, and `problems` says what would be right.
    """
    if kind != "grouped":
        return _each(spec, stage, lambda u: replace(u, kind=kind) if u.spatial else u)
    units = spec.units(stage)
    inputs = _inputs(spec, stage)
    fits = [u.spatial and i % groups == u.channels % groups == 0 for i, u in zip(inputs, units, strict=False)]
    chosen = fits if any(fits) else [u.spatial for u in units]
    return spec.with_units(
        stage,
        tuple(
            replace(u, kind=kind, groups=groups)
            if fit
            else replace(u, kind="standard")
            if u.kind == kind
            else u
            for u, fit in zip(units, chosen, strict=True)
        ),
    )


def set_dropout(spec: NetSpec, stage: str, rate: float) -> NetSpec:
    """Dropout of the stage's convolutions, and of other units that have one, with the probability `rate`."""
    return _each(spec, stage, lambda u: replace(u, dropout=rate) if u.convolves or u.dropout else u)


def set_pool(spec: NetSpec, stage: str, pool: int | None) -> NetSpec:
    """Max-pool after the stage, or None for none."""
    return spec.with_stage(stage, replace(spec.stage(stage), pool=pool))


def unit_at(spec: NetSpec, stage: str, number: int, beside: int = 0) -> Unit | None:
    """The unit of that number, from 1, or the one `beside` it on its shortcut; None where there is none.

    In O the numbers go on behind the pooling.
    """
    units = spec.every(stage)
    if beside and 0 < number <= len(units):
        units, number = units[number - 1].shortcut, beside
    return units[number - 1] if 0 < number <= len(units) else None


def set_unit(spec: NetSpec, stage: str, number: int, unit: Unit, beside: int = 0) -> NetSpec:
    """One unit of a stage C1 … C4 or O, counted from 1, replaced, or one of those beside it."""
    units = spec.every(stage)
    if beside:
        around = units[number - 1]
        row = (*around.shortcut[: beside - 1], unit, *around.shortcut[beside:])
        unit = replace(around, shortcut=row)
    return spec.with_every(stage, (*units[: number - 1], unit, *units[number:]))


def change_unit(spec: NetSpec, stage: str, number: int, beside: int = 0, **fields: Any) -> NetSpec:
    """Fields of one unit replaced; a unit that is gone, because a page is older, changes nothing."""
    unit = unit_at(spec, stage, number, beside)
    return spec if unit is None else set_unit(spec, stage, number, replace(unit, **fields), beside)


def set_classifier(spec: NetSpec, classifier: str) -> NetSpec:
    """What follows the pooling. For `none` a 1x1 to the classes goes before it, unless one is there."""
    output = replace(spec.output, classifier=classifier)
    channels = spec.channels_from(OUTPUT)
    logits = Unit(spec.classes, kernel=1, norm=False, activation=False)
    if classifier == "none" and channels != spec.classes:
        output = replace(output, units=(*output.units, logits))
    elif classifier != "none" and output.units and output.units[-1] == logits:
        output = replace(output, units=output.units[:-1])
    return replace(spec, output=output)


def stage_channels(spec: NetSpec, stage: str) -> int:
    """Channels the stage puts out: its last unit's, or what it gets where it has none."""
    return spec.channels_from(stage)


def stage_dilation(stage: Stage) -> int | None:
    """Dilation of the stage's convolutions, None where they differ; 1 for a stage of 1x1 alone."""
    return _common((u.dilation for u in stage.units if u.spatial), 1)


def stage_kind(stage: Stage) -> str | None:
    """Kind of the stage's convolutions, None where they differ."""
    return _common((u.kind for u in stage.units if u.spatial), "standard")


def stage_groups(stage: Stage) -> int | None:
    """Groups of the stage's grouped convolutions, None where they differ or none is grouped."""
    return _common((u.groups for u in stage.units if u.kind == "grouped"), None)


def stage_dropout(stage: Stage) -> float | None:
    """Dropout of the stage's convolutions and of other units that have one, None where they differ."""
    return _common((u.dropout for u in stage.units if u.convolves or u.dropout), 0.0)


def possible_groups(spec: NetSpec, stage: str) -> list[int]:
    """Numbers of groups above 1 that divide input and output of at least one convolution of the stage."""
    pairs = [
        (channels, unit.channels)
        for channels, unit in zip(_inputs(spec, stage), spec.units(stage), strict=False)
        if unit.spatial
    ]
    highest = max((min(pair) for pair in pairs), default=1)
    return [g for g in range(2, highest + 1) if any(a % g == b % g == 0 for a, b in pairs)]


def _common(values: Iterable[T], empty: T) -> T | None:
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else (None if distinct else empty)


def _each(spec: NetSpec, stage: str, change: Callable[[Unit], Unit]) -> NetSpec:
    return spec.with_units(stage, tuple(change(u) for u in spec.units(stage)))


def _inputs(spec: NetSpec, stage: str) -> list[int]:
    """Input channels of each unit of a stage."""
    return [channels for name, _, channels, _, _ in spec.flow() if name == stage][: len(spec.units(stage))]
