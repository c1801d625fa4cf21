"""Edits of single units: one more, one less, another operation, what a connection goes around and joins."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from cifar7.network.edits import change_unit, set_unit, unit_at
from cifar7.network.spec import NetSpec, Unit


def add_unit(spec: NetSpec, stage: str, after: int | None = None, behind: bool = False) -> NetSpec:
    """One more unit after the unit `after`, 0 for the first place, or else at the end of the stage.

    It is a 3x3 as wide as what it gets, so that what comes behind it fits as before. With `behind`, or after
    a unit that stands there, it is a linear layer behind the pooling of O.
    """
    units, row = spec.units(stage), spec.every(stage)
    after = len(row if behind else units) if after is None else min(after, len(row))
    width = spec.channels_into(stage)
    for name, number, _, _, out in spec.flow():
        if name == stage and number <= after:
            width = out
    if after > len(units) or behind:
        at, linear = max(0, after - len(units)), Unit(width, kernel=1, kind="linear")
        head = spec.output
        return replace(spec, output=replace(head, behind=(*head.behind[:at], linear, *head.behind[at:])))
    longer = tuple(
        replace(u, residual=u.residual + 1) if n - u.residual < after < n else u
        for n, u in enumerate(units, 1)
    )
    return spec.with_units(stage, (*longer[:after], Unit(width), *longer[after:]))


def remove_unit(spec: NetSpec, stage: str, number: int | None = None) -> NetSpec:
    """The stage without its unit `number`, or without its last one.

    Instead of the last one the unit before it becomes as wide, unless a sum fixes its width.
    """
    units = spec.units(stage)
    number = len(units) if number is None else number
    if number > len(units):
        at, head = number - len(units), spec.output
        return replace(spec, output=replace(head, behind=(*head.behind[: at - 1], *head.behind[at:])))
    if 1 < number == len(units):
        return spec.with_units(stage, _without_last(units))
    left = tuple(
        replace(u, residual=u.residual - 1) if n - u.residual < number < n else u
        for n, u in enumerate(units, 1)
        if n != number
    )
    return spec.with_units(stage, left)


def add_beside(spec: NetSpec, stage: str, number: int, after: int) -> NetSpec:
    """One more unit on the shortcut of a unit, a 3x3 as wide as what it gets, or the first of all."""
    unit = unit_at(spec, stage, number)
    if unit is None:
        return spec
    row = unit.shortcut
    width = row[after - 1].channels if after else _into(spec, stage, number - unit.residual + 1)
    longer = (*row[:after], Unit(width), *row[after:])
    return set_unit(spec, stage, number, replace(unit, shortcut=longer))


def remove_beside(spec: NetSpec, stage: str, number: int, beside: int) -> NetSpec:
    """The shortcut of a unit without one of its units; it puts out as many channels as before."""
    unit = unit_at(spec, stage, number)
    if unit is None or not 0 < beside <= len(unit.shortcut):
        return spec
    row = unit.shortcut
    last = 1 < beside == len(row)
    left = _without_last(row) if last else (*row[: beside - 1], *row[beside:])
    return set_unit(spec, stage, number, replace(unit, shortcut=left))


def set_beside(spec: NetSpec, stage: str, number: int, count: int) -> NetSpec:
    """A shortcut of `count` units. The first is a 1x1 that fits: as wide, and with the stride of the row.

    More of them stand before it, each a 3x3 as wide as what goes in.
    """
    unit = unit_at(spec, stage, number)
    if unit is None or not unit.residual:
        return spec
    row, first = unit.shortcut, number - unit.residual + 1
    if count and not row:
        stride = min(4, prod(u.stride for u in spec.units(stage)[max(0, first - 1) : number]))
        row = (Unit(unit.channels, kernel=1, stride=stride, activation=unit.join == "concat"),)
    width = _into(spec, stage, first)
    row = (Unit(width),) * (count - len(row)) + row[max(0, len(row) - count) :]
    return set_unit(spec, stage, number, replace(unit, shortcut=row))


def set_residual(spec: NetSpec, stage: str, number: int, residual: int) -> NetSpec:
    """A connection around so many units; around none it leaves nothing of itself."""
    if residual:
        return change_unit(spec, stage, number, residual=residual)
    return change_unit(spec, stage, number, residual=0, shortcut=(), join="add", joined_activation=False)


def set_operation(spec: NetSpec, stage: str, number: int, beside: int, kind: str, groups: int) -> NetSpec:
    """Another operation. Where it is one of another sort, the unit begins with what is usual for that."""
    unit = unit_at(spec, stage, number, beside)
    if unit is None or unit.kind == kind:
        return spec
    other = replace(unit, kind=kind, groups=groups if kind == "grouped" else unit.groups)
    if not ((unit.convolves and other.convolves) or (unit.pools and other.pools)):
        plain = Unit(
            unit.channels, kind=kind, groups=other.groups,
            dropout=unit.dropout, dropout_kind=unit.dropout_kind,
            residual=unit.residual, shortcut=unit.shortcut,
            join=unit.join, joined_activation=unit.joined_activation,
        )  # fmt: skip
        if other.pools:
            joined = bool(beside) or _inside(spec, stage, number)  # where both ways have to keep their map
            kernel, stride, padding = (3, 1, 1) if joined else (2, 2, None)
            plain = replace(plain, kernel=kernel, stride=stride, padding=padding, norm=False, activation=False)
        elif not other.convolves:
            plain = replace(plain, kernel=1, norm=kind == "linear" and unit.norm)
        other = plain
    return set_unit(spec, stage, number, other, beside)


def _inside(spec: NetSpec, stage: str, number: int) -> bool:
    """Whether a connection goes around the unit."""
    return any(n - unit.residual < number <= n for n, unit in enumerate(spec.units(stage), 1))


def _into(spec: NetSpec, stage: str, number: int) -> int:
    """Channels that go into a unit of a stage."""
    return next(
        (into for name, at, into, _, _ in spec.flow() if (name, at) == (stage, max(1, number))),
        spec.channels_into(stage),
    )


def _without_last(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """Two units or more without the last, as wide at their end as before, unless a sum fixes the width."""
    before, last = units[-2], units[-1]
    if not (before.residual or before.keeps_channels or last.keeps_channels):
        before = replace(before, channels=last.channels)
    return (*units[:-2], before)
