"""A network's layers as plain PyTorch: the call of each, and its place in the file that an export writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from cifar7.network.arithmetic import Row, analyse
from cifar7.network.spec import NetSpec

_ACTIVATIONS = {"relu": "nn.ReLU()", "leaky_relu": "nn.LeakyReLU()", "silu": "nn.SiLU()", "gelu": "nn.GELU()"}


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
    closes = {at - row.layer.span: at for at, row in enumerate(rows) if row.layer.kind == "add"}
    keys, position, begin, close = [], 0, 0, 0
    for at, row in enumerate(rows):
        if at in closes:
            begin, close = at, closes[at]
        if at < close:
            keys.append(f"{position}.{at - begin}")
            continue
        position += row.layer.kind == "linear"  # the flattening before it takes a place
        keys.append(f"{position}")
        position += 1
    return keys


def safe_name(name: str) -> str:
    """A user's name for a network as it may stand in source text: letters, digits and plain punctuation."""
    return re.sub(r"[^\w .,()+-]", "_", name, flags=re.ASCII)


def layer_source(row: Row) -> str:
    """The constructor call of one layer."""
    layer, kind = row.layer, row.layer.kind
    if kind == "conv":
        words = [f"{layer.in_channels}, {layer.out_channels}, kernel_size={layer.kernel}"]
        words += [
            f"{name}={value}"
            for name, value, usual in (
                ("stride", layer.stride, 1),
                ("padding", layer.padding, 0),
                ("dilation", layer.dilation, 1),
                ("groups", layer.groups, 1),
                ("bias", layer.bias, True),
            )
            if value != usual
        ]
        return f"nn.Conv2d({', '.join(words)})"
    return {
        "linear": f"nn.Linear({layer.in_channels}, {layer.out_channels})",
        "batch_norm": f"nn.BatchNorm2d({layer.out_channels})",
        "group_norm": f"nn.GroupNorm({layer.groups}, {layer.out_channels})",
        "dropout": f"nn.Dropout({layer.rate})",
        "max_pool": f"nn.MaxPool2d({layer.kernel})",
        "avg_pool": f"nn.AvgPool2d({layer.kernel})",
        "global_avg_pool": "nn.AdaptiveAvgPool2d(1)",
    }.get(kind) or _ACTIVATIONS[kind]
