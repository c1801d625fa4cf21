"""What stands in the brackets of a printed layer, as settings: "Conv2d(3, 32, kernel_size=(3, 3), …)"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cifar7.imports.graph import UnreadableError

Arguments = tuple[list[Any], dict[str, Any]]
LARGEST = 1_000_000  # of a whole number in a layer: more is no network that anybody trains
SUPPORTED = "convolutions in 2D, linear layers, norms, pools, activations and dropout are read"


def literal(text: str) -> Any:
    """A printed value: a number, a truth, nothing, a tuple of them; else its text."""
    text = text.strip()
    if text.startswith(("(", "[")) and text.endswith((")", "]")):
        return tuple(literal(piece) for piece in pieces(text[1:-1]) if piece.strip())
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    if re.fullmatch(r"-?\d{1,12}", text):
        return int(text)
    if re.fullmatch(r"-?(\d{1,12}\.?\d{0,20}|\.\d{1,20})(e[+-]?\d{1,3})?", text):
        return float(text)
    return text.strip("'\"")


def pieces(text: str) -> list[str]:
    """Split at the commas that stand in no brackets."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def arguments(text: str, line: int) -> Arguments:
    """Values by place, and by name."""
    if text.count("(") > 20:
        raise UnreadableError(
            f"line {line}: brackets within brackets", f"print(model) writes none; {SUPPORTED}"
        )
    places, names = [], {}
    for piece in pieces(text):
        if not piece.strip():
            continue
        name, equals, value = piece.partition("=")
        if equals and re.fullmatch(r"\s*\w+\s*", name):
            names[name.strip()] = literal(value)
        else:
            places.append(literal(piece))
    return places, names


def whole(value: Any, what: str, line: int, least: int = 0) -> int:
    """A whole number in its range."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise UnreadableError(
            f"line {line}: {what} is {value!r}", f"a whole number from {least} on stands there"
        )
    return value


def square(value: Any, what: str, line: int, least: int = 0) -> int:
    """The side of a square: 3 or (3, 3)."""
    if isinstance(value, tuple):
        if len(value) == 2 and value[0] != value[1]:
            raise UnreadableError(
                f"line {line}: {what} {value[0]}×{value[1]} is not square",
                f"only a square {what} can be read, such as {max(map(str, value))}×{max(map(str, value))}",
            )
        value = value[0] if value else None
    return whole(value, what, line, least)


def rate(value: Any, what: str, line: int) -> float:
    """A number such as the p of a dropout."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise UnreadableError(f"line {line}: {what} is {value!r}", "a number stands there")
    return float(value)


def _at(given: Arguments, place: int, name: str, default: Any = None) -> Any:
    places, names = given
    return names.get(name, places[place] if place < len(places) else default)


def _conv(given: Arguments, line: int) -> dict[str, Any]:
    names = given[1]
    padding, mode = names.get("padding", 0), names.get("padding_mode", "zeros")
    if "output_padding" in names:
        raise UnreadableError(f"line {line}: a transposed convolution cannot be read", SUPPORTED)
    if mode not in ("zeros", "reflect", "replicate", "circular"):
        raise UnreadableError(
            f"line {line}: padding_mode is {mode!r}", "zeros, reflect, replicate and circular are"
        )
    if padding == "valid":
        padding = 0
    settings = {
        "in_channels": whole(_at(given, 0, "in_channels"), "in_channels", line, 1),
        "out_channels": whole(_at(given, 1, "out_channels"), "out_channels", line, 1),
        "kernel": square(_at(given, 2, "kernel_size"), "kernel", line, 1),
        "stride": square(_at(given, 3, "stride", 1), "stride", line, 1),
        "padding": padding if padding == "same" else square(padding, "padding", line),
        "dilation": square(names.get("dilation", 1), "dilation", line, 1),
        "groups": whole(names.get("groups", 1), "groups", line, 1),
        "bias": bool(names.get("bias", True)),
        "padding_mode": mode,
    }
    if settings["in_channels"] % settings["groups"] or settings["out_channels"] % settings["groups"]:
        raise UnreadableError(
            f"line {line}: {settings['groups']} groups do not divide {settings['in_channels']} into "
            f"{settings['out_channels']} channels",
            "the number of groups divides both",
        )
    return settings


def _linear(given: Arguments, line: int) -> dict[str, Any]:
    return {
        "in_features": whole(_at(given, 0, "in_features"), "in_features", line, 1),
        "out_features": whole(_at(given, 1, "out_features"), "out_features", line, 1),
        "bias": bool(given[1].get("bias", True)),
    }


def _norm(affine: bool) -> Callable[[Arguments, int], dict[str, Any]]:
    def read(given: Arguments, line: int) -> dict[str, Any]:
        return {
            "channels": whole(_at(given, 0, "num_features"), "num_features", line, 1),
            "affine": bool(given[1].get("affine", affine)),
        }

    return read


def _group_norm(given: Arguments, line: int) -> dict[str, Any]:
    groups = whole(_at(given, 0, "num_groups"), "num_groups", line, 1)
    channels = whole(_at(given, 1, "num_channels"), "num_channels", line, 1)
    if channels % groups:
        raise UnreadableError(
            f"line {line}: {groups} groups of {channels} channels", "the groups divide the channels"
        )
    return {"groups": groups, "channels": channels}


def _layer_norm(given: Arguments, line: int) -> dict[str, Any]:
    shape = _at(given, 0, "normalized_shape")
    sides = shape if isinstance(shape, tuple) else (shape,)
    return {"shape": tuple(whole(side, "normalized_shape", line, 1) for side in sides)}


def _channel_norm(given: Arguments, line: int) -> dict[str, Any]:
    return {"channels": _layer_norm(given, line)["shape"][0]}


def _pool(given: Arguments, line: int) -> dict[str, Any]:
    names = given[1]
    kernel = square(_at(given, 0, "kernel_size"), "kernel", line, 1)
    if square(names.get("dilation", 1), "dilation", line, 1) != 1:
        raise UnreadableError(f"line {line}: a pool with dilation cannot be read", "pools have dilation 1")
    stride = _at(given, 1, "stride")
    return {
        "kernel": kernel,
        "stride": kernel if stride is None else square(stride, "stride", line, 1),
        "padding": square(names.get("padding", 0), "padding", line),
        "ceil": bool(names.get("ceil_mode", False)),
    }


def _adaptive(given: Arguments, line: int) -> dict[str, Any]:
    return {"size": square(_at(given, 0, "output_size"), "size", line, 1)}


def _none(given: Arguments, line: int) -> dict[str, Any]:
    return {}


def _dropout(given: Arguments, line: int) -> dict[str, Any]:
    return {"rate": rate(_at(given, 0, "p", 0.5), "p", line)}


def _leaky(given: Arguments, line: int) -> dict[str, Any]:
    return {"slope": rate(_at(given, 0, "negative_slope", 0.01), "negative_slope", line)}


def _prelu(given: Arguments, line: int) -> dict[str, Any]:
    return {"parameters": whole(_at(given, 0, "num_parameters", 1), "num_parameters", line, 1)}


# Class as it prints itself: kind of call, and what reads its brackets.
LAYERS: Mapping[str, tuple[str, Callable[[Arguments, int], dict[str, Any]]]] = {
    "Conv2d": ("conv", _conv), "Linear": ("linear", _linear),
    "BatchNorm2d": ("batch_norm", _norm(True)), "BatchNorm1d": ("batch_norm", _norm(True)),
    "SyncBatchNorm": ("batch_norm", _norm(True)), "InstanceNorm2d": ("instance_norm", _norm(False)),
    "GroupNorm": ("group_norm", _group_norm), "LayerNorm": ("layer_norm", _layer_norm),
    "ChannelNorm": ("channel_norm", _channel_norm), "LayerNorm2d": ("channel_norm", _channel_norm),
    "ReLU": ("relu", _none), "ReLU6": ("relu6", _none), "LeakyReLU": ("leaky_relu", _leaky),
    "ELU": ("elu", _none), "SELU": ("selu", _none), "SiLU": ("silu", _none), "GELU": ("gelu", _none),
    "Mish": ("mish", _none), "Hardswish": ("hardswish", _none), "Tanh": ("tanh", _none),
    "Sigmoid": ("sigmoid", _none), "Softplus": ("softplus", _none), "PReLU": ("prelu", _prelu),
    "Dropout": ("dropout", _dropout), "Dropout1d": ("dropout", _dropout),
    "Dropout2d": ("dropout2d", _dropout),
    "MaxPool2d": ("max_pool", _pool), "AvgPool2d": ("avg_pool", _pool),
    "AdaptiveAvgPool2d": ("adaptive_avg_pool", _adaptive),
    "AdaptiveMaxPool2d": ("adaptive_max_pool", _adaptive),
    "Flatten": ("flatten", _none), "Softmax": ("softmax", _none), "LogSoftmax": ("log_softmax", _none),
    "Softmax2d": ("softmax", _none),
}  # fmt: skip
# These leave no trace in a forward pass.
NOTHING = re.compile(r"Identity|\w*Loss|\w*Accuracy|QuantStub|DeQuantStub")
# Layers of torch that compute what the vocabulary has no word for.
OTHER = re.compile(
    r"(Lazy)?Conv(Transpose)?[123]d|Lazy\w+|\w*Pool[123]d|\w*Norm[123]?d?|LPPool\w*|\w*Pad[123]d|Upsample\w*|"
    r"Unflatten|Fold|Unfold|Pixel(Un)?[Ss]huffle|ChannelShuffle|Bilinear|Embedding\w*|RNN|LSTM|GRU|\w+Cell|"
    r"MultiheadAttention|Transformer\w*|GLU|CELU|RReLU|Hardtanh|Hardsigmoid|Hardshrink|Softshrink|Softsign|"
    r"Tanhshrink|Threshold|LogSigmoid|Softmin|AlphaDropout|FeatureAlphaDropout|Dropout3d"
)


def layer(type_: str, inside: str, line: int) -> tuple[str, dict[str, Any]] | None:
    """Kind and settings of a printed layer; None for a class that torch does not have."""
    if type_ in LAYERS:
        kind, read = LAYERS[type_]
        return kind, read(arguments(inside, line), line)
    if OTHER.fullmatch(type_):
        raise UnreadableError(f"line {line}: {type_} cannot be read", SUPPORTED)
    return None
