"""Fixes of classic mistakes: functions from a network to a network, or None where nothing simple helps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from cifar7.network.arithmetic import analyse, walk
from cifar7.network.edits import add_unit, change_unit
from cifar7.network.measures import coverage, downsamplings
from cifar7.network.problems import problems
from cifar7.network.spec import MAX_UNITS, OUTPUT, STAGE_NAMES, NetSpec, Unit


def units(spec: NetSpec) -> Iterator[tuple[str, int, Unit]]:
    """(stage, number from 1, unit) of every unit in order."""
    for name, part in spec.parts():
        for number, unit in enumerate(part.units, 1):
            yield name, number, unit


def bare_logits(spec: NetSpec) -> NetSpec | None:
    """Nothing between the last convolution and the loss but the pooling."""
    stage, number, _ = list(units(spec))[-1]
    return change_unit(spec, stage, number, norm=False, activation=False, dropout=0.0)


def keep_maps(spec: NetSpec, stages: Collection[str]) -> NetSpec:
    """Every unit of the stages padded so that its map keeps its size; an even kernel grows by one for it."""
    for stage, number, unit in units(spec):
        if stage in stages:
            centred = unit.dilation * (unit.kernel - 1) % 2 == 0
            kernel = unit.kernel if centred else unit.kernel + 1
            spec = change_unit(spec, stage, number, padding=None, kernel=kernel, pointwise_padding=0)
    return _with_fitting_head(spec)


def unpad(spec: NetSpec, stage: str, number: int) -> NetSpec:
    """No padding on what looks at one pixel: a unit of kernel 1, a pointwise convolution."""
    unit = spec.units(stage)[number - 1]
    padding = unit.padding if unit.spatial else None
    return _with_fitting_head(change_unit(spec, stage, number, pointwise_padding=0, padding=padding))


def add_strides(spec: NetSpec, wanted: int) -> NetSpec | None:
    """Stride 2 for the last convolution of stages that keep their map, until `wanted` layers halve it."""
    for name in STAGE_NAMES:
        if downsamplings(walk(spec)) >= wanted:
            return spec
        stage = spec.stage(name)
        if stage.pool is None and stage.units and all(unit.stride == 1 for unit in stage.units):
            strided = change_unit(spec, name, len(stage.units), stride=2)
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
        for stage, number, unit in reversed(list(units(spec))):
            grown = unit.actual_padding + step * (unit.kernel - 1) / 2
            if not unit.spatial or unit.dilation + step > 4 or grown != int(grown):
                continue
            padding = None if unit.padding is None else int(grown)
            wider = change_unit(spec, stage, number, dilation=unit.dilation + step, padding=padding)
            if not problems(wider):
                analysis = analyse(wider)
                if (analysis.receptive_field_total if total else analysis.receptive_field_before) > above:
                    return wider
    return None


def widen_more(spec: NetSpec, above: int, total: bool) -> NetSpec | None:
    """Several convolutions dilated, the latest first, neighbours by 3 and 2: they share no factor."""
    for stage, number, unit in reversed(list(units(spec))):
        dilation = 2 + number % 2
        if not unit.spatial or unit.padding is not None or unit.dilation >= dilation:
            continue
        wider = change_unit(spec, stage, number, dilation=dilation)
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
    for stage, number, unit in units(spec):
        for dilation in range(1, unit.dilation if unit.spatial else 1):
            less = (unit.dilation - dilation) * (unit.kernel - 1) / 2
            kept = unit.padding is None or less != int(less) or unit.padding < less
            padding = unit.padding if kept else unit.actual_padding - int(less)
            closed = change_unit(spec, stage, number, dilation=dilation, padding=padding)
            if problems(closed) or seen_share(closed) < 1:
                continue
            field = analyse(closed).receptive_field_before
            if best is None or field > best[0]:
                best = field, stage, f"Dilation {dilation} instead", closed
    return best[1:] if best else _in_turn(spec)


def _in_turn(spec: NetSpec) -> tuple[str, str, NetSpec] | None:
    """The dilated convolutions of each stage by 1, 2, 3 in turn, none wider than it is."""
    where, counts = "", dict.fromkeys((*STAGE_NAMES, OUTPUT), 0)
    for stage, number, unit in units(spec):
        if unit.dilation > 1 and unit.spatial and unit.padding is None:
            where, dilation = stage, min(unit.dilation, 1 + counts[stage] % 3)
            counts[stage] += 1
            spec = change_unit(spec, stage, number, dilation=dilation)
    closed = where and not problems(spec) and seen_share(spec) == 1
    return (where, "Dilations 1, 2, 3 in turn", spec) if closed else None


def seen_share(spec: NetSpec) -> float:
    """Share of the receptive field before the pooling head that some weight looks at."""
    rows = walk(spec)
    return coverage(rows[: next(at for at, row in enumerate(rows) if row.layer.head)])


def _with_fitting_head(spec: NetSpec) -> NetSpec:
    """The same network, its pooling head global where its fixed pool is not as large as the map."""
    head = next((row for row in walk(spec) if row.layer.head), None)
    if head is None or head.kernel == head.input[1]:
        return spec
    return replace(spec, output=replace(spec.output, pool=None))
