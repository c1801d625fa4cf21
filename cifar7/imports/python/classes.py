"""Definitions of functions and classes, and what is of a class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cifar7.imports.graph import UnreadableError
from cifar7.imports.python.bounds import ExhaustedError
from cifar7.imports.python.values import (
    Class,
    Function,
    Known,
    Map,
    OutsideError,
    Scope,
    Tensor,
    Thing,
    Unknown,
    Value,
    Wrapped,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

BASES = 100
PLAIN_BASES = ("object", "abc.ABC", "typing.Generic", "typing.Protocol")


def function(machine: Machine, node: ast.FunctionDef | ast.Lambda, name: str, scope: Scope) -> Function:
    """A function as it is defined: its defaults are read now."""
    defaults = [machine.value(default, scope) for default in node.args.defaults]
    named = {
        argument.arg: machine.value(default, scope)
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults)
        if default is not None
    }
    return Function(name, node, scope, defaults, named, scope.owner)


def define_function(machine: Machine, node: ast.FunctionDef, scope: Scope) -> None:
    """`def name(…): …`."""
    if any(isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter") for d in node.decorator_list):
        return
    made: Value = function(machine, node, node.name, scope)
    scope.bind(node.name, _decorated(machine, node.decorator_list, made, scope))


def _decorated(machine: Machine, decorators: list[ast.expr], made: Value, scope: Scope) -> Value:
    """What decorators make of it; one that is not known leaves it as it is."""
    for node in reversed(decorators):
        try:
            decorator = machine.value(node, scope)
            found = machine.call(decorator, [made], {}, node.lineno)
        except ExhaustedError:
            raise
        except (UnreadableError, OutsideError):
            continue
        if isinstance(found, (Function, Class, Wrapped)):
            made = found
    return made


def define_class(machine: Machine, node: ast.ClassDef, scope: Scope) -> None:
    """`class name(…): …`."""
    bases: list[Class] = []
    base, foreign, fields = "object", "", False
    for each in node.bases:
        value = machine.value(each, scope)
        match value:
            case Class():
                bases.append(value)
                base = value.base if base == "object" else base
                foreign = foreign or value.foreign
                fields = fields or value.fields is not None
            case Known(path=path) if path.startswith("torch.nn."):
                base = value.last if base == "object" else base
            case Known(path="typing.NamedTuple"):
                fields = True
            case Known(path=path) if path not in PLAIN_BASES:
                foreign = path
            case Unknown(why=why):
                foreign = described(each.id) if isinstance(each, ast.Name) else why
    names: dict[str, Value] = {}
    made = Class(node.name, node.lineno, names, [], base, node, foreign=foreign)
    made.order.extend(_order(made, bases))
    machine.block(node.body, Scope(names, scope, is_class=True, owner=made))
    if foreign and base == "object" and made.find("forward"):
        made.base = "Module"
    if fields:
        make_fields(made)
    scope.bind(node.name, _decorated(machine, node.decorator_list, made, scope))


def _order(cls: Class, bases: list[Class]) -> list[Class]:
    """Itself and its bases: what stands in several branches comes last, as Python has it."""
    row = [each for base in bases for each in base.order]
    if len(row) > BASES:
        raise OutsideError(
            f"a class with more than {BASES} bases", "paste the class of the network and what it needs"
        )
    return [cls, *(each for at, each in enumerate(row) if each not in row[at + 1 :])]


def make_fields(cls: Class) -> None:
    """The annotated names of a dataclass, those of its bases first."""
    names: dict[str, None] = {}
    for each in reversed(cls.order):
        for node in each.node.body if each.node else []:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names[node.target.id] = None
    cls.fields = list(names)


def is_instance(machine: Machine, value: Value, kind: Value) -> bool | Unknown:
    """isinstance(value, kind)."""
    if isinstance(kind, (tuple, list)):
        answers = [is_instance(machine, value, one) for one in kind]
        return True if True in answers else next((a for a in answers if a is not False), False)
    if isinstance(value, Unknown) or isinstance(kind, Unknown):
        return value if isinstance(value, Unknown) else kind
    if isinstance(kind, Class):
        return isinstance(value, Thing) and value.cls is not None and kind in value.cls.order
    if not isinstance(kind, Known):
        return Unknown(f"whether it is {described(kind)}")
    if kind.path.startswith("torch.nn."):
        if not isinstance(value, Thing):
            return False
        if kind.last == "_BatchNorm":
            return "BatchNorm" in value.base
        return value.is_module if kind.last == "Module" else value.base == kind.last
    if kind.path in ("torch.Tensor", "torch.FloatTensor"):
        return isinstance(value, (Map, Tensor))
    name = {"collections.OrderedDict": "dict", "collections.abc.Iterable": "list"}.get(kind.path, kind.path)
    mine = "bool int" if isinstance(value, bool) else type(value).__name__
    return name in mine.split() if name in machine.tables.builtins else Unknown(f"whether it is {kind.path}")
