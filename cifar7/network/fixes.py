"""Fixes of classic mistakes: functions from a network to a network, or None where nothing simple helps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from cifar7.network.arithmetic import analyse, walk
from cifar7.network.edits import change_unit, unit_at
from cifar7.network.measures import downsamplings, seen
from cifar7.network.problems import problems
from cifar7.network.spec import MAX_UNITS, OUTPUT, STAGE_NAMES, NetSpec, Unit, settled
from cifar7.network.unit_edits import add_unit

Where = tuple[str, int, int]  # stage, number of the unit from 1, number beside it on its shortcut or 0


def units(spec: NetSpec) -> Iterator[tuple[Where, Unit]]:
    """Every unit with its place, in order, each before those on its shortcut."""
    for name, _ in spec.parts():
        for number, unit in enumerate(spec.every(name), 1):
            yield (name, number, 0), unit
            for beside, other in enumerate(unit.shortcut, 1):
                yield (name, number, beside), other


def bare_logits(spec: NetSpec) -> NetSpec | None:
    """Nothing between the last convolution and the loss but the pooling."""
    for name, _ in reversed(spec.parts()):
        row = list(spec.every(name))
        while row and row[-1].keeps_channels and not row[-1].pools and not row[-1].residual:
            row.pop()  # a unit of nothing but what follows
        if not row:
            spec = _without_units(spec, name)
            continue
        order = (row[-1].order or spec.order).split("-")
        behind = {part for part in ("norm", "act") if order.index(part) > order.index("conv")}
        changes: dict[str, Any] = {"dropout": 0.0} if order[0] != "drop" else {}
        changes |= {{"norm": "norm", "act": "activation"}[part]: False for part in behind}
        units_there = (*row[:-1], replace(row[-1], **changes))
        before = min(len(spec.units(name)), len(units_there))
        if name != OUTPUT:
            return spec.with_units(name, units_there)
        output = replace(spec.output, units=units_there[:before], behind=units_there[before:])
        return settled(replace(spec, output=output))
    return None


def _without_units(spec: NetSpec, name: str) -> NetSpec:
    if name == OUTPUT:
        return settled(replace(spec, output=replace(spec.output, units=(), behind=())))
    return spec.with_units(name, ())


def keep_maps(spec: NetSpec, stages: Collection[str]) -> NetSpec:
    """Every unit of the stages padded so that its map keeps its size; an even kernel grows by one for it."""
    for place, unit in units(spec):
        if place[0] in stages and unit.convolves:
            centred = unit.dilation * (unit.kernel - 1) % 2 == 0
            kernel = unit.kernel if centred else unit.kernel + 1
            spec = change_unit(spec, *place, padding=None, kernel=kernel, pointwise_padding=0)
    return _with_fitting_head(spec)


def unpad(spec: NetSpec, place: Where) -> NetSpec:
    """No padding on what looks at one pixel: a unit of kernel 1, a pointwise convolution."""
    unit = unit_at(spec, *place)
    padding = unit.padding if unit and unit.spatial else None
    return _with_fitting_head(change_unit(spec, *place, pointwise_padding=0, padding=padding))


def add_strides(spec: NetSpec, wanted: int) -> NetSpec | None:
    """Stride 2 for the last convolution of stages that keep their map, until `wanted` layers halve it."""
    for name in STAGE_NAMES:
        if downsamplings(walk(spec)) >= wanted:
            return spec
        stage = spec.stage(name)
        convolutions = [at for at, unit in enumerate(stage.units, 1) if unit.convolves]
        if stage.pool is None and convolutions and all(unit.stride == 1 for unit in stage.units):
            strided = change_unit(spec, name, convolutions[-1], stride=2)
            spec = spec if problems(strided) else strided
    return spec if downsamplings(walk(spec)) >= wanted else None


def add_pools(spec: NetSpec, pools: int) -> NetSpec | None:
    """Max-pools after the first stages without one until there are `pools`, the maps behind them kept."""
    changed = spec
    for name in STAGE_NAMES:
        if sum(stage.pool is not None for stage in changed.stages) >= pools:
            break
        stage = changed.stage(name)
        if stage.pool is None and stage.units:
            changed = changed.with_stage(name, replace(stage, pool=2))
    if problems(changed):
        changed = keep_maps(changed, STAGE_NAMES)
    return None if problems(changed) else changed


def widen_field(spec: NetSpec, above: int, total: bool) -> NetSpec | None:
    """One convolution dilated further, the latest that suffices, with the size of its map as it was."""
    for step in (1, 2, 3):
        for place, unit in reversed(list(units(spec))):
            grown = unit.actual_padding + step * (unit.kernel - 1) / 2
            if not unit.spatial or unit.dilation + step > 4 or grown != int(grown):
                continue
            padding = None if unit.padding is None else int(grown)
            wider = change_unit(spec, *place, dilation=unit.dilation + step, padding=padding)
            if not problems(wider):
                analysis = analyse(wider)
                if (analysis.receptive_field_total if total else analysis.receptive_field_before) > above:
                    return wider
    return None


def widen_more(spec: NetSpec, above: int, total: bool) -> NetSpec | None:
    """Several convolutions dilated, the latest first, neighbours by 3 and 2: they share no factor."""
    for place, unit in reversed(list(units(spec))):
        dilation = 2 + place[1] % 2
        if not unit.spatial or unit.padding is not None or unit.dilation >= dilation:
            continue
        wider = change_unit(spec, *place, dilation=dilation)
        if problems(wider):
            continue
        spec, analysis = wider, analyse(wider)
        if (analysis.receptive_field_total if total else analysis.receptive_field_before) > above:
            return spec
    return None


def lengthen(spec: NetSpec, above: int, total: bool) -> NetSpec | None:
    """More 3x3 convolutions at the end of the last stage that has some, as many as it takes."""
    stage = next((name for name in reversed(STAGE_NAMES) if spec.units(name)), STAGE_NAMES[-1])
    while len(spec.units(stage)) < MAX_UNITS:
        spec = add_unit(spec, stage)
        if problems(spec):
            return None
        analysis = analyse(spec)
        if (analysis.receptive_field_total if total else analysis.receptive_field_before) > above:
            return spec
    return None


def close_holes(spec: NetSpec) -> tuple[str, str, NetSpec] | None:
    """Where, what, and the network with less dilation that leaves no pixel out, the one that sees most."""
    best: tuple[int, str, str, NetSpec] | None = None
    for place, unit in units(spec):
        for dilation in range(1, unit.dilation if unit.spatial else 1):
            less = (unit.dilation - dilation) * (unit.kernel - 1) / 2
            kept = unit.padding is None or less != int(less) or unit.padding < less
            padding = unit.padding if kept else unit.actual_padding - int(less)
            closed = change_unit(spec, *place, dilation=dilation, padding=padding)
            if problems(closed) or seen_share(closed) < 1:
                continue
            field = analyse(closed).receptive_field_before
            if best is None or field > best[0]:
                best = field, place[0], f"Dilation {dilation} instead", closed
    return best[1:] if best else _in_turn(spec)


def _in_turn(spec: NetSpec) -> tuple[str, str, NetSpec] | None:
    """The dilated convolutions of each stage by 1, 2, 3 in turn, none wider than it is."""
    where, counts = "", dict.fromkeys((*STAGE_NAMES, OUTPUT), 0)
    for place, unit in units(spec):
        stage = place[0]
        if unit.dilation > 1 and unit.spatial and unit.padding is None:
            where, dilation = stage, min(unit.dilation, 1 + counts[stage] % 3)
            counts[stage] += 1
            spec = change_unit(spec, *place, dilation=dilation)
    closed = where and not problems(spec) and seen_share(spec) == 1
    return (where, "Dilations 1, 2, 3 in turn", spec) if closed else None


def seen_share(spec: NetSpec) -> float:
    """Share of the receptive field before the pooling head that some weight looks at."""
    return seen(walk(spec))


def _with_fitting_head(spec: NetSpec) -> NetSpec:
    """The same network, its pooling head global where its fixed pool is not as large as the map."""
    head = next((row for row in walk(spec) if row.layer.head), None)
    if head is None or head.kernel == head.input[1]:
        return spec
    return replace(spec, output=replace(spec.output, pool=None))
