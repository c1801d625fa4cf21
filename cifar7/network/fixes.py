"""Fixes of classic mistakes: functions from a network to a network, or None where nothing simple helps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from cifar7.network.arithmetic import analyse, walk
from cifar7.network.edits import change_unit
from cifar7.network.problems import problems
from cifar7.network.spec import STAGE_NAMES, NetSpec, Unit


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


def _with_fitting_head(spec: NetSpec) -> NetSpec:
    """The same network, its pooling head global where its fixed pool is not as large as the map."""
    head = next((row for row in walk(spec) if row.layer.head), None)
    if head is None or head.kernel == head.input[1]:
        return spec
    return replace(spec, output=replace(spec.output, pool=None))
