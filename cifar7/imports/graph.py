"""What every reader makes: the calls of a forward pass, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from cifar7.errors import UserError

IMAGE = -1  # as an input: the image that the network gets

# Kind of call: the settings that it has. Numbers are whole; a kernel is the side of a square. `padding` may
# be the text "same". A setting that a reader cannot know is absent; "alternatives" are others that fit.
CALLS: dict[str, tuple[str, ...]] = {
    "conv": (
        "in_channels", "out_channels", "kernel", "stride", "padding", "dilation", "groups", "bias",
        "padding_mode",  # zeros, reflect, replicate, circular
    ),
    "linear": ("in_features", "out_features", "bias"),
    "batch_norm": ("channels", "affine"),  # of maps or of flat values
    "group_norm": ("groups", "channels"),
    "instance_norm": ("channels", "affine"),
    "layer_norm": ("shape",),  # a tuple: (C, H, W), over all values of an image, or (C,) of a flat one
    "channel_norm": ("channels",),  # layer norm over the channels of each pixel: moved behind, and back
    "relu": (), "leaky_relu": ("slope",), "relu6": (), "elu": (), "selu": (), "silu": (), "gelu": (),
    "mish": (), "hardswish": (), "tanh": (), "sigmoid": (), "softplus": (), "prelu": ("parameters",),
    "dropout": ("rate",), "dropout2d": ("rate",),
    "max_pool": ("kernel", "stride", "padding", "ceil"), "avg_pool": ("kernel", "stride", "padding", "ceil"),
    "adaptive_avg_pool": ("size",), "adaptive_max_pool": ("size",),  # size 1 for a mean over the map as well
    "flatten": (),  # view, reshape, squeeze, flatten: to (B, features)
    "softmax": (), "log_softmax": (),
    "add": (), "concat": (),  # two inputs or more, in the order they are written in
}  # fmt: skip


class UnreadableError(UserError):
    """Something that cannot be read: says what and on which line, and what would be right."""


@dataclass(frozen=True, slots=True)
class Node:
    """One call. `inputs`: places of other nodes in the graph, or IMAGE."""

    kind: str
    inputs: tuple[int, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""  # attribute path of its module, "stage1.0.conv"; empty for a function
    line: int = 0  # of the text, from 1, where it is made; 0: none
    shape: tuple[int, ...] | None = None  # of what it puts out, (C, H, W) or (C,), where the text says it
    parameters: int | None = None  # that the text says it has


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to point out: `id` for programs, `message` for people, the line it stands on."""

    id: str
    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Unused:
    """A layer that is defined and never called, with the parameters it has."""

    name: str
    parameters: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Claims:
    """What the text around the network says of it: None where it says nothing."""

    parameters: int | None = None  # of the whole network, from a table's total or a sentence
    receptive_field: int | None = None
    receptive_field_line: int = 0


@dataclass(frozen=True, slots=True)
class Fork:
    """Where two ways part that meet at a join: both begin at what the call `start` puts out, or at IMAGE.

    `other`: the first call of the second way; the join itself where that way has no call.
    """

    start: int
    other: int


@dataclass(frozen=True, slots=True)
class Forks:
    """Where the ways of a join may part, as far as a table tells: as they are read first, the likely next.

    `settings`: those that a call has on what another one puts out, by both places, with "alternatives".
    """

    options: tuple[Fork, ...]
    settings: Mapping[tuple[int, int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Graph:
    """A network's forward pass. Nodes stand in the order they are called in; the last is what is returned."""

    name: str  # of its class
    nodes: tuple[Node, ...]
    image: tuple[int, int, int] | None = None  # (C, H, W) where the text says it
    unused: tuple[Unused, ...] = ()
    remarks: tuple[Remark, ...] = ()
    claims: Claims = Claims()
    certain: bool = True  # False: a table left settings open, and this is one reading of it
    difference: str = ""  # of a reading: in words, what it takes the open settings to be
    forks: Mapping[int, Forks] = field(default_factory=dict)  # of joins that a table leaves open


def learnt(kind: str, settings: Mapping[str, Any]) -> int:
    """How many numbers a call of this kind learns."""
    match kind:
        case "conv":
            weights = settings["in_channels"] // settings["groups"] * settings["kernel"] ** 2
            return settings["out_channels"] * (weights + settings["bias"])
        case "linear":
            return settings["out_features"] * (settings["in_features"] + settings["bias"])
        case "batch_norm" | "instance_norm":
            return 2 * settings["channels"] * settings["affine"]
        case "group_norm" | "channel_norm":
            return 2 * settings["channels"]
        case "layer_norm":
            return 2 * prod(settings["shape"])
        case "prelu":
            return settings["parameters"]
    return 0


def words(shape: tuple[int, ...]) -> str:
    """(64, 8, 8) as "64×8×8"."""
    return "×".join(map(str, shape))
