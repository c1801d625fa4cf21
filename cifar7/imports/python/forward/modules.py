"""The methods of an nn.Module and of torch's containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cifar7.imports.python.forward import parts
from cifar7.imports.python.forward.signatures import bind, signature
from cifar7.imports.python.values import (
    CONTAINERS,
    Ignored,
    OutsideError,
    Tensor,
    Thing,
    Unknown,
    Value,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

Run = Callable[["Machine", Thing, list[Value], dict[str, Value], int], Value]


def _itself(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return me


def _nothing(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> None:
    return None


def _ignored(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return Ignored()


def _unknown(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return Unknown("the learnt values of a module")


def _add_module(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> None:
    bound = bind("add_module", signature("name, module"), row, named)
    if not isinstance(bound["name"], str):
        raise OutsideError(f"the name of a module is {described(bound['name'])}", "give a string")
    parts.put(machine, me, bound["name"], bound["module"])


def _append(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    parts.fill(machine, me, [*row, *named.values()])
    return me


def _extend(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    for value in (*row, *named.values()):
        parts.fill(machine, me, value)
    return me


def _insert(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    items = list(me.items().values())
    items.insert(*row)
    for name in list(me.parts):
        parts.remove(me, name)
    parts.fill(machine, me, items)
    return me


def _forward(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return parts.base_forward(machine, me, row, named, line)


def _init(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> None:
    parts.base_init(machine, me, row, named)


def _children(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return machine.budget.spend_on(list(me.children().values()))


def _named_children(
    machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int
) -> Value:
    return machine.budget.spend_on(list(me.children().items()))


def _keys(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return machine.budget.spend_on(list(me.items()))


def _values(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return machine.budget.spend_on(list(me.items().values()))


def _pairs(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return machine.budget.spend_on(list(me.items().items()))


def _parameter(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> None:
    if len(row) > 1 and isinstance(row[0], str):
        parts.put(machine, me, row[0], row[1] if isinstance(row[1], Tensor) else Tensor())


def _update(machine: Machine, me: Thing, row: list[Value], named: dict[str, Value], line: int) -> None:
    for value in row:
        parts.fill(machine, me, value)


# The methods that every module has.
MODULE_METHODS: dict[str, Run] = {
    "add_module": _add_module, "register_module": _add_module, "forward": _forward, "__call__": _forward,
    "children": _children, "named_children": _named_children,
    "modules": _ignored, "named_modules": _ignored, "parameters": _ignored, "named_parameters": _ignored,
    "buffers": _ignored, "register_buffer": _parameter, "register_parameter": _parameter,
    **dict.fromkeys(("state_dict", "get_parameter", "register_forward_hook"), _unknown),
    **dict.fromkeys(("load_state_dict", "zero_grad", "share_memory"), _nothing),
    **dict.fromkeys(
        ("to", "cuda", "cpu", "eval", "train", "float", "double", "half", "apply", "requires_grad_", "type"),
        _itself,
    ),
    "append": _append, "extend": _extend, "insert": _insert, "keys": _keys, "values": _values,
    "items": _pairs,     "update": _update,
}  # fmt: skip
_OF_CONTAINERS = {"append", "extend", "insert", "keys", "values", "items", "update"}


def call(
    machine: Machine, me: Thing, name: str, row: list[Value], named: dict[str, Value], line: int
) -> Value:
    """`me.name(…)`; "super.name" where a class of the text asks for torch's own."""
    name = name.removeprefix("super.")
    if name == "__init__":
        return _init(machine, me, row, named, line)
    if name == "__setattr__" and len(row) == 2 and isinstance(row[0], str):
        return parts.put(machine, me, row[0], row[1])
    if me.is_module and name in MODULE_METHODS and (name not in _OF_CONTAINERS or me.base in CONTAINERS):
        return MODULE_METHODS[name](machine, me, row, named, line)
    if me.cls and me.cls.foreign:
        return machine.call(Unknown(f"{name} of {me.cls.foreign}, whose text is not here"), row, named, line)
    if not me.is_module and name.startswith("__"):
        return None
    raise OutsideError(f"{described(me)} has no method {name!r} that is read", "check the name")
