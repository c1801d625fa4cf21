"""A network's lines beside those of the design it is compared with: what changed, came and went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cifar7.ui.words.lines import Line

Key = tuple[str, int, str, int]
_STAGES = ("C1", "C2", "C3", "C4", "O")


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


def pairs(now: Sequence[Line], then: Sequence[Line]) -> list[Pair]:
    """The lines of both, matched by stage, unit and what it is; removed ones where they stood."""
    before, after = _keyed(then), _keyed(now)
    out: list[Pair] = []
    for stage in _STAGES:
        after_keys = [key for key in after if key[0] == stage]
        before_keys = [key for key in before if key[0] == stage]
        stage_pairs = [Pair(after[key], before.get(key)) for key in after_keys]
        for key in before_keys:
            if key in after:
                continue
            # A line that went stands after the one that came before it.
            earlier = [other for other in before_keys[: before_keys.index(key)] if other in after_keys]
            place = after_keys.index(earlier[-1]) + 1 if earlier else 0
            stage_pairs.insert(place, Pair(None, before[key]))
            after_keys.insert(place, key)
        out += stage_pairs
    return out


def _keyed(lines: Sequence[Line]) -> dict[Key, Line]:
    counts: Counter[tuple[str, int, str]] = Counter()
    out: dict[Key, Line] = {}
    for line in lines:
        layer = line.row.layer
        name = (layer.stage, layer.unit, _what(layer.kind, layer.role))
        counts[name] += 1
        key = (*name, counts[name])
        out[key] = line
    return out


def _what(kind: str, role: str) -> str:
    """What a layer is for: a fixed and a global average pool, or two classifiers, stand for each other."""
    if kind in ("avg_pool", "global_avg_pool"):
        return "average pool"
    if kind == "conv" and role in ("", "depthwise"):
        return "conv"
    if kind == "add":  # whatever it adds
        return kind
    return role or kind
