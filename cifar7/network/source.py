"""A network's layers as plain PyTorch: the place of each in the file that an export writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from cifar7.network.arithmetic import Row, Shape, analyse
from cifar7.network.kinds import Family
from cifar7.network.spec import NetSpec


@dataclass(frozen=True, slots=True)
class Piece:
    """A layer in its place in the written file, or a join with the layers on its two ways."""

    row: Row
    key: str  # prefix in the state dict of its stage: "4", "4.0" inside a Residual, "4.side.0" on a branch
    shape: Shape | tuple[int]  # that it puts out: a map, or single values
    flattens: bool = False  # a map into single values, by a layer of its own before it
    main: tuple[Piece, ...] = ()
    side: tuple[Piece, ...] = ()

    @property
    def container(self) -> str:
        """The class that holds the ways of a join: Residual, where the identity is added."""
        if self.row.layer.kind == "concat":
            return "BranchesConcat"
        return "Branches" if self.side else "Residual"


def pieces(rows: Sequence[Row], prefix: str = "") -> tuple[Piece, ...]:
    """The layers of a stage in the places that they have in its nn.Sequential."""
    closes = {at - row.layer.span: at for at, row in enumerate(rows) if row.layer.family is Family.JOIN}
    out: list[Piece] = []
    position, at, flat = 0, 0, False
    while at < len(rows):
        row, end = rows[at], closes.get(at, at)
        flattens = row.layer.family is Family.LINEAR and not flat
        position += flattens
        flat = flat or flattens
        key = f"{prefix}{position}"
        if at in closes:
            join = rows[end]
            turn = end - join.layer.side
            residual = join.layer.kind == "add" and turn == end
            main = pieces(rows[at:turn], f"{key}." if residual else f"{key}.main.")
            out.append(Piece(join, key, join.output, False, main, pieces(rows[turn:end], f"{key}.side.")))
        else:
            out.append(Piece(row, key, row.output[:1] if flat else row.output, flattens))
        at, position = end + 1, position + 1
    return tuple(out)


def renamed_keys(spec: NetSpec) -> dict[str, str]:
    """From the state-dict prefix of a layer in cifar7's module to its prefix in the written file."""
    rows = analyse(spec).rows
    places = {id(row): at for at, row in enumerate(rows)}
    names: dict[str, str] = {}
    for stage, group in groupby(rows, key=lambda row: row.layer.stage):
        for piece in _every(pieces(list(group))):
            names[f"layers.{places[id(piece.row)]}"] = f"{stage}.{piece.key}"
    return names


def _every(row: Sequence[Piece]) -> Iterator[Piece]:
    for piece in row:
        yield from _every(piece.main)
        yield from _every(piece.side)
        yield piece


def safe_name(name: str) -> str:
    """A user's name for a network as it may stand in source text: letters, digits and plain punctuation."""
    return re.sub(r"[^\w .,()+-]", "_", name, flags=re.ASCII)
