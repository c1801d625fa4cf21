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
    SUM = auto()  # the end of a residual connection


FOLLOWERS = (Family.NORM, Family.ACTIVATION, Family.DROPOUT)  # they keep the map and stand behind a weight


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network.

    `kind` names its entry in LAYER_KINDS; an `add` adds the input of the layer that stands `span` before it.

    `unit` counts the stage's units from 1, 0 for what belongs to no unit. A global pool's kernel is 0 here:
    it is as large as the map. `role` says what a convolution is for: depthwise, pointwise or classifier; and
    what an add adds: "input of unit 2".
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
    span: int = 0  # layers, of an add: how many the connection goes around
    role: str = ""
    head: bool = False  # the average pooling of stage O, before and with which the receptive field is given

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
    changed = {name: value for name, (value, default) in options.items() if value != default}
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
        return (layer.kernel,), {} if layer.stride == layer.kernel else {"stride": layer.stride}

    return LayerKind(
        name, Family.POOL, title, module, arguments,
        label=lambda layer, kernel: (f"{title} {square(kernel)}",),
        tag=lambda layer, kernel: (short, square(kernel)),
        glyph="square",
    )  # fmt: skip


def _activation(name: str, title: str, module: str, *, idempotent: bool = False) -> LayerKind:
    return LayerKind(name, Family.ACTIVATION, title, module, idempotent=idempotent)


LAYER_KINDS: dict[str, LayerKind] = {
    entry.name: entry
    for entry in (
        LayerKind(
            "conv", Family.CONVOLUTION, "conv", "nn.Conv2d", _conv_arguments,
            label=_conv_label, tag=_conv_tag, glyph="taps",
        ),
        LayerKind(
            "linear", Family.LINEAR, "linear", "nn.Linear", _linear_arguments,
            label=lambda layer, kernel: ("linear to the classes",),
        ),
        LayerKind(
            "batch_norm", Family.NORM, "batch norm", "nn.BatchNorm2d",
            lambda layer: ((layer.out_channels,), {}), per_channel=2, replaces_bias=True,
        ),
        LayerKind(
            "group_norm", Family.NORM, "group norm", "nn.GroupNorm",
            lambda layer: ((layer.groups, layer.out_channels), {}), per_channel=2, replaces_bias=True,
            groups=_norm_groups, label=lambda layer, kernel: ("group norm", f"{layer.groups} groups"),
        ),
        _activation("relu", "ReLU", "nn.ReLU", idempotent=True),
        _activation("leaky_relu", "leaky ReLU", "nn.LeakyReLU"),
        _activation("silu", "SiLU", "nn.SiLU"),
        _activation("gelu", "GELU", "nn.GELU"),
        LayerKind(
            "dropout", Family.DROPOUT, "dropout", "nn.Dropout", lambda layer: ((layer.rate,), {}),
            label=lambda layer, kernel: (f"dropout {layer.rate:g}",),
        ),
        _pool("max_pool", "max-pool", "max", "nn.MaxPool2d"),
        _pool("avg_pool", "average pool", "avg", "nn.AvgPool2d"),
        LayerKind(
            "global_avg_pool", Family.POOL, "global average pool", "nn.AdaptiveAvgPool2d",
            lambda layer: ((1,), {}), tag=lambda layer, kernel: ("avg", square(kernel)), glyph="square",
            whole_map=True,
        ),
        LayerKind(
            "add", Family.SUM, "residual sum", "", glyph="sum",
            label=lambda layer, kernel: ("residual sum", f"plus the {layer.role}"),
            tag=lambda layer, kernel: ("sum", ""),
        ),
    )
}  # fmt: skip


def names(family: Family) -> tuple[str, ...]:
    """The kinds of a family, in the order of the table."""
    return tuple(entry.name for entry in LAYER_KINDS.values() if entry.family is family)
