"""The user's own file, executed, and its network traced by torch.fx: the one module that runs what it reads.

For networks that the reader of source cannot follow, with a file of one's own. No page uses it.
"""

from __future__ import annotations

import importlib.util
import operator
import sys
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn

from cifar7.imports.graph import IMAGE, Graph, Node, UnreadableError
from cifar7.imports.networks import Imported, imported
from cifar7.imports.tabular.printed_layers import layer

_FUNCTIONS = {
    operator.add: "add", operator.iadd: "add", torch.add: "add", torch.cat: "concat", torch.concat: "concat",
    torch.flatten: "flatten", nn.functional.log_softmax: "log_softmax", nn.functional.softmax: "softmax",
    torch.relu: "relu", nn.functional.relu: "relu", nn.functional.gelu: "gelu", nn.functional.silu: "silu",
    nn.functional.leaky_relu: "leaky_relu", nn.functional.elu: "elu", torch.tanh: "tanh",
    torch.sigmoid: "sigmoid", nn.functional.mish: "mish", nn.functional.hardswish: "hardswish",
}  # fmt: skip
_POOLS = {nn.functional.max_pool2d: "max_pool", nn.functional.avg_pool2d: "avg_pool"}
_METHODS = {
    "view": "flatten", "reshape": "flatten", "flatten": "flatten", "squeeze": "flatten", "relu": "relu",
    "add": "add", "add_": "add", "log_softmax": "log_softmax", "softmax": "softmax",
}  # fmt: skip
_IGNORED = ("size", "getattr", "getitem", "dim", "contiguous")  # they ask of a map and make none


def traced(path: Path, class_name: str = "") -> Imported:
    """The network of a Python file, which is executed. Raises UnreadableError where it cannot be traced."""
    module = _executed(path)
    network = _network(module, path, class_name)
    try:
        graph = fx.symbolic_trace(network.eval())
    except Exception as error:
        raise UnreadableError(
            f"{path}: torch.fx cannot trace it ({str(error)[:200]})",
            "leave out what depends on the values of a map.",
        ) from None
    return imported(_graph(graph, type(network).__name__))


def _executed(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("cifar7_imported", path)
    if spec is None or spec.loader is None:
        raise UnreadableError(f"{path}: is no Python file", "--run takes a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UnreadableError(
            f"{path}: running it ends with {error!r:.200}", "mend the file first."
        ) from None
    finally:
        sys.path.pop(0)
    return module


def _network(module: Any, path: Path, class_name: str) -> nn.Module:
    own = [x for x in vars(module).values() if isinstance(x, type) and x.__module__ == module.__name__]
    classes = [x for x in own if issubclass(x, nn.Module)]
    if class_name:
        classes = [x for x in classes if x.__name__ == class_name]
    if not classes:
        raise UnreadableError(f"{path}: has no class {class_name or 'of a network'}", "name one: FILE:CLASS.")
    try:
        network: nn.Module = classes[-1]()
    except Exception as error:
        name = classes[-1].__name__
        raise UnreadableError(
            f"{path}: {name}() ends with {error!r:.200}", "give its arguments defaults."
        ) from None
    return network


def _graph(traced_module: fx.GraphModule, name: str) -> Graph:
    nodes: list[Node] = []
    places: dict[fx.Node, int] = {}
    asked: set[fx.Node] = set()
    for node in traced_module.graph.nodes:
        given = [x for x in node.all_input_nodes if x not in asked]
        if node.op == "placeholder":
            if places:
                continue
            places[node] = IMAGE
        elif node.op == "output":
            last = places[given[0]]
            nodes = nodes[: last + 1]
        elif _name(node) in _IGNORED or (node.op == "call_function" and not given):
            asked.add(node)
        else:
            found = _call(node, traced_module)
            if found is None:
                places[node] = places[given[0]]
                continue
            kind, settings = found
            inputs = tuple(places[x] for x in given)
            if kind in ("add", "concat") and len(inputs) < 2:
                inputs *= 2
            nodes.append(Node(kind, inputs, settings, str(node.target) if node.op == "call_module" else ""))
            places[node] = len(nodes) - 1
    return Graph(name, tuple(nodes))


def _name(node: fx.Node) -> str:
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")


def _call(node: fx.Node, traced_module: fx.GraphModule) -> tuple[str, dict[str, Any]] | None:
    """Kind and settings of a call; None for one that changes nothing."""
    if node.op == "call_module":
        part = traced_module.get_submodule(str(node.target))
        kind, _, rest = repr(part).partition("(")
        if kind in ("Identity", "Dropout1d"):
            return None
        found = layer(kind, rest.removesuffix(")"), 0)
        if found is None:
            raise UnreadableError(
                f"{node.target}: {kind} is nothing that cifar7 knows", "take a layer that it knows."
            )
        return found
    if node.op == "call_method" and node.target in _METHODS:
        return _METHODS[str(node.target)], {}
    if node.op == "call_function":
        if node.target in _FUNCTIONS:
            return _FUNCTIONS[node.target], {}
        if node.target in _POOLS:
            kernel = _number(node, 1, "kernel_size", None)
            stride = _number(node, 2, "stride", kernel)
            return _POOLS[node.target], {"kernel": kernel, "stride": stride or kernel,
                                         "padding": _number(node, 3, "padding", 0)}  # fmt: skip
        if node.target is nn.functional.adaptive_avg_pool2d:
            return "adaptive_avg_pool", {"size": _number(node, 1, "output_size", 1)}
        if node.target is nn.functional.dropout:
            return "dropout", {
                "rate": float(str(node.args[1] if len(node.args) > 1 else node.kwargs.get("p", 0.5)))
            }
    if _name(node) == "mean":
        return "adaptive_avg_pool", {"size": 1}
    raise UnreadableError(
        f"{_name(node)} is nothing that cifar7 knows", "write it with the layers that it knows."
    )


def _number(node: fx.Node, place: int, name: str, default: Any) -> Any:
    value = node.args[place] if len(node.args) > place else node.kwargs.get(name, default)
    if isinstance(value, (tuple, list)):
        if len(set(value)) > 1:
            raise UnreadableError(f"{_name(node)} has {name} {tuple(value)}", "cifar7 takes square windows.")
        value = value[0]
    return value
