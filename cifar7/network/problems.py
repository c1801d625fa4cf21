"""What keeps a network from being built: the stage, what is wrong, and the cure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from cifar7.network.arithmetic import Row, walk
from cifar7.network.edits import set_unit
from cifar7.network.kinds import Family
from cifar7.network.spec import (
    MAX_UNITS,
    OUTPUT,
    STAGE_NAMES,
    Head,
    NetSpec,
    SpecError,
    Stage,
    Unit,
    read_value,
)

MAX_PARAMETERS = 20_000_000
MAX_MACS = 5_000_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something impossible. `stage` is C1 … C4 or O, or empty where it concerns the whole network."""

    stage: str
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.message} {self.cure}" if self.stage else f"{self.message} {self.cure}"


def check(spec: NetSpec) -> None:
    """Raise SpecError with every problem of the network, in one line; nothing where it can be built."""
    if faults := problems(spec):
        raise SpecError(" · ".join(map(str, faults)))


def problems(spec: NetSpec) -> list[Problem]:
    """Everything that keeps the network from being built, in the order of its stages."""
    # Each group presumes that those before it find nothing.
    return (
        list(_ranges(spec)) or [*_channels(spec), *_padding(spec), *_connections(spec)] or list(_shapes(spec))
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
        if len(part.units) > MAX_UNITS:
            yield Problem(name, f"has {len(part.units)} units.", f"Give it at most {MAX_UNITS}.")
        parts += [(name, f"unit {i}", unit) for i, unit in enumerate(part.units, 1)]
    for stage, where, obj in parts:
        for spec_field in fields(obj):
            if spec_field.name in ("units", "stages", "output"):
                continue
            try:
                read_value(getattr(obj, spec_field.name), spec_field, f"{where}: {spec_field.name}")
            except SpecError as error:
                yield Problem(stage, f"{error.fault}.", error.cure[:1].upper() + error.cure[1:])


def _units(spec: NetSpec) -> Iterator[tuple[str, int, int, Unit]]:
    """(stage, number, input channels, unit) of every unit in order."""
    channels = spec.in_channels
    for name, part in spec.parts():
        for number, unit in enumerate(part.units, 1):
            yield name, number, channels, unit
            channels = unit.channels


def _channels(spec: NetSpec) -> Iterator[Problem]:
    last = spec.in_channels
    for stage, number, channels, unit in _units(spec):
        last = unit.channels
        if unit.kind != "grouped":
            continue
        for count, which in ((channels, "input"), (unit.channels, "output")):
            if count % unit.groups:
                fit = [
                    g
                    for g in range(1, min(channels, unit.channels) + 1)
                    if channels % g == unit.channels % g == 0
                ]
                yield Problem(
                    stage,
                    f"unit {number}: {unit.groups} groups do not divide its {count} {which} channels.",
                    f"Choose {', '.join(map(str, fit))} groups.",
                )
                break
    if spec.output.classifier == "none" and last != spec.classes:
        yield Problem(
            OUTPUT,
            f"nothing follows the pooling, so the last unit must put out one channel for each of the "
            f"{spec.classes} classes, and it puts out {last}.",
            f"Give the last unit {spec.classes} channels, or end with a 1x1 convolution or a linear layer.",
        )


def _padding(spec: NetSpec) -> Iterator[Problem]:
    for stage, number, _, unit in _units(spec):
        if unit.padding is None and unit.dilation * (unit.kernel - 1) % 2:
            yield Problem(
                stage,
                f"unit {number} has an even kernel of {unit.kernel}, which no padding centres on its pixel.",
                f"Choose kernel {unit.kernel + 1}, or give the padding as a number.",
            )


def _connections(spec: NetSpec) -> Iterator[Problem]:
    """Residual connections that leave their stage, overlap, or add what cannot stand value on value."""
    into = {(stage, number): channels for stage, number, channels, _ in _units(spec)}
    for stage, part in spec.parts():
        taken = 0  # the last unit that an earlier connection goes around
        for number, unit in enumerate(part.units, 1):
            if not unit.residual:
                continue
            around = range(number - unit.residual + 1, number + 1)
            if around[0] <= taken:
                yield _overreaching(stage, number, unit.residual, taken)
            else:
                yield from _unlike(stage, part.units, around, into[stage, around[0]])
            taken = number


def _overreaching(stage: str, number: int, around: int, taken: int) -> Problem:
    """A connection around more units than its stage has before it, or than the one before it leaves."""
    why = f"{stage} has only {number} so far."
    cure = f"Let it go around {number - taken}"
    if around <= number:
        why = f"that of unit {taken} ends inside it. Connections stand one behind the other."
        cure += ", or take one of the two away"
    return Problem(stage, f"unit {number}: its residual connection goes around {around} units, and {why}",
                   f"{cure}.")  # fmt: skip


def _unlike(stage: str, units: tuple[Unit, ...], around: range, added: int) -> Iterator[Problem]:
    """A connection that adds `added` channels to another number, or goes around a stride."""
    first, last, channels = around[0], around[-1], units[around[-1] - 1].channels
    if added != channels:
        yield Problem(
            stage,
            f"unit {last}: its residual connection adds the {added} channels that go into unit {first} "
            f"to its own {channels}.",
            f"Give unit {last} the same {added} channels, or put the connection around units that keep them.",
        )
    for number in around:
        if units[number - 1].stride > 1:
            yield Problem(
                stage,
                f"unit {number} has stride {units[number - 1].stride} inside a residual connection, "
                "which adds two maps pixel by pixel.",
                "Give it stride 1, or take the connection away.",
            )


def _resized(rows: Sequence[Row]) -> Iterator[Problem]:
    """A residual connection around layers that do not keep the size of the map."""
    for at, row in enumerate(rows):
        added = rows[at - row.layer.span].input[1]
        if row.layer.family is Family.SUM and added != row.input[1]:
            yield Problem(
                row.layer.stage,
                f"unit {row.layer.unit}: its residual connection adds a map of {added} pixels a side "
                f"to one of {row.input[1]}.",
                "Pad the convolutions that it goes around so that they keep the map, or take it away.",
            )


def _shapes(spec: NetSpec) -> Iterator[Problem]:
    rows = walk(spec)
    last = rows[-1]
    if last.output[1] < 1:
        yield _vanished(last)
        return
    yield from _resized(rows)
    pool = next(row for row in rows if row.layer.head)
    if pool.output[1] != 1:
        yield Problem(
            OUTPUT,
            f"average pooling {pool.kernel}x{pool.kernel} leaves {pool.output[1]} pixels a side, not 1.",
            "Pool the whole map (global average pooling).",
        )
        return
    total, macs = sum(r.parameters for r in rows), sum(r.macs for r in rows)
    if total > MAX_PARAMETERS or macs > MAX_MACS:
        yield Problem(
            "",
            f"The network has {total:,} parameters and {macs:,} MACs; "
            f"cifar7 builds up to {MAX_PARAMETERS:,} and {MAX_MACS:,}.",
            "Choose fewer channels.",
        )


def _vanished(row: Row) -> Problem:
    size, layer = row.input[1], row.layer
    span = layer.dilation * (row.kernel - 1) + 1
    what, cure = "pool", "Pool less often before it, or choose a smaller kernel or dilation."
    if layer.family is Family.CONVOLUTION:
        what = f"convolution of unit {layer.unit}"
        cure = "Pool less often before it, choose a smaller kernel or dilation, or more padding."
    room = size + 2 * layer.padding
    message = f"the map vanishes: the {what} spans {span} pixels, and its map has {room} with the padding."
    return Problem(layer.stage, message, cure)
