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
    """Output channels of a stage: its last unit, and every unit before it that is as wide."""
    old = stage_channels(spec, stage)
    return _each(spec, stage, lambda u: replace(u, channels=channels) if u.channels == old else u)


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
    """Dropout of every unit of the stage, with the probability `rate`."""
    return _each(spec, stage, lambda u: replace(u, dropout=rate))


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


def add_unit(spec: NetSpec, stage: str) -> NetSpec:
    """One more unit at the end of the stage, a 3x3 as wide as what comes before it."""
    units = spec.units(stage)
    width = spec.channels_from(stage)
    return spec.with_units(stage, (*units, Unit(width)))


def remove_unit(spec: NetSpec, stage: str) -> NetSpec:
    """The stage without its last unit; the one before it becomes as wide, unless a sum fixes its width."""
    units = spec.units(stage)
    if len(units) < 2:
        return spec.with_units(stage, ())
    if units[-2].residual:
        return spec.with_units(stage, units[:-1])
    return spec.with_units(stage, (*units[:-2], replace(units[-2], channels=units[-1].channels)))


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
    """Dropout of the stage's units, None where they differ."""
    return _common((u.dropout for u in stage.units), 0.0)


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
