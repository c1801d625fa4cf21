"""The arithmetic of a row written out as on a blackboard: text from a Row, nothing computed again."""

from __future__ import annotations

from cifar7.network.arithmetic import Row
from cifar7.network.kinds import Family


def receptive_field(row: Row) -> str:
    """r + d·(k-1)·j, as in "10 + 2·(3-1)·2 = 18", in image pixels; where two ways join what both see."""
    layer = row.layer
    if layer.family is Family.JOIN:
        one, other, both = row.receptive_field_in, row.receptive_field_added, row.receptive_field
        return (
            f"max({one}, {other}) = {both}"
            if both == max(one, other)
            else f"hull of {one} and {other} = {both}"
        )
    if row.kernel == 1:
        return f"{row.receptive_field_in}"
    dilation = f"{layer.dilation}·" if layer.dilation > 1 else ""
    return f"{row.receptive_field_in} + {dilation}({row.kernel}−1)·{row.jump_in} = {row.receptive_field}"


def jump(row: Row) -> str:
    """j·s, as in "2·2 = 4", in image pixels."""
    return f"{row.jump_in}" if row.stride == 1 else f"{row.jump_in}·{row.stride} = {row.jump}"


def side(row: Row) -> str:
    """⌊(n + 2p - d·(k-1) - 1)/s⌋ + 1, as in "(8 + 2·0 − 2·(3−1) − 1)/1 + 1 = 4", in pixels."""
    layer, size = row.layer, row.input[1]
    if row.kernel == row.stride == 1 and not layer.padding:
        return f"{size}"
    span = f"{layer.dilation}·({row.kernel}−1)"
    whole = f"{size} + 2·{layer.padding} − {span} − 1" if layer.padding else f"{size} − {span} − 1"
    if row.stride == 1:
        return f"{whole} + 1 = {row.output[1]}"
    return f"⌊({whole})/{row.stride}⌋ + 1 = {row.output[1]}"


def parameters(row: Row) -> str:
    """k·k·(in/groups)·out + bias, or 2·channels of a normalisation; empty where it learns nothing."""
    layer = row.layer
    if not row.parameters:
        return ""
    if not layer.weighted:
        side = f"·{row.output[1]}·{row.output[2]}" if layer.entry.per_value else ""
        return f"{layer.entry.per_channel}·{layer.out_channels}{side} = {row.parameters:,}"
    return f"{_weights(row)}{f' + {layer.out_channels}' if layer.bias else ''} = {row.parameters:,}"


def macs(row: Row) -> str:
    """Weights times the pixels they are applied at; empty where nothing is multiplied."""
    if not row.macs:
        return ""
    return f"{_weights(row)} · {row.output[1]}·{row.output[2]} = {row.macs:,}"


def residual(units: int) -> str:
    """What a residual connection goes around, as in "around this unit"."""
    if units < 3:
        return ("no", "around this unit", "around this and the one before")[units]
    return f"around this and the {units - 1} before"


def _weights(row: Row) -> str:
    layer = row.layer
    window = f"{layer.kernel}·{layer.kernel}·" if layer.kernel > 1 else ""
    inputs = f"{layer.in_channels}/{layer.groups}" if layer.groups > 1 else f"{layer.in_channels}"
    if layer.family is Family.LINEAR and row.input[1] > 1:
        inputs = f"{row.input[0]}·{row.input[1]}·{row.input[2]}"
    return f"{window}{inputs}·{layer.out_channels}"


def name(row: Row) -> str:
    """What the layer is called, as in "depthwise 3×3, dilation 2" or "max-pool 2×2"."""
    return ", ".join(label(row))


def label(row: Row) -> tuple[str, ...]:
    """The same in parts: what it is, with its window, and then what is unusual about it."""
    what, *unusual = row.layer.entry.label(row.layer, row.kernel)
    return (f"beside: {what}" if row.layer.beside else what, *unusual)
