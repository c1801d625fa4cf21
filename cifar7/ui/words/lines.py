"""The layers of a network as lines of a table: what follows a convolution rides with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cifar7.network import working
from cifar7.network.arithmetic import Row

_OF_ITS_OWN = ("conv", "linear", "max_pool", "avg_pool", "global_avg_pool", "add")


@dataclass(frozen=True, slots=True)
class Line:
    """One layer, or a convolution with the normalisation, activation and dropout that follow it."""

    row: Row
    followers: tuple[Row, ...] = ()

    @property
    def stage(self) -> str:
        """C1 … C4 or O."""
        return self.row.layer.stage

    @property
    def name(self) -> str:
        """What the layer is called: "conv 3×3"."""
        return working.name(self.row).partition(", ")[0]

    @property
    def settings(self) -> str:
        """What is not the usual about it, and what follows it: "dilation 2 · batch norm, ReLU"."""
        own = working.name(self.row).partition(", ")[2]
        return " · ".join(filter(None, [own, ", ".join(working.name(row) for row in self.followers)]))

    @property
    def parameters(self) -> int:
        """Of all layers of the line."""
        return sum(row.parameters for row in (self.row, *self.followers))

    @property
    def parameters_words(self) -> str:
        """The same written out, layer by layer."""
        return "; ".join(filter(None, map(working.parameters, (self.row, *self.followers))))

    @property
    def working(self) -> str:
        """How the receptive field comes about; empty where the layer looks at single values of one map."""
        told = self.row.kernel > 1 or self.row.layer.kind == "add"
        return working.receptive_field(self.row) if told else ""

    @property
    def is_average_pool(self) -> bool:
        """The pooling of the output stage: the receptive field is given before it and with it."""
        return self.row.layer.kind in ("avg_pool", "global_avg_pool")


def lines(rows: Iterable[Row], every: bool = False) -> list[Line]:
    """The lines of a network's rows; with `every`, one a layer."""
    out: list[Line] = []
    for row in rows:
        if every or row.layer.kind in _OF_ITS_OWN or not out:
            out.append(Line(row))
        else:
            out[-1] = replace(out[-1], followers=(*out[-1].followers, row))
    return out


def labels(own: Iterable[Line]) -> list[str]:
    """Stage and name of each line, numbered where a stage has several of a name: no two alike."""
    plain = [f"{line.stage} {line.name}" for line in own]
    seen: Counter[str] = Counter()
    out = []
    for name in plain:
        seen[name] += 1
        out.append(f"{name}, no. {seen[name]}" if plain.count(name) > 1 else name)
    return out
