"""Statements: what each of them does to the names around it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from cifar7.imports.python import classes, known, plain
from cifar7.imports.python.assignment import assign
from cifar7.imports.python.forward import parts
from cifar7.imports.python.forward.operations import binary
from cifar7.imports.python.values import (
    SCALARS,
    End,
    Ignored,
    Known,
    OutsideError,
    Returned,
    Scope,
    Thing,
    Unknown,
    Value,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine, Run


BREAK, CONTINUE = "break", "continue"
# Calls for their effect alone, which a network does not depend on: by the beginning of their name.
HARMLESS = (
    "print",
    "init",
    "_init",
    "kaiming",
    "xavier",
    "normal",
    "constant",
    "cuda",
    "to",
    "info",
    "warn",
    "debug",
)


def _assign(machine: Machine, node: ast.Assign, scope: Scope) -> None:
    value = machine.value(node.value, scope)
    for target in node.targets:
        assign(machine, target, value, scope)


def _annotated(machine: Machine, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(machine, node.target, machine.value(node.value, scope), scope)


def _augmented(machine: Machine, node: ast.AugAssign, scope: Scope) -> None:
    load: Any = node.target
    old = _old(machine, load, scope)
    more = machine.value(node.value, scope)
    if isinstance(node.op, ast.Add) and isinstance(old, list):
        plain.limit_items(len(old) + len(added := plain.items(machine.budget, more)))
        old.extend(added)  # the list itself, as its other names see it too
        return
    if isinstance(node.op, ast.Add) and isinstance(old, Thing) and old.base in ("ModuleList", "Sequential"):
        parts.fill(machine, old, more)
        return
    assign(machine, load, binary(machine, type(node.op), old, more, node.lineno, in_place=True), scope)


def _old(machine: Machine, target: ast.expr, scope: Scope) -> Value:
    """What stands where something is added to."""
    if isinstance(target, ast.Subscript):
        return machine.value(
            ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target), scope
        )
    return machine.value(target, scope)


def _for(machine: Machine, node: ast.For, scope: Scope) -> End:
    values = machine.value(node.iter, scope)
    if isinstance(values, Ignored):
        return None
    for value in plain.items(machine.budget, values):
        machine.budget.spend()
        assign(machine, node.target, value, scope)
        end = machine.block(node.body, scope)
        if end == BREAK:
            return None
        if isinstance(end, Returned):
            return end
    return machine.block(node.orelse, scope)


def _while(machine: Machine, node: ast.While, scope: Scope) -> End:
    while machine.truth(machine.value(node.test, scope)):
        machine.budget.spend()
        end = machine.block(node.body, scope)
        if end == BREAK:
            return None
        if isinstance(end, Returned):
            return end
    return machine.block(node.orelse, scope)


def _if(machine: Machine, node: ast.If, scope: Scope) -> End:
    test = machine.value(node.test, scope)
    if not isinstance(test, (bool, int, str, list, dict, tuple, type(None))) and all(
        map(_harmless, (*node.body, *node.orelse))
    ):
        return None
    if isinstance(test, Unknown) and all(
        _harmless(each) or isinstance(each, ast.Assign) for each in (*node.body, *node.orelse)
    ):
        for each in (*node.body, *node.orelse):
            if isinstance(each, ast.Assign):
                if not isinstance(machine.value(each.value, scope), (*SCALARS, Unknown)):
                    machine.truth(test)  # says what is not known: layers depend on it
                for target in each.targets:
                    assign(machine, target, test, scope)
        return None
    return machine.block(node.body if machine.truth(test) else node.orelse, scope)


def _harmless(node: ast.stmt) -> bool:
    """Whether a network does not depend on whether this statement is run."""
    match node:
        case ast.Raise() | ast.Pass() | ast.Assert() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))):
            return name.startswith(HARMLESS)
    return False


def _return(machine: Machine, node: ast.Return, scope: Scope) -> End:
    value = machine.value(node.value, scope) if node.value else None
    machine.returned = node.lineno
    return Returned(value)


def _raise(machine: Machine, node: ast.Raise, scope: Scope) -> None:
    raise OutsideError("the text raises an error here", "give it values with which it does not")


def _expression(machine: Machine, node: ast.Expr, scope: Scope) -> None:
    if not isinstance(node.value, ast.Constant):
        machine.value(node.value, scope)


def _with(machine: Machine, node: ast.With, scope: Scope) -> End:
    for each in node.items:
        value = machine.value(each.context_expr, scope)
        if each.optional_vars is not None:
            assign(machine, each.optional_vars, Unknown(f"what {described(value)} opens"), scope)
    return machine.block(node.body, scope)


def _try(machine: Machine, node: ast.Try, scope: Scope) -> End:
    for body in (node.body, node.orelse, node.finalbody):
        end = machine.block(body, scope)
        if end is not None:
            return end
    return None


def _import(machine: Machine, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        package = alias.name if alias.asname else alias.name.split(".")[0]
        scope.bind(alias.asname or package, known.imported(package))


def _import_from(machine: Machine, node: ast.ImportFrom, scope: Scope) -> None:
    package = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name != "*":
            scope.bind(alias.asname or alias.name, known.imported(package, alias.name))
        elif package == "torch.nn":
            scope.names.update({name: Known(f"torch.nn.{name}") for name in known.FROM_NN})
        elif package == "torch.nn.functional":
            scope.names.update({name: Known(f"{package}.{name}") for name in known.FROM_FUNCTIONAL})
        elif package not in ("typing", "math"):
            machine.starred = package


def _outer(machine: Machine, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    scope.outer.update(node.names)


def _delete(machine: Machine, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope.names.pop(target.id, None)
        elif isinstance(target, ast.Attribute):
            parts.remove(machine.value(target.value, scope), target.attr)
        elif isinstance(target, ast.Subscript):
            owner = machine.value(target.value, scope)
            if isinstance(owner, (list, dict)) and not isinstance(target.slice, ast.Slice):
                del owner[machine.value(target.slice, scope)]


STATEMENTS: dict[type[ast.stmt], Run] = {
    ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.For: _for,
    ast.While: _while,
    ast.If: _if, ast.Return: _return, ast.Raise: _raise, ast.Expr: _expression, ast.With: _with,
    ast.Try: _try,
    ast.Import: _import, ast.ImportFrom: _import_from, ast.Global: _outer, ast.Nonlocal: _outer,
    ast.Delete: _delete, ast.Pass: lambda machine, node, scope: None,
    ast.Assert: lambda machine, node, scope: None,
    ast.Break: lambda machine, node, scope: BREAK, ast.Continue: lambda machine, node, scope: CONTINUE,
    ast.FunctionDef: classes.define_function, ast.ClassDef: classes.define_class,
}  # fmt: skip
