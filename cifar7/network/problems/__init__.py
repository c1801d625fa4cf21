"""What keeps a network from being built: the stage, what is wrong, and the cure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from cifar7.network.edits import set_unit
from cifar7.network.problems.of_connections import connections
from cifar7.network.problems.of_maps import MAX_MACS, MAX_PARAMETERS, shapes
from cifar7.network.problems.of_units import channels, norm_groups, operations, padding
from cifar7.network.problems.problem import Problem, places
from cifar7.network.spec import MAX_UNITS, STAGE_NAMES, Head, NetSpec, SpecError, Stage, Unit
from cifar7.network.written import read_value

__all__ = ["MAX_MACS", "MAX_PARAMETERS", "Problem", "check", "obstacle", "problems"]


def check(spec: NetSpec) -> None:
    """Raise SpecError with every problem of the network, in one line; nothing where it can be built."""
    if faults := problems(spec):
        raise SpecError(" · ".join(map(str, faults)))


def problems(spec: NetSpec) -> list[Problem]:
    """Everything that keeps the network from being built, in the order of its stages."""
    # Each group presumes that those before it find nothing.
    return (
        list(_ranges(spec))
        or [*operations(spec), *channels(spec), *norm_groups(spec), *padding(spec), *connections(spec)]
        or list(shapes(spec))
    )


def obstacle(spec: NetSpec, stage: str, number: int, residual: int) -> Problem | None:
    """What keeps a residual connection around `residual` units from ending at unit `number`, or None."""
    unit = spec.units(stage)[number - 1]
    without = problems(set_unit(spec, stage, number, replace(unit, residual=0)))
    connected = problems(set_unit(spec, stage, number, replace(unit, residual=residual)))
    return next((problem for problem in connected if problem not in without), None)


def _ranges(spec: NetSpec) -> Iterator[Problem]:
    """Values outside their declared range, wherever the spec came from."""
    parts: list[tuple[str, str, NetSpec | Stage | Head | Unit]] = [("", "the network", spec)]
    if len(spec.stages) != len(STAGE_NAMES):
        yield Problem("", f"The network has {len(spec.stages)} stages.", "Give it four, C1 to C4.")
        return
    for name, part in spec.parts():
        parts.append((name, name, part))
        rows = [part.units, *([part.behind] if isinstance(part, Head) else [])]
        for row in [*rows, *(unit.shortcut for units in rows for unit in units)]:
            if len(row) > MAX_UNITS:
                yield Problem(name, f"has {len(row)} units.", f"Give it at most {MAX_UNITS}.")
    parts += [(place.stage, place.words, place.unit) for place in places(spec)]
    for stage, where, obj in parts:
        for spec_field in fields(obj):
            if spec_field.name in ("units", "stages", "output", "behind", "shortcut"):
                continue
            try:
                read_value(getattr(obj, spec_field.name), spec_field, f"{where}: {spec_field.name}")
            except SpecError as error:
                yield Problem(stage, f"{error.fault}.", error.cure[:1].upper() + error.cure[1:])
