"""Expressions: what each of them means."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cifar7.imports.python import attributes, plain
from cifar7.imports.python.calls import call_node, elements
from cifar7.imports.python.classes import function
from cifar7.imports.python.comprehensions import comprehension, dict_comprehension
from cifar7.imports.python.forward.operations import binary
from cifar7.imports.python.forward.parts import fill
from cifar7.imports.python.values import (
    SCALARS,
    Map,
    OutsideError,
    Scope,
    Size,
    Thing,
    Unknown,
    Value,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine, Read


def _constant(machine: Machine, node: ast.Constant, scope: Scope) -> Value:
    if isinstance(node.value, (bytes, complex)) or node.value is ...:
        return Unknown("bytes, a complex number or ...")
    return machine.budget.spend_on(node.value)


def _name(machine: Machine, node: ast.Name, scope: Scope) -> Value:
    return machine.name(node.id, scope)


def _attribute(machine: Machine, node: ast.Attribute, scope: Scope) -> Value:
    return attributes.get(machine, machine.value(node.value, scope), node.attr, node.lineno)


def _list(machine: Machine, node: ast.List, scope: Scope) -> Value:
    return elements(machine, node.elts, scope)


def _tuple(machine: Machine, node: ast.Tuple, scope: Scope) -> Value:
    return tuple(elements(machine, node.elts, scope))


def _set(machine: Machine, node: ast.Set, scope: Scope) -> Value:
    return {plain.key(value) for value in elements(machine, node.elts, scope)}


def _dict(machine: Machine, node: ast.Dict, scope: Scope) -> Value:
    made: dict[Value, Value] = {}
    for key, value in zip(node.keys, node.values):
        found = machine.value(value, scope)
        if key is None:
            if not isinstance(found, dict):
                raise OutsideError(f"** of what is {described(found)}", "give a dict")
            made.update(found)
            machine.budget.spend_on(made)
        else:
            made[plain.key(machine.value(key, scope))] = found
    return machine.budget.spend_on(made)


def _binary(machine: Machine, node: ast.BinOp, scope: Scope) -> Value:
    return binary(
        machine, type(node.op), machine.value(node.left, scope), machine.value(node.right, scope), node.lineno
    )


def _unary(machine: Machine, node: ast.UnaryOp, scope: Scope) -> Value:
    value = machine.value(node.operand, scope)
    if isinstance(node.op, ast.Not):
        return value if isinstance(value, Unknown) else not machine.truth(value)
    if isinstance(value, (Unknown, Size)):
        return value if isinstance(value, Unknown) else Unknown(described(value))
    if not plain.is_number(value):
        raise OutsideError(f"the sign of {described(value)} lies outside of what is read", "use numbers")
    if isinstance(node.op, ast.USub):
        return -value
    return +value if isinstance(node.op, ast.UAdd) else ~value


def _logic(machine: Machine, node: ast.BoolOp, scope: Scope) -> Value:
    value: Value = None
    for part in node.values:
        value = machine.value(part, scope)
        if isinstance(value, Unknown):
            return _unknown_logic(machine, node, scope, value)
        if machine.truth(value) == isinstance(node.op, ast.Or):
            return value
    return value


def _unknown_logic(machine: Machine, node: ast.BoolOp, scope: Scope, unknown: Unknown) -> Value:
    """One part is not known: another may decide it all the same."""
    for part in node.values:
        value = machine.value(part, scope)
        if not isinstance(value, Unknown) and machine.truth(value) == isinstance(node.op, ast.Or):
            return bool(value)
    return unknown


def _compare(machine: Machine, node: ast.Compare, scope: Scope) -> Value:
    left = machine.value(node.left, scope)
    for how, right_node in zip(node.ops, node.comparators):
        right = machine.value(right_node, scope)
        answer = _compared(machine, how, left, right)
        if answer is not True:
            return answer
        left = right
    return True


def _compared(machine: Machine, how: ast.cmpop, left: Value, right: Value) -> bool | Unknown:
    if isinstance(how, (ast.In, ast.NotIn)):
        if isinstance(right, Unknown):
            return right
        if isinstance(right, dict):
            found: bool | Unknown = plain.key(left) in right
        else:
            container = right if isinstance(right, (str, range)) else plain.items(machine.budget, right)
            found = plain.contains(machine.budget, container, left)
        return found if isinstance(found, Unknown) or isinstance(how, ast.In) else not found
    if isinstance(how, (ast.Is, ast.IsNot)) and (left is None or right is None):
        same: bool | Unknown = left is right
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return left if isinstance(left, Unknown) else right
        return same is isinstance(how, ast.Is)
    if isinstance(how, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
        equal = plain.same(machine.budget, left, right)
        return equal if isinstance(equal, Unknown) else equal is isinstance(how, (ast.Is, ast.Eq))
    for side in (left, right):
        if isinstance(side, (Unknown, Size)):
            return side if isinstance(side, Unknown) else Unknown(described(side))
    plain.ordered([left, right])
    return plain.ORDER[type(how)](left, right)


def _choice(machine: Machine, node: ast.IfExp, scope: Scope) -> Value:
    test = machine.value(node.test, scope)
    if isinstance(test, Unknown) and isinstance(machine.value(node.body, scope), (*SCALARS, Unknown)):
        return test  # a device, mostly; a fault only where the network depends on it
    return machine.value(node.body if machine.truth(test) else node.orelse, scope)


def _subscript(machine: Machine, node: ast.Subscript, scope: Scope) -> Value:
    value = machine.value(node.value, scope)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Map):
        if value.single and ast.unparse(node.slice).strip("()") in (":, :, 0, 0", "..., 0, 0"):
            return machine.tape.flat(value, "", node.lineno)
        raise OutsideError("a part of a map, x[…], lies outside of what is read", "use whole maps")
    return item(machine, value, node.slice, scope)


def item(machine: Machine, value: Value, node: ast.expr, scope: Scope) -> Value:
    """`value[…]`."""
    if isinstance(node, ast.Slice):
        ends = [
            None if part is None else machine.value(part, scope)
            for part in (node.lower, node.upper, node.step)
        ]
        for end in ends:
            if isinstance(end, Unknown):
                return end
        where = slice(*ends)
        if isinstance(value, (list, tuple, str, range)):
            return machine.budget.spend_on(value[where])
        if isinstance(value, Thing) and value.base in ("Sequential", "ModuleList"):
            made = Thing(value.base, value.line)
            parts = list(value.items().items())[where]
            fill(machine, made, dict(parts) if value.base == "Sequential" else [part for _, part in parts])
            return made
        raise OutsideError(f"a part of {described(value)} lies outside of what is read", "use lists")
    at = machine.value(node, scope)
    if isinstance(at, Unknown):
        return at
    if isinstance(value, dict):
        return value[plain.key(at)]
    if isinstance(value, Thing) and value.base in ("Sequential", "ModuleList", "ModuleDict"):
        parts_by_name = value.items()
        return parts_by_name[at] if isinstance(at, str) else list(parts_by_name.values())[at]
    if isinstance(value, (list, tuple, str, range)):
        return value[at]
    if isinstance(value, Thing) and value.cls and value.cls.fields:
        return plain.items(machine.budget, value)[at]
    return Unknown(f"a part of {described(value)}")


def _lambda(machine: Machine, node: ast.Lambda, scope: Scope) -> Value:
    return function(machine, node, "lambda", scope)


def _text(machine: Machine, node: ast.JoinedStr, scope: Scope) -> Value:
    pieces: list[str] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            pieces.append(str(part.value))
            continue
        assert isinstance(part, ast.FormattedValue)  # nothing else stands in an f-string
        spec = machine.value(part.format_spec, scope) if part.format_spec else ""
        value = machine.value(part.value, scope)
        text = spec if isinstance(spec, Unknown) else plain.text_of(value, spec)
        if isinstance(text, Unknown):
            return text
        pieces.append(text)
    plain.limit_items(sum(map(len, pieces)))
    return machine.budget.spend_on("".join(pieces))


def _walrus(machine: Machine, node: ast.NamedExpr, scope: Scope) -> Value:
    value = machine.value(node.value, scope)
    while scope.transparent and scope.parent:
        scope = scope.parent
    scope.bind(node.target.id, value)
    return value


def _yield(machine: Machine, node: ast.Yield, scope: Scope) -> None:
    """A generator is gone through to its end when it is called, its values in a list."""
    if scope.yields is None:
        raise OutsideError("yield outside of a function", "return the values")
    scope.yields.append(machine.value(node.value, scope) if node.value else None)
    machine.budget.spend()


def _yield_from(machine: Machine, node: ast.YieldFrom, scope: Scope) -> None:
    if scope.yields is None:
        raise OutsideError("yield outside of a function", "return the values")
    scope.yields.extend(plain.items(machine.budget, machine.value(node.value, scope)))


EXPRESSIONS: dict[type[ast.expr], Read] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Call: call_node,
    ast.List: _list, ast.Tuple: _tuple, ast.Set: _set, ast.Dict: _dict, ast.BinOp: _binary,
    ast.UnaryOp: _unary, ast.BoolOp: _logic, ast.Compare: _compare, ast.IfExp: _choice,
    ast.Subscript: _subscript, ast.Lambda: _lambda, ast.JoinedStr: _text, ast.NamedExpr: _walrus,
    ast.ListComp: comprehension, ast.SetComp: comprehension, ast.GeneratorExp: comprehension,
    ast.DictComp: dict_comprehension, ast.Yield: _yield, ast.YieldFrom: _yield_from,
}  # fmt: skip
