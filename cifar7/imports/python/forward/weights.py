"""Layers with weights that are not read: what they learn, for those that are defined and never called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cifar7.imports.python.forward.layers import SUPPORTED
from cifar7.imports.python.forward.signatures import Arguments, bind, signature
from cifar7.imports.python.values import Call, OutsideError, Value


def _sides(a: Arguments, dimensions: int) -> int:
    value = a["kernel_size"]
    row = list(value) if isinstance(value, (list, tuple)) else [value] * dimensions
    count = 1
    for item in row:
        count *= Arguments(a.what, {"kernel_size": item}).whole("kernel_size")
    return count


def _conv(dimensions: int, transposed: bool = False) -> Callable[[Arguments], int]:
    def count(a: Arguments) -> int:
        sides, groups = _sides(a, dimensions), a.whole("groups")
        cin, cout = a.whole("in_channels"), a.whole("out_channels")
        weights = cin * (cout // groups) if transposed else cout * (cin // groups)
        return weights * sides + cout * a.flag("bias")

    return count


def _recurrent(gates: int) -> Callable[[Arguments], int]:
    def count(a: Arguments) -> int:
        hidden, layers, ways = a.whole("hidden_size"), a.whole("num_layers"), 1 + a.flag("bidirectional")
        total, width = 0, a.whole("input_size")
        for _ in range(min(layers, 1000)):
            total += ways * gates * hidden * (width + hidden + 2 * a.flag("bias"))
            width = ways * hidden
        return total

    return count


def _embedding(a: Arguments) -> int:
    return a.whole("num_embeddings") * a.whole("embedding_dim")


def _bilinear(a: Arguments) -> int:
    out = a.whole("out_features")
    return out * (a.whole("in1_features") * a.whole("in2_features") + a.flag("bias"))


def _attention(a: Arguments) -> int:
    width = a.whole("embed_dim")
    return 4 * width * width + 4 * width * a.flag("bias")


def _norm(a: Arguments) -> int:
    return 2 * a.whole("num_features") * a.flag("affine")


_CONV = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    "padding_mode='zeros', device=None, dtype=None"
)
_TRANSPOSED = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, "
    "dilation=1, padding_mode='zeros', device=None, dtype=None"
)
_RECURRENT = (
    "input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, "
    "device=None, dtype=None"
)
_NORM = "num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None"
_INSTANCE = _NORM.replace("affine=True, track_running_stats=True", "affine=False, track_running_stats=False")

_WEIGHTS: dict[str, tuple[str, Callable[[Arguments], int]]] = {
    "Conv1d": (_CONV, _conv(1)), "Conv3d": (_CONV, _conv(3)),
    "ConvTranspose1d": (_TRANSPOSED, _conv(1, True)), "ConvTranspose2d": (_TRANSPOSED, _conv(2, True)),
    "ConvTranspose3d": (_TRANSPOSED, _conv(3, True)),
    "LSTM": (_RECURRENT, _recurrent(4)), "GRU": (_RECURRENT, _recurrent(3)),
    "Embedding": ("num_embeddings, embedding_dim, padding_idx=None", _embedding),
    "Bilinear": ("in1_features, in2_features, out_features, bias=True", _bilinear),
    "MultiheadAttention": (
        "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, "
        "vdim=None, batch_first=False", _attention,
    ),
    "BatchNorm3d": (_NORM, _norm), "InstanceNorm1d": (_INSTANCE, _norm), "InstanceNorm3d": (_INSTANCE, _norm),
}  # fmt: skip
WEIGHTS = {name: (signature(text), count) for name, (text, count) in _WEIGHTS.items()}


def refused(name: str, arguments: Sequence[Value], keywords: Mapping[str, Any]) -> Call:
    """A layer that may be defined, but not called: with its weights, 0 where they cannot be told."""
    parameters = 0
    if name in WEIGHTS:
        names, count = WEIGHTS[name]
        try:
            parameters = count(Arguments(f"nn.{name}", bind(f"nn.{name}", names, arguments, keywords)))
        except OutsideError:
            parameters = 0
    return Call("", {}, parameters, refusal=(f"nn.{name} lies outside of what is read", SUPPORTED))
