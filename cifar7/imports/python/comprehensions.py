"""Comprehensions: their loops, each round of which is counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cifar7.imports.python import plain
from cifar7.imports.python.assignment import assign
from cifar7.imports.python.values import Scope, Unknown, Value

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

OF_WEIGHTS = (
    "parameters",
    "named_parameters",
    "modules",
    "named_modules",
    "buffers",
)  # counted or set, mostly


def _rounds(machine: Machine, loops: list[ast.comprehension], scope: Scope) -> Iterator[None]:
    """Once for each round of the loops of a comprehension, with its names in `scope`."""
    if not loops:
        yield
        return
    first, *rest = loops
    for value in plain.items(machine.budget, machine.value(first.iter, scope)):
        machine.budget.spend()
        assign(machine, first.target, value, scope)
        if all(machine.truth(machine.value(test, scope)) for test in first.ifs):
            yield from _rounds(machine, rest, scope)


def _inner(scope: Scope) -> Scope:
    return Scope({}, scope, transparent=True, owner=scope.owner, me=scope.me)


def comprehension(machine: Machine, node: Any, scope: Scope) -> Value:
    """[… for … in … if …], and the same as a set or generator."""
    inner = _inner(scope)
    over = node.generators[0].iter
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr in OF_WEIGHTS:
        return Unknown(f"what goes through {over.func.attr}()")
    made = [machine.value(node.elt, inner) for _ in _rounds(machine, node.generators, inner)]
    machine.budget.spend_on(made)
    return {plain.key(value) for value in made} if isinstance(node, ast.SetComp) else made


def dict_comprehension(machine: Machine, node: ast.DictComp, scope: Scope) -> Value:
    """{…: … for … in …}."""
    inner = _inner(scope)
    made: dict[Value, Value] = {}
    for _ in _rounds(machine, node.generators, inner):
        made[plain.key(machine.value(node.key, inner))] = machine.value(node.value, inner)
    return machine.budget.spend_on(made)
