"""The table of layers. A new activation or normalisation is one more entry: a network may then name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cifar7.network.kinds.kind import Arguments, Family, LayerKind, square

if TYPE_CHECKING:
    from cifar7.network.kinds.layer import Layer


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
    return LayerKind(
        name, Family.ACTIVATION, title, module, idempotent=idempotent, tag=lambda layer, kernel: ("act", "")
    )


def _dropout(name: str, title: str, module: str, flat: str = "") -> LayerKind:
    return LayerKind(
        name, Family.DROPOUT, title, module, lambda layer: ((layer.rate,), {}), flat=flat,
        label=lambda layer, kernel: (f"{title} {layer.rate:g}",), tag=lambda layer, kernel: ("drop", ""),
    )  # fmt: skip


def _join(name: str, title: str, module: str, verb: str, short: str) -> LayerKind:
    return LayerKind(
        name, Family.JOIN, title, module, glyph="sum" if name == "add" else "stack",
        label=lambda layer, kernel: (title, f"{verb} the {layer.role}"),
        tag=lambda layer, kernel: (short, ""),
    )  # fmt: skip


def _linear_label(layer: Layer, kernel: int) -> tuple[str, ...]:
    return ("linear to the classes",) if layer.role == "classifier" else ("linear",)


def _norm_tag(layer: Layer, kernel: int) -> tuple[str, str]:
    return "norm", ""


def _flat_norm(name: str, title: str, module: str) -> LayerKind:
    """What a normalisation is behind a linear layer."""
    return LayerKind(
        name, Family.NORM, title, module, lambda layer: ((layer.out_channels,), {}), per_channel=2,
        replaces_bias=True, tag=_norm_tag,
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
            lambda layer: ((layer.out_channels,), {}), per_channel=2, replaces_bias=True,
            flat="batch_norm_flat", tag=_norm_tag,
        ),
        _flat_norm("batch_norm_flat", "batch norm", "nn.BatchNorm1d"),
        LayerKind(
            "group_norm", Family.NORM, "group norm", "nn.GroupNorm",
            lambda layer: ((layer.groups, layer.out_channels), {}), per_channel=2, replaces_bias=True,
            groups=_norm_groups, label=lambda layer, kernel: ("group norm", f"{layer.groups} groups"),
            flat="group_norm", tag=_norm_tag,
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
            per_channel=2, per_value=True, replaces_bias=True, flat="layer_norm_flat", tag=_norm_tag,
        ),
        _flat_norm("layer_norm_flat", "layer norm", "nn.LayerNorm"),
        LayerKind(
            "channel_norm", Family.NORM, "layer norm over channels", "ChannelNorm",
            lambda layer: ((layer.out_channels,), {}), per_channel=2, replaces_bias=True,
            flat="layer_norm_flat", tag=_norm_tag,
        ),
        LayerKind(
            "instance_norm", Family.NORM, "instance norm", "nn.InstanceNorm2d",
            lambda layer: ((layer.out_channels,), {}), replaces_bias=False, tag=_norm_tag,
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
