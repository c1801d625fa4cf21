"""The layers of a network as lines of a table: what follows a convolution rides with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cifar7.network import working
from cifar7.network.arithmetic import Row
from cifar7.network.kinds import Family


@dataclass(frozen=True, slots=True)
class Line:
    """One layer, or a convolution with the normalisation, activation and dropout of its unit."""

    row: Row
    followers: tuple[Row, ...] = ()
    leaders: tuple[Row, ...] = ()  # those that stand in front of it

    @property
    def stage(self) -> str:
        """C1 … C4 or O."""
        return self.row.layer.stage

    @property
    def name(self) -> str:
        """What the layer is called: "conv 3×3"."""
        return working.label(self.row)[0]

    @property
    def settings(self) -> str:
        """What is not the usual about it, and what follows it: "dilation 2 · batch norm, ReLU"."""
        parts = working.label(self.row)[1:], map(_title, self.followers)
        before = "after " + ", ".join(map(_title, self.leaders)) if self.leaders else ""
        return " · ".join(filter(None, [before, *map(", ".join, parts)]))

    @property
    def rows(self) -> tuple[Row, ...]:
        """All layers of the line."""
        return (*self.leaders, self.row, *self.followers)

    @property
    def parameters(self) -> int:
        """Of all layers of the line."""
        return sum(row.parameters for row in self.rows)

    @property
    def parameters_words(self) -> str:
        """The same written out, layer by layer."""
        return "; ".join(filter(None, map(working.parameters, self.rows)))

    @property
    def working(self) -> str:
        """How the receptive field comes about; empty where the layer looks at single values of one map."""
        widens = self.row.kernel > 1 or self.row.layer.family is Family.JOIN
        return working.receptive_field(self.row) if widens else ""


def lines(rows: Iterable[Row], every: bool = False) -> list[Line]:
    """The lines of a network's rows; with `every`, one a layer.

    What follows rides with an operation of its own unit: the one before it, or else the one behind it.
    """
    if every:
        return [Line(row) for row in rows]
    out: list[Line] = []
    waiting: tuple[Row, ...] = ()
    for row in rows:
        if waiting and _unit(waiting[0]) != _unit(row):
            out.append(Line(waiting[0], waiting[1:]))
            waiting = ()
        if not row.layer.follows:
            out.append(Line(row, leaders=waiting))
            waiting = ()
        elif not waiting and out and row.layer.unit and _unit(out[-1].row) == _unit(row):
            out[-1] = replace(out[-1], followers=(*out[-1].followers, row))
        else:
            waiting = (*waiting, row)
    return [*out, Line(waiting[0], waiting[1:])] if waiting else out


def _unit(row: Row) -> tuple[str, int, int]:
    """The unit that a layer belongs to."""
    return row.layer.stage, row.layer.unit, row.layer.beside


def _title(row: Row) -> str:
    """A layer's name beside its operation, which says already that it stands on another way."""
    return working.name(row).removeprefix("beside: ")


def labels(rows: Iterable[Line]) -> list[str]:
    """Stage and name of each line, numbered where a stage has several of a name: no two alike."""
    names = [f"{line.stage} {line.name}" for line in rows]
    return [
        f"{name}, no. {names[:at].count(name)}" if names.count(name) > 1 else name
        for at, name in enumerate(names, 1)
    ]
