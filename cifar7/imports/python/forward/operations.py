"""What may be done with a map in forward: functions of torch and F, and methods of tensors, in one table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cifar7.imports.python import plain
from cifar7.imports.python.forward import layers, shapes
from cifar7.imports.python.forward.signatures import Arguments, bind, signature
from cifar7.imports.python.values import Map, OutsideError, Training, Value, described

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

Operation = Callable[["Machine", Map, list[Value], dict[str, Value], int], Value]
HOW = "read are layers, activations, pools, dropout, sums, torch.cat, flatten and view"
UNCHANGED = (
    "contiguous",
    "to",
    "cuda",
    "cpu",
    "float",
    "type",
    "clone",
    "requires_grad_",
    "identity",
    "double",
    "half",
)


def operate(
    machine: Machine, name: str, arguments: Sequence[Value], keywords: Mapping[str, Value], line: int
) -> Value:
    """`torch.name(x, …)`, `F.name(x, …)` or `x.name(…)`."""
    row, named = list(arguments), dict(keywords)
    if name in ("cat", "concat", "concatenate"):
        return _concat(machine, row, named, line)
    for word in ("input", "self", "x"):
        if not row and word in named:
            row = [named.pop(word)]
    if not row or not isinstance(row[0], Map):
        raise OutsideError(
            f"{name} with a map as another than its first argument lies outside of what is read", HOW
        )
    if name in layers.FUNCTIONS or (name.endswith("_") and name[:-1] in layers.FUNCTIONS):
        return _function(machine, name, row, named, line)
    if name in UNCHANGED:
        return row[0] if name != "clone" else row[0].like(row[0].place)
    if name not in TABLE:
        raise OutsideError(f"{name} of a map lies outside of what is read", HOW)
    return TABLE[name](machine, row[0], row[1:], named, line)


def _function(machine: Machine, name: str, row: list[Value], named: dict[str, Value], line: int) -> Map:
    plain = name.rstrip("_")
    call = layers.function(plain, row[1:], named)
    call.inplace = call.inplace or name.endswith("_")
    return machine.tape.apply(call, row[0], "", line)


def _dropout(kind: str, in_place: bool = False) -> Operation:
    names = signature("p=0.5, training=True, inplace=False")

    def run(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
        what = f"F.{kind}"
        bound = bind(what, names, row, named)
        training = bound["training"]
        if training is False:
            return x
        if training is True:
            machine.tape.remark(
                "dropout-always-on",
                f"{what} without training=self.training drops out in evaluation as well; here it does not",
                line,
            )
        elif not isinstance(training, Training):
            raise OutsideError(f"training of {what} is {described(training)}", "write training=self.training")
        call = layers.layer(
            "Dropout" if kind == "dropout" else "Dropout2d", [bound["p"], bound["inplace"]], {}
        )
        call.inplace = call.inplace or in_place
        return machine.tape.apply(call, x, "", line)

    return run


def _add(in_place: bool) -> Operation:
    def run(machine: Machine, x: Map, row: list[Value], named: dict[str, Value], line: int) -> Map:
        a = Arguments("add", bind("add", signature("other, alpha=1"), row, named))
        a.only("alpha", 1, 1.0)
        return plus(machine, x, a["other"], line, in_place)

    return run


def binary(
    machine: Machine, kind: type[ast.operator], left: Value, right: Value, line: int, in_place: bool = False
) -> Value:
    """`left` op `right`, of maps or of plain data."""
    if isinstance(left, Map) or isinstance(right, Map):
        if kind is ast.Add:
            return plus(machine, left, right, line, in_place)
        sign = plain.ARITHMETIC.get(kind, ("@", None))[0]
        raise OutsideError(
            f"{described(left)} {sign} {described(right)} lies outside of what is read",
            "maps can be added or joined",
        )
    return plain.arithmetic(machine.budget, kind, left, right)


def plus(machine: Machine, left: Value, right: Value, line: int, in_place: bool = False) -> Map:
    """`left + right`, where one of them is a map."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Map) and isinstance(other, (int, float)) and other == 0:
            return one  # as sum() begins
    if not isinstance(left, Map) or not isinstance(right, Map):
        raise OutsideError(
            f"{described(left)} + {described(right)} lies outside of what is read", "add two maps"
        )
    made = machine.tape.join("add", [left, right], line)
    if in_place:
        left.place = made.place
        return left
    return made


def _concat(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Map:
    named = {{"axis": "dim", "inputs": "tensors"}.get(name, name): value for name, value in named.items()}
    bound = bind("torch.cat", signature("tensors, dim=0"), row, named)
    parts = bound["tensors"]
    if not isinstance(parts, (list, tuple)) or not parts or not all(isinstance(part, Map) for part in parts):
        raise OutsideError(
            "torch.cat of something else than maps lies outside of what is read", "give a list of maps"
        )
    axis = shapes.axis(bound["dim"], parts[0].form)
    if axis != 1:
        raise OutsideError(
            f"torch.cat along dim={described(bound['dim'])} lies outside of what is read",
            "join along dim=1, the channels",
        )
    if len(parts) == 1:
        return parts[0].like(parts[0].place)
    return machine.tape.join("concat", list(parts), line)


TABLE: dict[str, Operation] = {
    "dropout": _dropout("dropout"),
    "dropout_": _dropout("dropout", True),
    "dropout2d": _dropout("dropout2d"),
    "add": _add(False),
    "add_": _add(True),
    "flatten": shapes.flatten,
    "view": shapes.view,
    "reshape": shapes.view,
    "squeeze": shapes.squeeze,
    "mean": shapes.mean("adaptive_avg_pool"),
    "amax": shapes.mean("adaptive_max_pool"),
    "permute": shapes.permute,
    "transpose": shapes.transpose,
    "movedim": shapes.movedim,
    "size": shapes.size,
    "dim": shapes.dim,
    "ndimension": shapes.dim,
}
METHODS = {*TABLE, *UNCHANGED, *layers.FUNCTIONS, *(f"{name}_" for name in ("relu", "tanh", "sigmoid"))}
