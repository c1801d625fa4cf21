"""Assignment: how values are given to names, attributes, items, and rows of these."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cifar7.imports.python import plain
from cifar7.imports.python.forward import parts
from cifar7.imports.python.values import Map, OutsideError, Scope, Thing, Unknown, Value, described

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine


def assign(machine: Machine, target: ast.expr, value: Value, scope: Scope) -> None:
    """`target = value`."""
    match target:
        case ast.Name():
            scope.bind(target.id, value)
        case ast.Attribute():
            parts.put(machine, machine.value(target.value, scope), target.attr, value)
        case ast.Tuple() | ast.List():
            _unpack(machine, target.elts, value, scope)
        case ast.Subscript():
            _put_item(machine, target, value, scope)
        case ast.Starred():
            assign(machine, target.value, value, scope)


def _unpack(machine: Machine, targets: list[ast.expr], value: Value, scope: Scope) -> None:
    if isinstance(value, Unknown):
        for target in targets:
            assign(machine, target, value, scope)
        return
    row = plain.items(machine.budget, value)
    star = next((at for at, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    if len(row) < len(targets) - (star is not None) or (star is None and len(row) > len(targets)):
        raise OutsideError(f"{len(row)} values for {len(targets)} names", "make them as many")
    if star is not None:
        behind = len(row) - (len(targets) - star - 1)
        row[star:behind] = [row[star:behind]]
    for target, item in zip(targets, row):
        assign(machine, target, item, scope)


def _put_item(machine: Machine, target: ast.Subscript, value: Value, scope: Scope) -> None:
    owner = machine.value(target.value, scope)
    if isinstance(owner, Unknown):
        return
    if isinstance(target.slice, ast.Slice) or isinstance(owner, Map):
        raise OutsideError(f"a part of {described(owner)} is set", "set single items of lists and dicts")
    at = machine.value(target.slice, scope)
    if isinstance(owner, dict):
        plain.limit_items(len(owner) + 1)
        owner[plain.key(at)] = value
    elif isinstance(owner, list):
        owner[at] = value
    elif isinstance(owner, Thing) and owner.parts | {"0"} and owner.is_module:
        name = at if isinstance(at, str) else list(owner.items())[at]
        parts.put(machine, owner, name, value)
    machine.budget.spend()
