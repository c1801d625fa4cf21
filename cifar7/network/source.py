"""A network's layers as plain PyTorch: the place of each in the file that an export writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from cifar7.network.arithmetic import Row, analyse
from cifar7.network.kinds import Family
from cifar7.network.spec import NetSpec


def renamed_keys(spec: NetSpec) -> dict[str, str]:
    """From the state-dict prefix of a layer in cifar7's module to its prefix in the written file."""
    names: dict[str, str] = {}
    rows = analyse(spec).rows
    for stage, group in groupby(enumerate(rows), key=lambda pair: pair[1].layer.stage):
        members = list(group)
        keys = places([row for _, row in members])
        names |= {f"layers.{at}": f"{stage}.{key}" for (at, _), key in zip(members, keys, strict=True)}
    return names


def places(rows: Sequence[Row]) -> list[str]:
    """The key of each layer of a stage in its nn.Sequential: "4", or "4.0" and on inside a Residual at 4."""
    closes = {at - row.layer.span: at for at, row in enumerate(rows) if row.layer.family is Family.SUM}
    keys, position, begin, close = [], 0, 0, 0
    for at, row in enumerate(rows):
        if at in closes:
            begin, close = at, closes[at]
        if at < close:
            keys.append(f"{position}.{at - begin}")
            continue
        position += row.layer.family is Family.LINEAR  # the flattening before it takes a place
        keys.append(f"{position}")
        position += 1
    return keys


def safe_name(name: str) -> str:
    """A user's name for a network as it may stand in source text: letters, digits and plain punctuation."""
    return re.sub(r"[^\w .,()+-]", "_", name, flags=re.ASCII)
