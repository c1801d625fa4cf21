"""Calls of what is not of the text: builtins, a little of Python's library, and torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cifar7.imports.python.builtin import BUILTINS
from cifar7.imports.python.forward import layers, modules, operations, parts
from cifar7.imports.python.forward.weights import refused
from cifar7.imports.python.library import LIBRARY
from cifar7.imports.python.values import (
    CONTAINERS,
    Known,
    OutsideError,
    Tensor,
    Thing,
    Unknown,
    Value,
    described,
    holds_map,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

WRAPPERS = (
    "torch.nn.DataParallel",
    "torch.nn.parallel.DistributedDataParallel",
    "torch.compile",
    "torch.jit.script",
)
TENSORS = ("zeros", "ones", "randn", "rand", "empty", "full", "tensor", "randint")
PACKAGES = (
    "torch", "math", "collections", "functools", "itertools", "dataclasses", "types", "typing", "copy", "abc",
    "operator", "enum", "numpy", "typing_extensions", "__future__",
)  # fmt: skip
FROM_FUNCTIONAL = (*layers.FUNCTIONS, "dropout", "dropout2d", "cross_entropy", "nll_loss")
FROM_NN = (
    *layers.LAYERS,
    *CONTAINERS,
    "Module",
    "Identity",
    "Parameter",
    "functional",
    "init",
    "CrossEntropyLoss",
)


def imported(package: str, name: str = "") -> Value:
    """What an import binds: a package, or `name` from it."""
    path = f"{package}.{name}" if name else package
    if package.split(".")[0] in PACKAGES:
        if path.startswith("torch.nn.modules."):
            path = f"torch.nn.{path.rpartition('.')[2]}"
        return Known("torch.nn.Parameter" if path == "torch.nn.parameter.Parameter" else path)
    what = f"{name} is imported from {package}" if name else f"{package} is imported"
    return Unknown(f"{what}, whose text is not here")


def call(machine: Machine, target: Known, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """`target(*row, **named)`."""
    path = target.path
    if path in BUILTINS:
        return BUILTINS[path](machine, row, named, line)
    if path in LIBRARY:
        return LIBRARY[path](machine, row, named, line)
    if path.startswith("torch.nn.") and not path.startswith(("torch.nn.functional.", "torch.nn.utils.")):
        made = _of_nn(machine, path, row, named, line)
        if made is not None:
            return made
    if path in WRAPPERS:
        return row[0] if row else next(iter(named.values()), None)
    if any(map(holds_map, [*row, *named.values()])):
        if not path.startswith("torch."):
            raise OutsideError(f"{path} of a map lies outside of what is read", operations.HOW)
        return operations.operate(machine, target.last, row, named, line)
    if path.startswith("torch."):
        name = target.last
        if name in TENSORS and path.count(".") == 1:
            shape = row[0] if len(row) == 1 and isinstance(row[0], (list, tuple)) else row
            known = name != "tensor" and all(type(side) is int and 0 <= side < 10**6 for side in shape)
            return Tensor(tuple(shape) if known else None)
        if path.startswith("torch.nn.init."):
            return row[0] if row else None
    return Unknown(f"what {described(target)} gives")


def _of_nn(machine: Machine, path: str, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """A new module of torch, or a method called by its class; None where it is neither."""
    name = path.removeprefix("torch.nn.")
    owner, _, method = name.partition(".")
    if method:
        if owner[:1].isupper() and row and isinstance(row[0], Thing):
            modules.call(machine, row[0], f"super.{method}", row[1:], named, line)
            return row[0] if method == "__init__" else Unknown(f"what nn.{name} gives")
        return None
    if name == "Parameter":
        value = row[0] if row else next(iter(named.values()), None)
        return Tensor(value.shape if isinstance(value, Tensor) else None, learnt=True)
    if name in CONTAINERS or name in ("Module", "Identity") or name in layers.LAYERS:
        thing = Thing(name, line)
        parts.base_init(machine, thing, row, named)
        machine.budget.spend()
        return thing
    if name[:1].isupper() and f"torch.nn.{name}" not in WRAPPERS:
        return Thing(name, line, call=refused(name, row, named))
    return None
