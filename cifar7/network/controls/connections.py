"""The connection of a unit: what it goes around, what stands on the way around, and how both are joined."""

from __future__ import annotations

from collections.abc import Sequence

from cifar7.network import unit_edits, working
from cifar7.network.controls.toggle import Place, Toggle, behind, field_form, unit_at
from cifar7.network.problems import obstacle
from cifar7.network.spec import JOINS, NetSpec

JOIN_TITLES = {"add": "add", "concat": "concatenate"}


def _may_connect(spec: NetSpec, place: Place) -> bool:
    """On a shortcut and behind the pooling there are no connections."""
    return not place.beside and not behind(spec, place)


def _connected(spec: NetSpec, place: Place) -> bool:
    return not place.beside and unit_at(spec, place).residual > 0


def _reaches(spec: NetSpec, place: Place) -> Sequence[int]:
    """None, one and two; and more as far as no other connection ends inside."""
    units = spec.units(place.stage)
    free = next((n for n in range(1, place.unit) if units[place.unit - 1 - n].residual), place.unit)
    return range(max(min(2, place.unit), free) + 1)


def ways(units: int) -> str:
    """What stands on the way around, in words."""
    return ("nothing: as it is", "1 unit")[units] if units < 2 else f"{units} units"


CONNECTIONS = (
    Toggle(
        "residual", "Connection", "connection",
        "A residual connection: what goes in is added, unchanged, to what comes out, before the max-pool. "
        "The unit learns only what to change, and the gradient has a way past it. Both maps need the same "
        "channels and size, or a unit on the way around that makes them so.",
        field_form(
            "list", "residual", line=4, width=264, options=_reaches, visible=_may_connect,
            apply=lambda spec, place, units: unit_edits.set_residual(spec, place.stage, place.unit, units),
            obstacle=lambda spec, place, units: (
                obstacle(spec, place.stage, place.unit, units) if units else None
            ),
        ),
        working.residual,
    ),
    Toggle(
        "beside", "On the way around", "on the way around",
        "Nothing: the input arrives as it is. A 1×1 convolution there gives it other channels and another "
        "stride; wider kernels make it a second branch. Choose “1.1” above to edit it.",
        field_form(
            "list", "shortcut", 0, 1, 2, 3, line=4, width=164, visible=_connected,
            read=lambda spec, place: len(unit_at(spec, place).shortcut),
            apply=lambda spec, place, count: unit_edits.set_beside(spec, place.stage, place.unit, count),
        ),
        ways,
    ),
    Toggle(
        "join", "Where both meet", "where both meet",
        "Add: value on value, for maps of the same channels. Concatenate: one behind the other, so that the "
        "channels of both are there.",
        field_form("list", "join", *JOINS, line=4, width=144, visible=_connected), JOIN_TITLES.__getitem__,
    ),
    Toggle(
        "joined", "Activation behind it", "activation behind the join",
        "The network's activation once more behind the place where both meet, as in the first ResNet.",
        field_form("switch", "joined_activation", True, False, line=4, visible=_connected),
    ),
)  # fmt: skip
