"""The kinds of layers: one entry for each, which all of the program reads. Needs no torch.

An entry says what the layer is in torch and how model.py writes it, what it learns, what window it looks
through, how tables, sentences and drawings name it, and what makes it pointless. Shape, MACs and receptive
field follow from the window and the weights, by the same formulas for all kinds (see `arithmetic`).

A new activation or normalisation is one more entry: a network may then name it. A new pool is an entry, and
the line in `layers` that puts it where a spec asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal


class Family(Enum):
    """What a layer is for. Where a rule holds for all pools or all activations, it asks for the family."""

    CONVOLUTION = auto()
    LINEAR = auto()
    NORM = auto()
    ACTIVATION = auto()
    DROPOUT = auto()
    POOL = auto()
    JOIN = auto()  # where the two ways of a connection end


FOLLOWERS = (Family.NORM, Family.ACTIVATION, Family.DROPOUT)  # they keep the map and stand behind a weight


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network.

    `kind` names its entry in LAYER_KINDS. An `add` or `concat` joins two ways that begin with the input of the
    layer that stands `span` before it: the row of layers, and the last `side` of them, which stand on the other
    way; 0 is the identity.

    `unit` counts the stage's units from 1, 0 for what belongs to no unit; `beside` those on that unit's shortcut,
    0 for the row itself. A global pool's kernel is 0 here: it is as large as the map. `role` says what a
    convolution is for: depthwise, pointwise or classifier; and what a join adds: "input of unit 2".
    """

    stage: str
    unit: int
    kind: str
    in_channels: int
    out_channels: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    bias: bool = False
    rate: float = 0.0  # of dropout
    span: int = 0  # layers, of a join: how many stand on its two ways
    role: str = ""
    head: bool = False  # the pooling of stage O, before and with which the receptive field is given
    padding_mode: str = "zeros"
    side: int = 0  # layers, of a join: how many of the span stand on the other way
    beside: int = 0  # number of its unit on the shortcut
    size: int = 0  # pixels, of a layer norm: the side of the map, known where the map is

    @property
    def entry(self) -> LayerKind:
        """The entry of its kind."""
        return LAYER_KINDS[self.kind]

    @property
    def family(self) -> Family:
        """What its kind is for."""
        return LAYER_KINDS[self.kind].family

    @property
    def weighted(self) -> bool:
        """Whether it multiplies by learnt weights."""
        return self.entry.weighted

    @property
    def windowed(self) -> bool:
        """Whether a window slides over its map, with kernel and stride."""
        return self.family in (Family.CONVOLUTION, Family.POOL)

    @property
    def follows(self) -> bool:
        """Whether it belongs to the layer before it, as normalisation, activation and dropout do."""
        return self.family in FOLLOWERS

    @property
    def depthwise(self) -> bool:
        """One filter a channel: as many groups as input channels, and more than one."""
        return self.family is Family.CONVOLUTION and self.groups == self.in_channels > 1

    @property
    def same_padding(self) -> float:
        """Pixels a side that keep the map at stride 1: d(k-1)/2; half a pixel where no padding does."""
        return self.dilation * (self.kernel - 1) / 2

    @property
    def source(self) -> str:
        """The constructor call as a person writes it: "nn.Conv2d(3, 16, kernel_size=3, padding=1)"."""
        positional, keywords = self.entry.arguments(self)
        texts = [*map(repr, positional), *(f"{name}={value!r}" for name, value in keywords.items())]
        return f"{self.entry.module}({', '.join(texts)})"


Arguments = tuple[tuple[Any, ...], dict[str, Any]]  # of a constructor: by place, by name


@dataclass(frozen=True, slots=True)
class LayerKind:
    """The entry of one kind of layer."""

    name: str  # in `Layer.kind`, and in the JSON of `describe`
    family: Family
    title: str  # in a sentence and on the page: "batch norm"
    module: str  # class as source text writes it; empty for a sum, which the network itself computes
    arguments: Callable[[Layer], Arguments] = lambda layer: ((), {})
    # Label: name with its window, then what is unusual: ("depthwise 3×3", "dilation 2"). Tag: two very short
    # lines, for the drawing: ("3×3", "dw d2"). Both get the kernel too: a global pool has the map's.
    label: Callable[[Layer, int], tuple[str, ...]] = lambda layer, kernel: (layer.entry.title,)
    tag: Callable[[Layer, int], tuple[str, str]] = lambda layer, kernel: (layer.entry.title, "")
    glyph: Literal["taps", "square", "sum", ""] = ""  # its window in the drawing
    whole_map: bool = False  # the window is the map, whatever its size
    per_channel: int = 0  # learnt numbers for each output channel beside weights and bias: scale and shift
    per_value: bool = False  # the same for each value of the map
    flat: str = ""  # the kind that does the same behind a linear layer; empty: this one, or none
    groups: Callable[[int], int] = lambda channels: 1  # of a normalisation of so many channels
    # What makes a layer pointless:
    replaces_bias: bool = False  # adds a learnt shift of its own, so that a bias before it is superfluous
    idempotent: bool = False  # a second one right behind the first changes nothing

    @property
    def weighted(self) -> bool:
        """Whether it multiplies by learnt weights: the layers whose MACs count."""
        return self.family is Family.CONVOLUTION or self.family is Family.LINEAR


def square(side: int) -> str:
    """A side in pixels as "3×3"."""
    return f"{side}×{side}"


def _conv_arguments(layer: Layer) -> Arguments:
    options = {
        "stride": (layer.stride, 1),
        "padding": (layer.padding, 0),
        "dilation": (layer.dilation, 1),
        "groups": (layer.groups, 1),
        "bias": (layer.bias, True),
    }
    changed: dict[str, Any] = {name: value for name, (value, default) in options.items() if value != default}
    if layer.padding_mode != "zeros":
        changed["padding_mode"] = layer.padding_mode
    return (layer.in_channels, layer.out_channels), {"kernel_size": layer.kernel, **changed}


def _linear_arguments(layer: Layer) -> Arguments:
    return (layer.in_channels, layer.out_channels), {} if layer.bias else {"bias": False}


def _conv_label(layer: Layer, kernel: int) -> tuple[str, ...]:
    classifier = layer.role == "classifier"
    settings = {
        f"{layer.groups} groups": layer.groups > 1 and layer.role != "depthwise",
        f"dilation {layer.dilation}": layer.dilation > 1,
        f"stride {layer.stride}": layer.stride > 1,
        f"padding {layer.padding}": layer.padding != int(layer.same_padding),
        f"{layer.padding_mode} border": layer.padding_mode != "zeros",
    }
    name = "conv 1×1 to the classes" if classifier else f"{layer.role or 'conv'} {square(kernel)}"
    return (name, *(text for text, unusual in settings.items() if unusual))


def _conv_tag(layer: Layer, kernel: int) -> tuple[str, str]:
    groups = "dw" if layer.depthwise else f"g{layer.groups}" if layer.groups > 1 else ""
    dilation = f"d{layer.dilation}" if layer.dilation > 1 and kernel > 1 else ""
    stride = f"s{layer.stride}" if layer.stride > 1 else ""
    return square(kernel), " ".join(filter(None, (groups, dilation, stride)))


def _norm_groups(channels: int) -> int:
    """8, or fewer, so that they divide into two channels or more each."""
    return next((groups for groups in (8, 4, 2) if channels % groups == 0 and channels > groups), 1)


def _pool(name: str, title: str, short: str, module: str) -> LayerKind:
    """A pool of `kernel` x `kernel` pixels; where no stride is written, torch takes the kernel."""

    def arguments(layer: Layer) -> Arguments:
        stride = {} if layer.stride == layer.kernel else {"stride": layer.stride}
        return (layer.kernel,), {**stride, **({"padding": layer.padding} if layer.padding else {})}

    def label(layer: Layer, kernel: int) -> tuple[str, ...]:
        stride = (f"stride {layer.stride}",) if layer.stride != kernel and not layer.head else ()
        return (
            f"{title} {square(kernel)}",
            *stride,
            *((f"padding {layer.padding}",) if layer.padding else ()),
        )

    return LayerKind(
        name, Family.POOL, title, module, arguments, label=label,
        tag=lambda layer, kernel: (short, square(kernel)), glyph="square",
    )  # fmt: skip


def _global_pool(name: str, title: str, short: str, module: str) -> LayerKind:
    return LayerKind(
        name, Family.POOL, title, module, lambda layer: ((1,), {}),
        tag=lambda layer, kernel: (short, square(kernel)), glyph="square", whole_map=True,
    )  # fmt: skip


def _activation(name: str, title: str, module: str, *, idempotent: bool = False) -> LayerKind:
    return LayerKind(name, Family.ACTIVATION, title, module, idempotent=idempotent)


def _dropout(name: str, title: str, module: str, flat: str = "") -> LayerKind:
    return LayerKind(
        name, Family.DROPOUT, title, module, lambda layer: ((layer.rate,), {}), flat=flat,
        label=lambda layer, kernel: (f"{title} {layer.rate:g}",),
    )  # fmt: skip


def _join(name: str, title: str, module: str, verb: str, short: str) -> LayerKind:
    return LayerKind(
        name, Family.JOIN, title, module, glyph="sum",
        label=lambda layer, kernel: (title, f"{verb} the {layer.role}"), tag=lambda layer, kernel: (short, ""),
    )  # fmt: skip


def _linear_label(layer: Layer, kernel: int) -> tuple[str, ...]:
    return ("linear to the classes",) if layer.role == "classifier" else ("linear",)


def _flat_norm(name: str, title: str, module: str) -> LayerKind:
    """What a normalisation is behind a linear layer."""
    return LayerKind(
        name, Family.NORM, title, module, lambda layer: ((layer.out_channels,), {}), per_channel=2,
        replaces_bias=True,
    )  # fmt: skip


LAYER_KINDS: dict[str, LayerKind] = {
    entry.name: entry
    for entry in (
        LayerKind(
            "conv", Family.CONVOLUTION, "conv", "nn.Conv2d", _conv_arguments,
            label=_conv_label, tag=_conv_tag, glyph="taps",
        ),
        LayerKind(
            "linear", Family.LINEAR, "linear", "nn.Linear", _linear_arguments,
            label=_linear_label,
        ),
        LayerKind(
            "batch_norm", Family.NORM, "batch norm", "nn.BatchNorm2d",
            lambda layer: ((layer.out_channels,), {}), per_channel=2, replaces_bias=True, flat="batch_norm_flat",
        ),
        _flat_norm("batch_norm_flat", "batch norm", "nn.BatchNorm1d"),
        LayerKind(
            "group_norm", Family.NORM, "group norm", "nn.GroupNorm",
            lambda layer: ((layer.groups, layer.out_channels), {}), per_channel=2, replaces_bias=True,
            groups=_norm_groups, label=lambda layer, kernel: ("group norm", f"{layer.groups} groups"), flat="group_norm",
        ),
        _activation("relu", "ReLU", "nn.ReLU", idempotent=True),
        _activation("leaky_relu", "leaky ReLU", "nn.LeakyReLU"),
        _activation("silu", "SiLU", "nn.SiLU"),
        _activation("gelu", "GELU", "nn.GELU"),
        _activation("relu6", "ReLU6", "nn.ReLU6", idempotent=True),
        _activation("elu", "ELU", "nn.ELU"),
        _activation("selu", "SELU", "nn.SELU"),
        _activation("mish", "Mish", "nn.Mish"),
        _activation("hardswish", "hard swish", "nn.Hardswish"),
        _activation("tanh", "tanh", "nn.Tanh"),
        _activation("sigmoid", "sigmoid", "nn.Sigmoid"),
        _activation("softplus", "softplus", "nn.Softplus"),
        LayerKind(
            "layer_norm", Family.NORM, "layer norm", "nn.LayerNorm",
            lambda layer: (((layer.out_channels, layer.size, layer.size),), {}),
            per_channel=2, per_value=True, replaces_bias=True, flat="layer_norm_flat",
        ),
        _flat_norm("layer_norm_flat", "layer norm", "nn.LayerNorm"),
        LayerKind(
            "channel_norm", Family.NORM, "layer norm over channels", "ChannelNorm",
            lambda layer: ((layer.out_channels,), {}), per_channel=2, replaces_bias=True,
            flat="layer_norm_flat",
        ),
        LayerKind(
            "instance_norm", Family.NORM, "instance norm", "nn.InstanceNorm2d",
            lambda layer: ((layer.out_channels,), {}), replaces_bias=False,
        ),
        _dropout("dropout", "dropout", "nn.Dropout", flat="dropout"),
        _dropout("dropout2d", "channel dropout", "nn.Dropout2d", flat="dropout"),
        _pool("max_pool", "max-pool", "max", "nn.MaxPool2d"),
        _pool("avg_pool", "average pool", "avg", "nn.AvgPool2d"),
        _global_pool("global_avg_pool", "global average pool", "avg", "nn.AdaptiveAvgPool2d"),
        _global_pool("global_max_pool", "global max-pool", "max", "nn.AdaptiveMaxPool2d"),
        _join("add", "residual sum", "", "plus", "sum"),
        _join("concat", "concatenation", "", "with", "cat"),
    )
}  # fmt: skip


def names(family: Family) -> tuple[str, ...]:
    """The kinds of a family that a network may name, in the order of the table."""
    return tuple(e.name for e in LAYER_KINDS.values() if e.family is family and not e.name.endswith("_flat"))
