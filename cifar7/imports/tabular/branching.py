"""Containers of two ways in a table that lists them behind their rows, as torchsummary does.

Their names say what happens at their row: the ways main and side meet there, or the input of a row of layers
is added to what comes out. Main's rows come first, then those of side, the last of which stands right before
the container's. Open is where main begins, and where side does: wherever shapes and counts allow it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cifar7.imports.graph import IMAGE, Fork, Forks, Node, UnreadableError
from cifar7.imports.tabular.parts import KEEPS, NORMS, Part, Shape
from cifar7.imports.tabular.paths import Event, Way
from cifar7.imports.tabular.search import Ways

JOINING = {"Residual": "sum", "Branches": "join", "BranchesConcat": "concat"}
PAST = 96  # rows that are looked back on: twelve units of eight rows, as long as a stage can be
MISFIT = 1.0  # what makes a place less likely: a row before it that does not fit the one before
BARE = 1.0  # the same: a sum around rows none of which has weights


@dataclass(frozen=True, slots=True)
class Section:
    """A container with the rows between the last one and itself.

    `forks`, the likely first: (start, turn), rows counted from 1. Both ways begin at the map of row `start`,
    0 for the map before the first; main ends with row `turn`, and what is left is side's. `taken`: how a row
    takes a map of that shape.
    """

    container: Part
    rows: tuple[Part, ...]
    before: Shape
    forks: tuple[tuple[int, int], ...]
    taken: Mapping[tuple[int, Shape], Way]

    def events(self) -> Iterator[Event]:
        """As in a table that lists the container before its rows, its ways parted where that is likeliest."""
        start, turn = self.forks[0]
        yield from map(event, self.rows[:start])
        yield Event("open", self.container)
        yield from (Event("layer", row) for row in self.rows[start:turn])
        closing = JOINING[plain(self.container)]
        if closing != "sum":
            yield Event("side", self.container)
        yield from (Event("layer", row) for row in self.rows[turn:])
        yield Event(closing, self.container)


def plain(part: Part) -> str:
    """The class of a row: "Branches" of "Branches-7"."""
    return part.type.partition("-")[0]


def event(row: Part) -> Event:
    """A row outside of containers. Nothing tells where a path begins: any layer may begin one."""
    heads = row.kind not in NORMS and not row.kind.startswith("dropout")
    return Event("layer", row, free=True, joins=heads) if row.kind else Event("layer", row, joins=True)


def section(rows: Sequence[Part], container: Part, before: Shape, ways: Ways) -> Section | None:
    """Where the ways of a container may part; UnreadableError where they can nowhere.

    None where a class named Residual adds something else than its input: students have such classes too.
    """
    solved = _Solved(rows, container, before, ways)
    ranks = sorted((solved.cost(start, turn), -start, turn) for start, turn in solved.forks())
    if not ranks and solved.how == "sum":
        return None
    if not ranks:
        raise UnreadableError(
            f"line {container.line}: the paths of {container.type} end in unlike maps",
            "paste the source of the network instead",
        )
    forks = tuple((-start, turn) for _, start, turn in ranks)
    return Section(container, tuple(rows), before, forks, solved.taken)


class _Solved:
    """The rows of a section on the maps that they may get."""

    def __init__(self, rows: Sequence[Part], container: Part, before: Shape, ways: Ways) -> None:
        self.rows, self.ways, self.last = rows, ways, len(rows)
        self.how, self.end = JOINING[plain(container)], container.shape or ()
        self.shapes = [before, *(row.shape or () for row in rows)]
        self.kinds = ["", *(row.kind for row in rows)]
        self.taken: dict[tuple[int, Shape], Way] = {}
        self.tried: set[tuple[int, Shape]] = set()
        self.first = max(0, self.last - PAST)
        self.misfits = [at for at in range(self.first + 1, self.last + 1) if not self.way(at, at - 1)]

    def way(self, at: int, source: int) -> Way | None:
        """The likeliest way of a row to take the map of another, if there is one."""
        key = at, self.shapes[source]
        if key not in self.tried:
            self.tried.add(key)
            if found := self.ways(self.rows[at - 1], key[1]) if key[1] else []:
                self.taken[key] = min(found, key=_cost)
        return self.taken.get(key)

    def forks(self) -> Iterator[tuple[int, int]]:
        """All (start, turn) that fit."""
        odd: list[int] = []  # rows that do not follow the one before: side begins with it
        weighs = False
        for start in range(self.last - 1, self.first - 1, -1):
            way = self.way(start + 1, start)
            odd += [start + 1] if way is None or len(way.steps) > 1 else []
            weighs = weighs or bool(self.kinds[start + 1])
            if len(odd) > 1:
                return
            turns = range(start + 1, self.last + 1) if not odd else (odd[0] - 1,)
            for turn in turns if weighs else ():
                if turn > start and self._meets(start, turn):
                    yield start, turn

    def _meets(self, start: int, turn: int) -> bool:
        """Whether both ways can be, and what they put out is what the container's row says."""
        shapes, end = self.shapes, self.end
        if self.how == "sum":
            return turn == self.last and shapes[start] == shapes[turn] == end
        alone = turn == self.last  # the side of a concatenation may have no layer at all
        if alone and self.how == "join":
            return False
        if not alone:
            way = self.way(turn + 1, start)
            if way is None or len(way.steps) != 1:
                return False
        one, other = shapes[turn], shapes[start if alone else self.last]
        if self.how == "join":
            return one == other == end
        return len(one) == len(other) == 3 and end == (one[0] + other[0], *one[1:]) == (end[0], *other[1:])

    def cost(self, start: int, turn: int) -> float:
        """How unlikely the ways part there: mostly before a convolution, at the latest map that fits."""
        kinds = self.kinds
        first = kinds[start + 1]
        cost = 0.04 * (turn - start) + _odd(first, kinds[start])
        cost += MISFIT * sum(at <= start for at in self.misfits)
        if turn == self.last:
            inside = kinds[start + 1 :]
            return cost + BARE * (self.how == "sum" and not any(k in ("conv", "linear") for k in inside))
        opening = kinds[turn + 1]
        cost += 0.1 + _odd(opening, kinds[turn])
        cost += 0.3 * ((first in KEEPS or first in NORMS) != (opening in KEEPS or opening in NORMS))
        apart, along = self.way(turn + 1, start), self.way(turn + 1, turn)
        return cost + (_cost(apart) if apart else 0.0) - (_cost(along) if along else 0.0)


def _cost(way: Way) -> float:
    return way.cost + sum(way.tags.values())


def _odd(kind: str, before: str) -> float:
    """How unlikely a way begins between two layers: mostly with a convolution, or what precedes one."""
    if kind not in KEEPS and kind not in NORMS:
        return 0.0
    return 0.15 if before not in KEEPS and before not in NORMS else 0.4


def forks_of(found: Section, nodes: Sequence[Node], at: Mapping[int, int]) -> Forks:
    """The forks of a section in a graph, in which the nodes have their rows' lines; `at`: of a line the node.

    Left out are those that would need a function which no row shows beside the calls that are there.
    """
    rows = found.rows
    join = at[found.container.line]
    places = [_before(nodes, next(at[row.line] for row in rows if row.line in at))]
    for row in rows:
        places.append(at.get(row.line, places[-1]))
    shapes = [found.before, *(row.shape or () for row in rows)]
    settings: dict[tuple[int, int], Mapping[str, Any]] = {}

    def settled(row: int, source: int) -> bool:
        """Whether the row takes the map of the other without a function between them; its settings then."""
        way = found.taken.get((row, shapes[source]))
        if way is None or len(way.steps) != 1:
            return False
        settings[places[row], places[source]] = way.steps[0].settings
        return True

    options: dict[Fork, None] = {}
    _, turn = found.forks[0]
    kept = turn == len(rows) or settled(turn + 1, turn)  # what side begins with now can follow its row
    for start, end in found.forks:
        alone = end == len(rows)
        if (kept or end == turn) and (alone or settled(end + 1, start)):
            options[Fork(places[start], join if alone else places[end + 1])] = None
    return Forks(tuple(options), settings)


def _before(nodes: Sequence[Node], row: int) -> int:
    """The place of the map before a section's first row, functions that no row shows left out."""
    at = nodes[row].inputs[0]
    while at != IMAGE and nodes[at].line == 0 and len(nodes[at].inputs) == 1:
        at = nodes[at].inputs[0]
    return at
