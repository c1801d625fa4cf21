"""What is wrong with connections: what they go around, and whether their two ways fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cifar7.network.arithmetic import Row
from cifar7.network.kinds import Family
from cifar7.network.problems.problem import Problem
from cifar7.network.spec import NetSpec, Unit, row_channels


def connections(spec: NetSpec) -> Iterator[Problem]:
    """Connections that leave their stage, overlap, or add what cannot stand value on value."""
    into = {(stage, number): (channels, out) for stage, number, channels, _, out in spec.flow()}
    for stage, _ in spec.parts():
        taken = 0  # the last unit that an earlier connection goes around
        for number, unit in enumerate(spec.units(stage), 1):
            if not unit.residual:
                if unit.shortcut or unit.joined_activation:
                    yield Problem(
                        stage, f"unit {number} has a shortcut around no unit.",
                        "Say how many units it goes around, or take it away.",
                    )  # fmt: skip
                continue
            around = range(number - unit.residual + 1, number + 1)
            if around[0] <= taken:
                yield _overreaching(stage, number, unit.residual, taken)
            elif unit.join == "add":
                added = row_channels(unit.shortcut, into[stage, around[0]][0])
                yield from _unlike(stage, spec.units(stage), around, added, into[stage, number][1])
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


def _unlike(
    stage: str, units: tuple[Unit, ...], around: range, added: int, channels: int
) -> Iterator[Problem]:
    """A connection that adds `added` channels to others, or the identity to what steps over pixels."""
    first, last = around[0], around[-1]
    if units[last - 1].shortcut:
        if added != channels:
            yield Problem(
                stage, f"unit {last}: its shortcut adds {added} channels to {channels}.",
                f"Give the last unit of the shortcut {channels} channels, or concatenate the two.",
            )  # fmt: skip
        return
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


def resized(rows: Sequence[Row]) -> Iterator[Problem]:
    """A connection around layers that do not keep the size of the map, or whose ways differ in it."""
    for row in rows:
        if row.layer.family is not Family.JOIN:
            continue
        other = rows[row.sources[1]] if row.sources[1] >= 0 else None
        size, jump = (other.output[1], other.jump) if other else (rows[0].input[1], 1)
        if size != row.input[1]:
            cure = "Pad the convolutions that it goes around so that they keep the map, or take it away."
            if row.layer.side:
                cure = "Give its two ways the same strides and pools, and padding that keeps the maps."
            elif row.layer.kind == "concat":
                cure = (
                    "Pad the convolutions that it goes around, or put a unit with the same stride on the "
                    "shortcut."
                )
            yield Problem(
                row.layer.stage,
                f"unit {row.layer.unit}: its residual connection adds a map of {size} pixels a side "
                f"to one of {row.input[1]}.",
                cure,
            )
        elif jump != row.jump_in:
            yield Problem(
                row.layer.stage,
                f"unit {row.layer.unit}: the values of its two ways stand {jump} and {row.jump_in} pixels "
                "apart.",
                "Give its two ways the same strides and pools.",
            )
