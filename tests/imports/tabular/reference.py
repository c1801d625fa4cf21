"""What a module calls, by torch's own tracer: to hold a reading against."""

from __future__ import annotations

import importlib.util
import operator
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn
from where import ROOT

NETWORKS = ROOT.parent / "shared" / "cases" / "networks"
NAMES = sorted(path.name.split(".")[0] for path in NETWORKS.glob("s*_*.py"))

KINDS = {
    nn.Conv2d: "conv", nn.Linear: "linear", nn.BatchNorm2d: "batch_norm", nn.BatchNorm1d: "batch_norm",
    nn.GroupNorm: "group_norm", nn.InstanceNorm2d: "instance_norm", nn.LayerNorm: "layer_norm",
    nn.ReLU: "relu", nn.LeakyReLU: "leaky_relu", nn.SiLU: "silu", nn.GELU: "gelu", nn.ELU: "elu",
    nn.Tanh: "tanh", nn.Sigmoid: "sigmoid", nn.PReLU: "prelu", nn.Dropout: "dropout",
    nn.Dropout2d: "dropout2d", nn.MaxPool2d: "max_pool", nn.AvgPool2d: "avg_pool",
    nn.AdaptiveAvgPool2d: "adaptive_avg_pool", nn.AdaptiveMaxPool2d: "adaptive_max_pool",
    nn.Flatten: "flatten", nn.Softmax: "softmax", nn.LogSoftmax: "log_softmax",
}  # fmt: skip
SUMS, CONCATS = (operator.add, torch.add, operator.iadd), (torch.cat, torch.concat)
Call = tuple[str, dict[str, Any], tuple[int, ...]]


def network(name: str) -> nn.Module:
    """One of the shared networks, built; the last class of its file."""
    spec = importlib.util.spec_from_file_location(name, NETWORKS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    classes = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, nn.Module)]
    return [one for one in classes if one.__module__ == name][-1]().eval()


def text(name: str, kind: str) -> str:
    return Path(NETWORKS / f"{name}.{kind}.txt").read_text()


def side(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


def settings(layer: nn.Module) -> dict[str, Any]:
    """Of a layer, from its attributes."""
    match layer:
        case nn.Conv2d():
            return {
                "in_channels": layer.in_channels, "out_channels": layer.out_channels,
                "kernel": side(layer.kernel_size), "stride": side(layer.stride),
                "padding": side(layer.padding), "dilation": side(layer.dilation), "groups": layer.groups,
                "bias": layer.bias is not None, "padding_mode": layer.padding_mode,
            }  # fmt: skip
        case nn.Linear():
            shape = {"in_features": layer.in_features, "out_features": layer.out_features}
            return {**shape, "bias": layer.bias is not None}
        case nn.BatchNorm2d() | nn.BatchNorm1d() | nn.InstanceNorm2d():
            return {"channels": layer.num_features, "affine": layer.affine}
        case nn.GroupNorm():
            return {"groups": layer.num_groups, "channels": layer.num_channels}
        case nn.LayerNorm():
            return {"shape": tuple(layer.normalized_shape)}
        case nn.Dropout() | nn.Dropout2d():
            return {"rate": layer.p}
        case nn.LeakyReLU():
            return {"slope": layer.negative_slope}
        case nn.PReLU():
            return {"parameters": layer.num_parameters}
        case nn.MaxPool2d() | nn.AvgPool2d():
            window = {"kernel": side(layer.kernel_size), "stride": side(layer.stride)}
            return {**window, "padding": side(layer.padding), "ceil": layer.ceil_mode}
        case nn.AdaptiveAvgPool2d() | nn.AdaptiveMaxPool2d():
            return {"size": side(layer.output_size)}
    return {}


def called(model: nn.Module) -> list[Call]:
    """Layers, sums and concatenations in the order of their calls; other functions are passed through."""
    traced = fx.symbolic_trace(model)
    modules = dict(traced.named_modules())
    calls: list[Call] = []
    place: dict[fx.Node, int] = {}
    for node in traced.graph.nodes:
        inputs = [one for one in node.all_input_nodes if one in place]
        if node.op == "placeholder":
            place[node] = -1
        elif node.op == "call_module" and not isinstance(modules[node.target], nn.Identity):
            layer = modules[node.target]
            calls.append((KINDS[type(layer)], settings(layer), (place[inputs[0]],)))
            place[node] = len(calls) - 1
        elif node.op == "call_function" and node.target in SUMS + CONCATS and len(inputs) > 1:
            kind = "add" if node.target in SUMS else "concat"
            calls.append((kind, {}, tuple(sorted(place[one] for one in inputs))))
            place[node] = len(calls) - 1
        elif inputs:
            place[node] = place[inputs[0]]
    return calls


def shown(graph: Any) -> list[Call]:
    """Of a reading the same: without the functions that it put in itself, which stand on no line."""
    calls: list[Call] = []
    place = {-1: -1}
    for at, node in enumerate(graph.nodes):
        inputs = tuple(sorted(place[one] for one in node.inputs))
        if node.line == 0 and node.kind not in ("add", "concat"):
            place[at] = inputs[0]
            continue
        calls.append((node.kind, dict(node.settings), inputs))
        place[at] = len(calls) - 1
    return calls


def printed(calls: list[Call]) -> list[Call]:
    """What print tells: of an average pool not its ceil_mode."""
    return [
        (kind, {name: value for name, value in given.items() if (kind, name) != ("avg_pool", "ceil")}, inputs)
        for kind, given, inputs in calls
    ]


UNTOLD = ("padding_mode", "rate", "slope")  # by a table


def plain(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a table can tell: dilation of a 1x1 convolution has no effect."""
    found = {name: value for name, value in given.items() if name not in (*UNTOLD, "alternatives")}
    if kind == "conv" and found["kernel"] == 1:
        found["dilation"] = 1
    if kind == "conv" and found["padding"] == "same" and found["dilation"] * (found["kernel"] - 1) % 2 == 0:
        found["padding"] = found["dilation"] * (found["kernel"] - 1) // 2
    return found


def allows(reading: list[Call], truth: list[Call]) -> bool:
    """Whether a reading of a table is the truth, or has it among its alternatives."""
    if [(kind, inputs) for kind, _, inputs in reading] != [(kind, inputs) for kind, _, inputs in truth]:
        return False
    return all(fits(kind, mine, true) for (kind, mine, _), (_, true, _) in zip(reading, truth))


def fits(kind: str, mine: dict[str, Any], true: dict[str, Any]) -> bool:
    wanted = plain(kind, true)
    found = [plain(kind, one) for one in (mine, *mine.get("alternatives", ()))]
    if wanted in found:
        return True
    # Where the window fits, ceil_mode changes nothing.
    return "ceil" in wanted and wanted["ceil"] and {**wanted, "ceil": False} in found
