"""What backward keeps of a network for each image, and how long a core works on one. Plain arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cifar7.network.arithmetic import Row, walk
from cifar7.network.kinds import Family
from cifar7.network.spec import NetSpec

# On a core of an Intel Xeon with AMX, bf16, batches of 128, processor time: `starter` 23e9, layers of 64
# channels 48e9, of 200 channels 85e9 forward MACs trained in a second of it; separable networks 6e9 and 22e9,
# as most of their time goes into the maps. Both terms together fit within a factor of two.
MACS_A_CORE = 60e9  # forward MACs that a core trains through in a second
SECONDS_A_VALUE = 2.5e-9  # of a core, for each value that backward keeps

_KEEPS_OUTPUT = frozenset({"relu", "tanh", "sigmoid"})  # activations whose backward reads what they put out
_NEEDS_INPUT = (Family.CONVOLUTION, Family.LINEAR, Family.NORM, Family.POOL)


@dataclass(frozen=True, slots=True)
class Kept:
    """What backward keeps of a network for each image, and the largest step on the way."""

    values: int  # in the training's precision
    indices: int  # of max-pools, 8 bytes each
    pair: int  # values of the largest map together with the one that it is made from
    largest: tuple[int, int]  # MACs and values put out of the layer that works longest


@lru_cache(maxsize=256)
def kept(spec: NetSpec) -> Kept:
    """Count a network in which `problems.problems` finds nothing.

    A map is kept once, however many layers read it: where the backward pass of the layer that made it, or of
    one that reads it, needs it.
    """
    rows = walk(spec)
    readers: dict[int, list[Row]] = {}
    for row in rows:
        for source in row.sources:
            readers.setdefault(source, []).append(row)
    values = spec.in_channels * spec.image_size**2
    indices = 0
    for at, row in enumerate(rows):
        size = _size(row.output)
        own = row.layer.kind in _KEEPS_OUTPUT
        if own or any(_needs_input(reader) for reader in readers.get(at, [])):
            values += size
        if row.layer.kind == "dropout":
            values += size  # what it multiplied by
        if row.layer.kind in ("max_pool", "global_max_pool"):
            indices += size
        if row.layer.padding_mode != "zeros":
            side = row.input[1] + 2 * row.layer.padding
            # The map with its border, and what it was made from, which autocast turns to fp32 for it.
            values += row.input[0] * side * side + 2 * _size(row.input)
    return Kept(
        values=values,
        indices=indices,
        pair=max(_size(row.input) + _size(row.output) for row in rows),
        largest=max(((row.macs, _size(row.output)) for row in rows), key=lambda one: core_seconds(*one)),
    )


def _size(shape: tuple[int, int, int]) -> int:
    return shape[0] * shape[1] * shape[2]


def _needs_input(row: Row) -> bool:
    family = row.layer.family
    return family in _NEEDS_INPUT or (family is Family.ACTIVATION and row.layer.kind not in _KEEPS_OUTPUT)


def core_seconds(macs: float, values: float) -> float:
    """Of a core, for training on one image."""
    return macs / MACS_A_CORE + values * SECONDS_A_VALUE
