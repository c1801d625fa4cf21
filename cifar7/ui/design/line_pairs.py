"""A network's lines beside those of the design it is compared with: what changed, came and went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cifar7.network.arithmetic import Analysis, Row
from cifar7.network.kinds import Family
from cifar7.network.spec import OUTPUT, STAGE_NAMES
from cifar7.ui.words.lines import Line, lines

Key = tuple[str, int, int, str, int]


@dataclass(frozen=True, slots=True)
class Pair:
    """A line now and then; one of the two is None where the line came or went."""

    now: Line | None
    then: Line | None

    @property
    def line(self) -> Line:
        """The one to show."""
        line = self.now or self.then
        assert line is not None
        return line

    @property
    def fate(self) -> str:
        """`kept`, `added` or `removed`."""
        return "added" if self.then is None else "removed" if self.now is None else "kept"


def pairs(now: Analysis, then: Analysis | None, every: bool = False) -> list[Pair]:
    """The lines of both, matched by stage, unit and what it is; removed ones where they stood.

    `then` None: nothing to compare with. `every`: a line a layer.
    """
    after = _keyed(lines(now.rows, every))
    before = after if then is None else _keyed(lines(then.rows, every))
    out: list[Pair] = []
    for stage in (*STAGE_NAMES, OUTPUT):
        keys, place = [key for key in after if key[0] == stage], 0
        for key in before:
            if key[0] != stage:
                continue
            if key not in after:  # a line that went stands after the one that came before it
                keys.insert(place, key)
            place = keys.index(key) + 1
        out += [Pair(after.get(key), before.get(key)) for key in keys]
    return out


def _keyed(lines: Iterable[Line]) -> dict[Key, Line]:
    counts: Counter[tuple[str, int, int, str]] = Counter()
    out: dict[Key, Line] = {}
    for line in lines:
        layer = line.row.layer
        name = (layer.stage, layer.unit, layer.beside, _what(line.row))
        counts[name] += 1
        key = (*name, counts[name])
        out[key] = line
    return out


def _what(row: Row) -> str:
    """What a layer is for: two poolings of O, two classifiers, or two joins stand for each other."""
    kind, role = row.layer.kind, row.layer.role
    if row.layer.head:
        return "pooling"
    if kind == "conv" and role in ("", "depthwise"):
        return "conv"
    if row.layer.family is Family.JOIN:  # whatever it adds
        return "join"
    return role or kind
