"""What torch itself does when the text is run: the calls of a forward pass, to compare a graph with."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from cifar7.imports.graph import IMAGE, Graph, learnt

NAMES = {
    "__add__": "add", "__radd__": "add", "__iadd__": "add", "add_": "add", "cat": "concat",
    "max_pool2d": "max_pool", "boolean_dispatch": "max_pool", "avg_pool2d": "avg_pool",
    "adaptive_avg_pool2d": "adaptive_avg_pool", "conv2d": "conv", "relu_": "relu", "sigmoid_": "sigmoid",
    "hardtanh": "relu6",
}  # fmt: skip
PLAIN = {
    "relu", "relu6", "elu", "selu", "silu", "gelu", "mish", "hardswish", "tanh", "sigmoid", "softplus",
    "softmax", "log_softmax", "add", "concat",
}  # fmt: skip
SHAPES = {"view", "reshape", "flatten", "squeeze"}


class Calls(TorchFunctionMode):
    """Notes every call of a function of torch on a map."""

    def __init__(self, image: torch.Tensor) -> None:
        super().__init__()
        self.places: dict[int, int] = {id(image): IMAGE}
        self.kept = [image]
        self.calls: list[tuple[str, tuple[int, ...], dict[str, Any]]] = []
        self.border = ("zeros", 0)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = args[0] if args else kwargs.get("input", kwargs.get("tensors"))
        parts = list(given) if isinstance(given, (list, tuple)) else [given, *args[1:2]]
        inputs = tuple(
            self.places[id(p)] for p in parts if isinstance(p, torch.Tensor) and id(p) in self.places
        )
        before = given.shape if isinstance(given, torch.Tensor) else None
        out = func(*args, **kwargs)
        if not inputs or not isinstance(out, torch.Tensor):
            return out
        self.kept.append(out)
        name = NAMES.get(func.__name__, func.__name__)
        self.note(name, inputs, before, args, kwargs, out)
        return out

    def put(self, kind: str, inputs: tuple[int, ...], settings: dict[str, Any], out: torch.Tensor) -> None:
        self.calls.append((kind, inputs, settings))
        self.places[id(out)] = len(self.calls) - 1

    def note(self, name, inputs, before, args, kwargs, out) -> None:
        def get(at: int, word: str, default: Any = None) -> Any:
            return args[at] if len(args) > at else kwargs.get(word, default)

        if name == "__getitem__" and out.ndim == 2:
            self.put("flatten", inputs, {}, out)
        elif name in SHAPES or name in ("mean", "amax"):
            if name in ("mean", "amax") and (
                len(before) == 3 or len(before) - out.ndim == 2 or out.shape[2:] == (1, 1)
            ):
                kind = "adaptive_avg_pool" if name == "mean" else "adaptive_max_pool"
                self.put(kind, inputs, {"size": 1}, out)
                inputs = (len(self.calls) - 1,)
            if len(before) > 2 and out.ndim == 2:
                self.put("flatten", inputs, {}, out)
            elif id(out) not in self.places:
                self.places[id(out)] = inputs[0]
        elif name == "pad":
            self.border = (get(2, "mode"), get(1, "pad")[0])
            self.places[id(out)] = inputs[0]
        elif name == "conv":
            weight, groups = get(1, "weight"), get(6, "groups", 1)
            padding = get(4, "padding", 0)
            border = ("zeros", padding if padding == "same" else 0 if padding == "valid" else one(padding))
            if self.border[0] != "zeros":
                border, self.border = self.border, ("zeros", 0)
            self.put("conv", inputs[:1], {
                "in_channels": weight.shape[1] * groups, "out_channels": weight.shape[0],
                "kernel": weight.shape[2], "stride": one(get(3, "stride")), "padding": border[1],
                "dilation": one(get(5, "dilation")), "groups": groups, "bias": get(2, "bias") is not None,
                "padding_mode": border[0],
            }, out)  # fmt: skip
        elif name == "linear":
            rows, columns = get(1, "weight").shape
            self.put(name, inputs[:1], {
                "in_features": columns, "out_features": rows, "bias": get(2, "bias") is not None,
            }, out)  # fmt: skip
        elif name == "batch_norm" or name == "instance_norm":
            self.put(name, inputs[:1], {"channels": before[1], "affine": get(3, "weight") is not None}, out)
        elif name == "group_norm":
            self.put(name, inputs[:1], {"groups": get(1, "num_groups"), "channels": before[1]}, out)
        elif name == "layer_norm":
            shape = tuple(get(1, "normalized_shape"))
            behind = len(before) == 4 and len(shape) == 1
            self.put("channel_norm" if behind else name, inputs[:1],
                     {"channels": shape[0]} if behind else {"shape": shape}, out)  # fmt: skip
        elif name in ("dropout", "dropout2d"):
            self.put(name, inputs, {"rate": get(1, "p", 0.5)}, out)
        elif name == "leaky_relu":
            self.put(name, inputs, {"slope": get(1, "negative_slope", 0.01)}, out)
        elif name == "prelu":
            self.put(name, inputs[:1], {"parameters": get(1, "weight").numel()}, out)
        elif name in ("max_pool", "avg_pool"):
            kernel = one(get(1, "kernel_size"))
            ceil_at = 5 if name == "max_pool" else 4
            if before[2:] == (kernel, kernel) and out.shape[2:] == (1, 1) and self.global_sizes:
                self.put(f"adaptive_{name}", inputs, {"size": 1}, out)
                return
            self.put(name, inputs, {
                "kernel": kernel, "stride": one(get(2, "stride") or kernel),
                "padding": one(get(3, "padding", 0)),
                "ceil": get(ceil_at, "ceil_mode", False),
            }, out)  # fmt: skip
        elif name in ("adaptive_avg_pool", "adaptive_max_pool", "adaptive_max_pool2d"):
            self.put(name.removesuffix("2d"), inputs, {"size": one(get(1, "output_size"))}, out)
        elif name in ("add", "concat") and len(inputs) == 1:
            self.places[id(out)] = inputs[0]  # 0 + x, as sum() begins; one map alone
        elif name in PLAIN:
            self.put(name, inputs, {}, out)
        elif name in ("permute", "contiguous", "movedim", "float", "to") or name == "clone":
            self.places[id(out)] = inputs[0]
        elif "__" not in name:
            raise AssertionError(f"the witness does not know {name}")

    global_sizes = False  # whether a pool over the whole map is written with x.size()


def one(value: Any) -> Any:
    """The side of a square."""
    return value[0] if isinstance(value, (tuple, list)) else value


def executed(text: str) -> nn.Module:
    """The network that Python makes of the text: `model`, or the last class of the text without arguments."""
    names: dict[str, Any] = {"__name__": "student"}
    exec(compile(text, "student", "exec", dont_inherit=True), names)
    if isinstance(names.get("model"), nn.Module):
        return names["model"]
    return next(v for v in reversed(names.values()) if isinstance(v, type) and issubclass(v, nn.Module))()


def compare(text: str, graph: Graph, side: int = 32) -> None:
    """Hold the graph against what torch does: kinds, wiring, settings, names and parameters."""
    network = executed(text).eval()
    image = torch.zeros(2, 3, side, side)
    calls = Calls(image)
    calls.global_sizes = (
        "x.size()[2:]" in text or "x.size(2)" in text or "x.shape[-" in text or "shape[2:]" in text
    )
    with torch.no_grad(), calls:
        network(image)
    mine = [(n.kind, n.inputs, dict(n.settings)) for n in graph.nodes]
    assert [c[0] for c in calls.calls] == [m[0] for m in mine]
    for theirs, own in zip(calls.calls, mine):
        if own[0] == "conv" and own[2]["padding"] == "same" and theirs[2]["padding"] != "same":
            assert theirs[2]["padding_mode"] != "zeros"  # then torch fills the border before
            own[2]["padding"] = theirs[2]["padding"]
        assert theirs == own
    modules = dict(network.named_modules())
    named = {n.name: learnt(n.kind, n.settings) for n in graph.nodes if n.name}
    assert set(named) <= set(modules)
    assert sum(named.values()) + sum(u.parameters for u in graph.unused) == sum(
        p.numel() for p in network.parameters()
    )
    for name, count in named.items():
        assert count == sum(p.numel() for p in modules[name].parameters())
    assert all(n.line > 0 for n in graph.nodes)
