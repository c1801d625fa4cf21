"""What is remarkable about a layer, for the layer table: a sign, words, and the reason. No streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cifar7.network import measures
from cifar7.network.arithmetic import Row
from cifar7.network.kinds import Family


@dataclass(frozen=True, slots=True)
class Mark:
    """One remark. `kind` is beyond, shrinks, grows or nothing; each has a sign beside its colour."""

    kind: str
    words: str
    why: str


SIGNS = {"beyond": "↔", "shrinks": "▼", "grows": "▲", "nothing": "∅"}


def marks(rows: Sequence[Row], image_size: int) -> dict[int, list[Mark]]:
    """The remarks on each row that has any, by its place in `rows`."""
    remarks: dict[int, list[Mark]] = {}
    beyond = next((at for at, row in enumerate(rows) if row.receptive_field > image_size), None)
    for at, row in enumerate(rows):
        here = [*_size(row), *_nothing(rows, at)]
        if at == beyond:
            here.append(
                Mark(
                    "beyond",
                    f"from here on wider than the image's {image_size} px",
                    f"A value sees {row.receptive_field} pixels a side; beyond the image it sees padding.",
                )
            )
        if here:
            remarks[at] = here
    return remarks


def _size(row: Row) -> list[Mark]:
    """A map that changes its size where nothing was to change it, or a pool that leaves a border out."""
    layer, before, after = row.layer, row.input[1], row.output[1]
    convolution = layer.family is Family.CONVOLUTION
    if convolution and row.stride == 1 and after < before:
        pads = f"{layer.padding} of padding a side"
        span = layer.dilation * (row.kernel - 1) + 1
        why = f"The kernel spans {span} px and gets {pads}; {layer.same_padding:g} keep the map."
        return [Mark("shrinks", f"map shrinks {before} → {after}", why)]
    if convolution and after > before:
        why = f"Padding {layer.padding} a side is more than a {row.kernel}×{row.kernel} kernel takes off."
        return [Mark("grows", f"map grows {before} → {after}", why)]
    left = before + layer.padding - (after - 1) * row.stride - row.kernel  # behind the last window
    if layer.family is Family.POOL and left > 0:
        why = (
            f"A {row.kernel}×{row.kernel} pool does not fit {before} pixels: the last {left} are never read."
        )
        return [Mark("shrinks", f"drops {left} of {before} rows and columns", why)]
    return []


def _nothing(rows: Sequence[Row], at: int) -> list[Mark]:
    """A layer without which the network would compute the same kind of thing."""
    row, layer = rows[at], rows[at].layer
    before = measures.before(rows, at)
    why = ""
    if layer.family is Family.POOL and row.input[1] == row.output[1] == 1:
        why = "The map is one pixel already: there is nothing to pool."
    elif layer.depthwise and row.kernel == 1:
        why = "A depthwise 1×1 multiplies each channel by one number, which the next layer could do."
    elif measures.redundant_pair(before, row):
        why = "Nothing non-linear stands between this convolution and the one before: the two are one."
    elif layer.entry.idempotent and before and before.layer.kind == layer.kind:
        why = f"A {layer.entry.title} after a {layer.entry.title} changes nothing."
    return [Mark("nothing", "adds nothing", why)] if why else []
