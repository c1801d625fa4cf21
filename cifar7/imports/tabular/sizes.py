"""What a layer with known settings makes of a map, and which map it cannot take."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from cifar7.imports.graph import words
from cifar7.imports.tabular.parts import KEEPS, Shape


def after(kind: str, settings: Mapping[str, Any], shape: Shape) -> Shape | str:
    """Shape behind the layer; or in words, what it would need."""
    channels, sides = shape[0], shape[1:]
    if kind in KEEPS:
        return shape
    if kind == "flatten":
        return (prod(shape),)
    if kind == "linear":
        wanted = settings["in_features"]
        return (settings["out_features"],) if shape == (wanted,) else f"{wanted:,} flat values"
    if kind in ("batch_norm", "group_norm", "instance_norm", "channel_norm"):
        return shape if settings["channels"] == channels else f"{settings['channels']} channels"
    if kind == "layer_norm":
        wanted = settings["shape"]
        return shape if wanted == shape else f"a shape of {words(wanted)}"
    if len(sides) != 2:
        return "a map"
    if kind == "conv" and settings["in_channels"] != channels:
        return f"{settings['in_channels']} channels"
    if kind in ("adaptive_avg_pool", "adaptive_max_pool"):
        return (channels, settings["size"], settings["size"])
    made = tuple(_window(kind, settings, side) for side in sides)
    if min(made) < 1:
        return "a larger map"
    return (settings["out_channels"] if kind == "conv" else channels, *made)


def _window(kind: str, settings: Mapping[str, Any], side: int) -> int:
    """Places of the window along a side: floor((n + 2p - d(k - 1) - 1) / s) + 1."""
    if settings["padding"] == "same":
        return side if settings["stride"] == 1 else 0
    dilation, stride = settings.get("dilation", 1), settings["stride"]
    room = side + 2 * settings["padding"] - dilation * (settings["kernel"] - 1) - 1
    if room < 0:
        return 0
    if settings.get("ceil"):
        places = -(-room // stride) + 1
        # torch drops a last window that would begin beyond the map and its left padding.
        return places - ((places - 1) * stride >= side + settings["padding"])
    return room // stride + 1
