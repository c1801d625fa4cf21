"""Something that keeps a network from being built, and every unit where one may stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cifar7.network.spec import NetSpec
from cifar7.network.unit import Unit


@dataclass(frozen=True, slots=True)
class Problem:
    """Something impossible. `stage` is C1 … C4 or O, or empty where it concerns the whole network."""

    stage: str
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.message} {self.cure}" if self.stage else f"{self.message} {self.cure}"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit where it stands. `beside`: its number on the shortcut of the unit `number`, 0 for that unit."""

    stage: str
    number: int
    beside: int
    channels: int  # that go in
    unit: Unit
    behind: bool  # the pooling of O

    @property
    def words(self) -> str:
        """How a message names it."""
        return f"unit {self.number}, shortcut {self.beside}" if self.beside else f"unit {self.number}"


def places(spec: NetSpec) -> Iterator[Place]:
    """Every unit in order, each with those on its shortcut behind it."""
    into: dict[tuple[str, int], int] = {}
    for stage, number, channels, unit, _ in spec.flow():
        into[stage, number] = channels
        yield Place(stage, number, 0, channels, unit, number > len(spec.units(stage)))
        channels = into[stage, max(1, number - max(unit.residual, 1) + 1)] if unit.shortcut else 0
        for beside, other in enumerate(unit.shortcut, 1):
            yield Place(stage, number, beside, channels, other, False)
            channels = channels if other.keeps_channels else other.channels
