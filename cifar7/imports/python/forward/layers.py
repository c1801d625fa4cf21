"""torch's layers that are read: their arguments, the kind of call they are, and what they learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cifar7.imports.graph import learnt
from cifar7.imports.python.forward.signatures import Arguments, bind, signature
from cifar7.imports.python.values import Call, OutsideError, Value, described

SUPPORTED = (
    "read are Conv2d, Linear, BatchNorm, GroupNorm, InstanceNorm2d, LayerNorm, activations, dropout, "
    "max and average pools, Flatten, sums and torch.cat"
)
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
Maker = Callable[[Arguments], Call]


def _conv(a: Arguments) -> Call:
    given = a["in_channels"] if "in_channels" in a.bound else None
    lazy = given is None
    channels = 0 if lazy else a.whole("in_channels")
    out, groups, kernel, stride = (
        a.whole("out_channels"),
        a.whole("groups"),
        a.side("kernel_size"),
        a.side("stride"),
    )
    if channels % groups or out % groups:
        raise OutsideError(
            f"{a.what}: {groups} groups do not divide {channels} channels into {out}",
            "choose channels that are multiples of the groups",
        )
    padding: Any
    if isinstance(a["padding"], str):
        padding = {"same": "same", "valid": 0}.get(a["padding"], -1)
        if padding == -1 or (padding == "same" and stride > 1):
            raise OutsideError(
                f"padding={described(a['padding'])} of {a.what} with stride {stride} is refused by torch",
                'give a number, or "same" at stride 1',
            )
    else:
        padding = a.side("padding", 0)
    if a["padding_mode"] not in PADDING_MODES:
        raise OutsideError(
            f"padding_mode of {a.what} is {described(a['padding_mode'])}", f"one of {PADDING_MODES}"
        )
    settings = {
        "in_channels": channels, "out_channels": out, "kernel": kernel, "stride": stride, "padding": padding,
        "dilation": a.side("dilation"), "groups": groups, "bias": a.flag("bias"),
        "padding_mode": a["padding_mode"],
    }  # fmt: skip
    return Call("conv", settings, learnt("conv", settings), lazy=lazy)


def _linear(a: Arguments) -> Call:
    lazy = "in_features" not in a.bound
    features = 0 if lazy else a.whole("in_features")
    settings = {"in_features": features, "out_features": a.whole("out_features"), "bias": a.flag("bias")}
    return Call("linear", settings, learnt("linear", settings), lazy=lazy)


def _channels_norm(kind: str) -> Maker:
    def make(a: Arguments) -> Call:
        lazy = "num_features" not in a.bound
        channels = 0 if lazy else a.whole("num_features")
        settings = {"channels": channels, "affine": a.flag("affine")}
        return Call(kind, settings, learnt(kind, settings), lazy=lazy)

    return make


def _group_norm(a: Arguments) -> Call:
    groups, channels = a.whole("num_groups"), a.whole("num_channels")
    if channels % groups:
        raise OutsideError(f"{a.what}: {groups} groups do not divide {channels} channels", "choose a divisor")
    a.only("affine", True)
    return Call("group_norm", {"groups": groups, "channels": channels}, 2 * channels)


def _layer_norm(a: Arguments) -> Call:
    value = a["normalized_shape"]
    row = list(value) if isinstance(value, (list, tuple)) else [value]
    shape = tuple(Arguments(a.what, {"normalized_shape": item}).whole("normalized_shape") for item in row)
    if len(shape) not in (1, 3):
        raise OutsideError(
            f"{a.what} over {len(shape)} sides lies outside of what is read", "give (C,) or (C, H, W)"
        )
    a.only("elementwise_affine", True)
    a.only("bias", True)
    settings = {"shape": shape}
    return Call("layer_norm", settings, learnt("layer_norm", settings))


def _pool(kind: str) -> Maker:
    def make(a: Arguments) -> Call:
        if a.whole_map("kernel_size"):
            return Call(f"adaptive_{kind}", {"size": 1})
        kernel = a.side("kernel_size")
        stride = kernel if a["stride"] is None or a["stride"] in ((), []) else a.side("stride")
        padding = a.side("padding", 0)
        if 2 * padding > kernel:
            raise OutsideError(
                f"padding {padding} of {a.what} is more than half of its kernel {kernel}", "give less padding"
            )
        if kind == "max_pool":
            a.only("dilation", 1, (1, 1))
            a.only("return_indices", False)
        else:
            a.only("divisor_override", None)
            if padding:
                a.only("count_include_pad", True)
        settings = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": a.flag("ceil_mode")}
        return Call(kind, settings)

    return make


def _adaptive(kind: str) -> Maker:
    def make(a: Arguments) -> Call:
        if kind.endswith("max_pool"):
            a.only("return_indices", False)
        return Call(kind, {"size": a.side("output_size")})

    return make


def _activation(kind: str, **kept: Any) -> Maker:
    """`kept`: arguments that have to stay as they are."""

    def make(a: Arguments) -> Call:
        for name, value in kept.items():
            a.only(name, value, float(value)) if isinstance(value, int) else a.only(name, value)
        return Call(kind, {}, inplace="inplace" in a.bound and a.flag("inplace"))

    return make


def _leaky(a: Arguments) -> Call:
    return Call("leaky_relu", {"slope": a.number("negative_slope")}, inplace=a.flag("inplace"))


def _prelu(a: Arguments) -> Call:
    count = a.whole("num_parameters")
    return Call("prelu", {"parameters": count}, count)


def _dropout(kind: str) -> Maker:
    def make(a: Arguments) -> Call:
        return Call(kind, {"rate": a.number("p", 0, 1)}, inplace=a.flag("inplace"))

    return make


def _flatten(a: Arguments) -> Call:
    return Call("flatten", {"start": a["start_dim"], "end": a["end_dim"]})


def _softmax(kind: str) -> Maker:
    return lambda a: Call(kind, {"dim": a["dim"]})


_MAX = "kernel_size, stride=None, padding=0, dilation=1"
_AVG = "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None"
_CONV = (
    "out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', "
    "device=None, dtype=None"
)
_NORM = "eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None"
_INSTANCE = "eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, device=None, dtype=None"
_IN = "inplace=False"

_LAYERS: dict[str, tuple[str, Maker]] = {
    "Conv2d": (f"in_channels, {_CONV}", _conv),
    "LazyConv2d": (_CONV, _conv),
    "Linear": ("in_features, out_features, bias=True, device=None, dtype=None", _linear),
    "LazyLinear": ("out_features, bias=True, device=None, dtype=None", _linear),
    "BatchNorm2d": (f"num_features, {_NORM}", _channels_norm("batch_norm")),
    "BatchNorm1d": (f"num_features, {_NORM}", _channels_norm("batch_norm")),
    "LazyBatchNorm2d": (_NORM, _channels_norm("batch_norm")),
    "LazyBatchNorm1d": (_NORM, _channels_norm("batch_norm")),
    "InstanceNorm2d": (f"num_features, {_INSTANCE}", _channels_norm("instance_norm")),
    "GroupNorm": ("num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None", _group_norm),
    "LayerNorm": (
        "normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None",
        _layer_norm,
    ),
    "ReLU": (_IN, _activation("relu")),
    "ReLU6": (_IN, _activation("relu6")),
    "LeakyReLU": (f"negative_slope=0.01, {_IN}", _leaky),
    "ELU": (f"alpha=1.0, {_IN}", _activation("elu", alpha=1)),
    "SELU": (_IN, _activation("selu")),
    "SiLU": (_IN, _activation("silu")),
    "GELU": ("approximate='none'", _activation("gelu", approximate="none")),
    "Mish": (_IN, _activation("mish")),
    "Hardswish": (_IN, _activation("hardswish")),
    "Tanh": ("", _activation("tanh")),
    "Sigmoid": ("", _activation("sigmoid")),
    "Softplus": ("beta=1.0, threshold=20.0", _activation("softplus", beta=1, threshold=20)),
    "PReLU": ("num_parameters=1, init=0.25, device=None, dtype=None", _prelu),
    "Dropout": (f"p=0.5, {_IN}", _dropout("dropout")),
    "Dropout2d": (f"p=0.5, {_IN}", _dropout("dropout2d")),
    "MaxPool2d": (f"{_MAX}, return_indices=False, ceil_mode=False", _pool("max_pool")),
    "AvgPool2d": (_AVG, _pool("avg_pool")),
    "AdaptiveAvgPool2d": ("output_size", _adaptive("adaptive_avg_pool")),
    "AdaptiveMaxPool2d": ("output_size, return_indices=False", _adaptive("adaptive_max_pool")),
    "Flatten": ("start_dim=1, end_dim=-1", _flatten),
    "Softmax": ("dim=None", _softmax("softmax")),
    "Softmax2d": ("dim=1", _softmax("softmax")),
    "LogSoftmax": ("dim=None", _softmax("log_softmax")),
}  # fmt: skip

# F.name: the layer that does the same, and its arguments where their order is another.
_FUNCTIONS: dict[str, tuple[str, str | None]] = {
    "relu": ("ReLU", None), "relu6": ("ReLU6", None), "leaky_relu": ("LeakyReLU", None), "elu": ("ELU", None),
    "selu": ("SELU", None), "silu": ("SiLU", None), "gelu": ("GELU", None), "mish": ("Mish", None),
    "hardswish": ("Hardswish", None), "tanh": ("Tanh", None), "sigmoid": ("Sigmoid", None),
    "softplus": ("Softplus", None),
    "max_pool2d": ("MaxPool2d", f"{_MAX}, ceil_mode=False, return_indices=False"),
    "avg_pool2d": ("AvgPool2d", None), "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", None),
    "adaptive_max_pool2d": ("AdaptiveMaxPool2d", None),
    "softmax": ("Softmax", "dim=None, _stacklevel=3, dtype=None"),
    "log_softmax": ("LogSoftmax", "dim=None, _stacklevel=3, dtype=None"),
}  # fmt: skip

LAYERS = {name: (signature(text), maker) for name, (text, maker) in _LAYERS.items()}
FUNCTIONS = {
    name: (layer, signature(text) if text else LAYERS[layer][0]) for name, (layer, text) in _FUNCTIONS.items()
}


def layer(name: str, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> Call:
    """What nn.`name`(…) does when it is called."""
    names, make = LAYERS[name]
    what = f"nn.{name}"
    return make(Arguments(what, bind(what, names, arguments, keywords)))


def function(name: str, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> Call:
    """What F.`name`(x, …) does, from the arguments behind the map."""
    like, names = FUNCTIONS[name]
    what = f"F.{name}"
    return LAYERS[like][1](Arguments(what, bind(what, names, arguments, keywords)))
