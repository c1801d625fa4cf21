"""Calls: of functions and classes of the text, of layers, and of what the tables know."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cifar7.imports.python import known, methods, plain
from cifar7.imports.python.forward import parts
from cifar7.imports.python.forward.signatures import REQUIRED
from cifar7.imports.python.values import (
    Class,
    Default,
    Function,
    Known,
    Method,
    OutsideError,
    Returned,
    Scope,
    Super,
    Thing,
    Unknown,
    Value,
    described,
    holds_map,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Caller, Machine


def elements(machine: Machine, nodes: list[ast.expr], scope: Scope) -> list[Value]:
    """The values of a row of expressions, with *stars."""
    row: list[Value] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            row.extend(plain.items(machine.budget, machine.value(node.value, scope)))
        else:
            row.append(machine.value(node, scope))
    machine.budget.spend_on(row)
    return row


def call_node(machine: Machine, node: ast.Call, scope: Scope) -> Value:
    """The value of f(a, *b, c=d, **e)."""
    target = machine.value(node.func, scope)
    if target == Known("print") and scope is not machine.top:
        return None
    row = elements(machine, node.args, scope)
    named: dict[str, Value] = {}
    for keyword in node.keywords:
        value = machine.value(keyword.value, scope)
        if keyword.arg is not None:
            named[keyword.arg] = value
        elif isinstance(value, dict) and all(isinstance(name, str) for name in value):
            named.update(value)
            machine.budget.spend_on(named)
        elif isinstance(value, Unknown):
            return _through_unknown(machine, value, row, named, node.lineno)
        else:
            raise OutsideError(f"** of {described(value)} lies outside of what is read", "give a dict")
    if target == Known("super"):
        return _super(row, scope)
    return machine.call(target, row, named, node.lineno)


def _super(row: list[Value], scope: Scope) -> Value:
    if len(row) == 2 and isinstance(row[0], Class):
        return Super(row[1], row[0])
    if not row and scope.owner is not None:
        return Super(scope.me, scope.owner)
    raise OutsideError("super(…) with these arguments lies outside of what is read", "write super()")


def _through_unknown(
    machine: Machine, target: Unknown, row: list[Value], named: dict[str, Value], line: int
) -> Unknown:
    if any(map(holds_map, [*row, *named.values()])):
        raise OutsideError(
            f"a map goes through what is not known: {target.why}", "paste its text above the network"
        )
    return target


def bound(target: Function, row: list[Value], named: dict[str, Value]) -> dict[str, Value]:
    """The arguments of a call by the names of the parameters."""
    spec = target.node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    found: dict[str, Value] = dict(zip(names, row))
    rest, extra = row[len(names) :], {}
    if rest and not spec.vararg:
        raise OutsideError(
            f"{target.name} takes {len(names)} arguments and gets {len(row)}", "leave some out"
        )
    keywords = {*names[len(spec.posonlyargs) :], *(a.arg for a in spec.kwonlyargs)}
    for name, value in named.items():
        if name in keywords and name not in found:
            found[name] = value
        elif spec.kwarg and name not in keywords:
            extra[name] = value
        else:
            raise OutsideError(f"{target.name} has no argument {name!r}, or gets it twice", "check the call")
    defaults = dict(zip(names[::-1], target.defaults[::-1])) | target.keyword_defaults
    for name in (*names, *(a.arg for a in spec.kwonlyargs)):
        if name not in found:
            value = defaults.get(name, REQUIRED)
            if value is REQUIRED:
                raise OutsideError(
                    f"{target.name} lacks its argument {name!r}", f"give it: {target.name}(…, {name}=…)"
                )
            found[name] = value
    if spec.vararg:
        found[spec.vararg.arg] = tuple(rest)
    if spec.kwarg:
        found[spec.kwarg.arg] = extra
    return found


def run(machine: Machine, target: Function, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """Go through the body of a function."""
    scope = Scope(bound(target, row, named), target.scope, owner=target.owner, me=row[0] if row else None)
    if isinstance(target.node, ast.Lambda):
        return machine.value(target.node.body, scope)
    if target.node.name not in ("__init__", "forward") and _yields(target.node):
        scope.yields = []
        machine.block(target.node.body, scope)
        return machine.budget.spend_on(scope.yields)
    ended = machine.block(target.node.body, scope)
    return ended.value if isinstance(ended, Returned) else None


def _yields(node: ast.FunctionDef) -> bool:
    """Whether it is a generator: a yield in its own body."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        at = waiting.pop()
        if isinstance(at, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(at, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(at))
    return False


def construct(machine: Machine, cls: Class, row: list[Value], named: dict[str, Value], line: int) -> Thing:
    """A new object of a class of the text."""
    thing = Thing(cls.base, line, cls)
    attempt = None
    if not machine.inside and thing.is_module:
        attempt = machine.attempt(cls, row, named, line)
    machine.inside += 1
    found = cls.find("__init__")
    if found and isinstance(found[0], Function):
        run(machine, found[0], [thing, *row], named, line)
    elif cls.fields is not None:
        _fill_fields(machine, cls, thing, row, named)
    else:
        parts.base_init(machine, thing, row, named)
    machine.inside -= 1
    if attempt:
        attempt.thing = thing
    return thing


def _fill_fields(
    machine: Machine, cls: Class, thing: Thing, row: list[Value], named: dict[str, Value]
) -> None:
    given = dict(zip(cls.fields or [], row)) | named
    for name in cls.fields or []:
        found = cls.find(name)
        if name in given:
            thing.attributes[name] = given.pop(name)
        elif found is None:
            raise OutsideError(f"{cls.name} lacks {name!r}", f"give it: {cls.name}({name}=…)")
        elif isinstance(found[0], Default):
            thing.attributes[name] = machine.call(found[0].factory, [], {}, thing.line)
        else:
            thing.attributes[name] = found[0]
    if given:
        raise OutsideError(f"{cls.name} has no field {next(iter(given))!r}", "check the call")
    after = cls.find("__post_init__")
    if after:
        machine.call(after[0], [thing], {}, thing.line)


def call_thing(machine: Machine, thing: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """Call an object: the forward of a module, else __call__."""
    for name in ("forward", "__call__"):
        found = thing.cls.find(name) if thing.cls else None
        if found and isinstance(found[0], Function):
            return run(machine, found[0], [thing, *row], named, line)
    if not thing.is_module:
        raise OutsideError(f"{described(thing)} cannot be called", "give its class a method __call__")
    return parts.base_forward(machine, thing, row, named, line)


CALLS: dict[type, Caller] = {
    Unknown: _through_unknown, Known: known.call, Function: run, Method: methods.call, Class: construct,
    Thing: call_thing,
}  # fmt: skip
