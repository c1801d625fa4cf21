"""Where the lines of a network stand: in a row, and beside it the second way of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cifar7.ui.words.lines import Line


@dataclass(frozen=True, slots=True)
class Way:
    """A connection, by places in the list of lines: it begins before `first` and ends at the join `end`.

    The lines from `turn` on stand on the way around.
    """

    first: int
    turn: int
    end: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The column of every line, that of the image being 0; lines of a second way stand above others."""

    columns: tuple[float, ...]
    stages: tuple[tuple[str, int, int], ...]  # name, first and last column
    ways: tuple[Way, ...]
    count: int  # of columns, the image's too

    def start(self, way: Way) -> float:
        """The column of the map that goes into a connection."""
        return self.columns[way.first - 1] if way.first else 0.0


def ways(lines: Sequence[Line]) -> tuple[Way, ...]:
    """The connections, in order."""
    found = []
    for end, line in enumerate(lines):
        if line.row.layer.span:
            turn = _back(lines, end, line.row.layer.side)
            found.append(Way(_back(lines, end, line.row.layer.span), turn, end))
    return tuple(found)


def layout(lines: Sequence[Line]) -> Layout:
    """One column a line; both ways of a connection share as many as the longer one needs."""
    found = ways(lines)
    begins = {way.first: way for way in found if way.turn < way.end}
    columns: list[float] = []
    stages: list[tuple[str, int, int]] = []
    at, column = 0, 1
    while at < len(lines):
        way, before = begins.get(at), column
        if way:
            wide = max(way.turn - way.first, way.end - way.turn)
            for count in (way.turn - way.first, way.end - way.turn):
                columns += [column - 0.5 + (i + 0.5) * wide / count for i in range(count)]
            at, column = way.end, column + wide
        else:
            columns.append(column)
            at, column = at + 1, column + 1
        stage = lines[at - 1].stage
        if stages and stages[-1][0] == stage:
            before = stages.pop()[1]
        stages.append((stage, before, column - 1))
    return Layout(tuple(columns), tuple(stages), found, column)


def _back(lines: Sequence[Line], end: int, rows: int) -> int:
    """The place of the line that begins so many rows before the line `end`."""
    while rows > 0:
        end -= 1
        rows -= len(lines[end].rows)
    return end
