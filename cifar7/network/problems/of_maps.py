"""What is wrong with the maps that a network makes: vanished, left over, too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cifar7.network.arithmetic import Row, walk
from cifar7.network.kinds import Family
from cifar7.network.problems.of_connections import resized
from cifar7.network.problems.problem import Problem
from cifar7.network.spec import OUTPUT, NetSpec

MAX_PARAMETERS = 20_000_000
MAX_MACS = 5_000_000_000


def _borders(rows: Sequence[Row]) -> Iterator[Problem]:
    """Padding that copies more of a map than there is."""
    for row in rows:
        layer, size = row.layer, row.input[1]
        most = {"reflect": size - 1, "circular": size}.get(layer.padding_mode, layer.padding)
        if layer.padding > most:
            yield Problem(
                layer.stage,
                f"unit {layer.unit}: {layer.padding_mode} padding of {layer.padding} pixels on a map of "
                f"{size}.",
                f"Choose padding 0 to {most}, or zeros.",
            )


def _single_values(rows: Sequence[Row]) -> Iterator[Problem]:
    """Normalisations of a value by itself alone, which leave its shift and nothing of the image."""
    for row in rows:
        layer = row.layer
        alone = {"group_norm": layer.out_channels // max(1, layer.groups), "instance_norm": 1}
        alone |= dict.fromkeys(("layer_norm", "layer_norm_flat", "channel_norm"), layer.out_channels)
        size = 1 if layer.kind == "channel_norm" else row.input[1] ** 2
        if size * alone.get(layer.kind, 2) == 1:
            yield Problem(
                layer.stage,
                f"unit {layer.unit}: its {layer.entry.title} normalises each value by itself, so nothing is "
                "left.",
                "Choose fewer groups, or another normalisation.",
            )


def shapes(spec: NetSpec) -> Iterator[Problem]:
    """Maps that vanish, do not fit together or are left over, and networks that are too large."""
    rows = walk(spec)
    last = rows[-1]
    if last.output[1] < 1:
        yield _vanished(last)
        return
    faults = [*resized(rows), *_borders(rows), *_single_values(rows)]
    yield from faults
    if last.output[1] != 1:
        pool = next((row for row in rows if row.layer.head), None)
        left = (
            f"average pooling {pool.kernel}x{pool.kernel} leaves" if pool else "nothing pools the last map:"
        )
        yield Problem(
            OUTPUT,
            f"{left} {last.output[1]} pixels a side, not 1.",
            "Pool the whole map (global average pooling).",
        )
        return
    total, macs = sum(r.parameters for r in rows), sum(r.macs for r in rows)
    if total > MAX_PARAMETERS or macs > MAX_MACS:
        yield Problem(
            "",
            f"The network has {total:,} parameters and {macs:,} MACs; "
            f"cifar7 builds up to {MAX_PARAMETERS:,} and {MAX_MACS:,}.",
            "Choose fewer channels.",
        )


def _vanished(row: Row) -> Problem:
    size, layer = row.input[1], row.layer
    span = layer.dilation * (row.kernel - 1) + 1
    what, cure = "pool", "Pool less often before it, or choose a smaller kernel or dilation."
    if layer.family is Family.CONVOLUTION:
        what = f"convolution of unit {layer.unit}"
        cure = "Pool less often before it, choose a smaller kernel or dilation, or more padding."
    room = size + 2 * layer.padding
    message = f"the map vanishes: the {what} spans {span} pixels, and its map has {room} with the padding."
    return Problem(layer.stage, message, cure)
