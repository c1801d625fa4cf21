"""Calls: of functions and classes of the text, of layers, and of what the tables know."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cifar7.imports.python.forward import layers
from cifar7.imports.python.forward.signatures import REQUIRED
from cifar7.imports.python.values import (
    CONTAINERS,
    Bound,
    Class,
    Function,
    Known,
    Map,
    Method,
    OutsideError,
    Partial,
    Scope,
    Super,
    Thing,
    Unknown,
    Value,
    Wrapped,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine


def call_node(machine: Machine, node: ast.Call, scope: Scope) -> Value:
    """The value of f(a, *b, c=d, **e)."""
    from cifar7.imports.python.expressions import elements

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
            return _through_unknown(value, row, named)
        else:
            raise OutsideError(f"** of {described(value)} lies outside of what is read", "give a dict")
    if target == Known("super"):
        return _super(row, scope)
    return call(machine, target, row, named, node.lineno)


def _super(row: list[Value], scope: Scope) -> Value:
    if len(row) == 2 and isinstance(row[0], Class):
        return Super(row[1], row[0])
    if not row and scope.owner is not None:
        return Super(scope.me, scope.owner)
    raise OutsideError("super(…) with these arguments lies outside of what is read", "write super()")


def holds_map(value: Value) -> bool:
    """Whether a map is passed, alone or in a row."""
    if isinstance(value, (list, tuple)):
        return any(isinstance(item, Map) for item in value)
    return isinstance(value, Map)


def _through_unknown(target: Unknown, row: list[Value], named: dict[str, Value]) -> Unknown:
    if any(map(holds_map, [*row, *named.values()])):
        raise OutsideError(
            f"a map goes through what is not known: {target.why}", "paste its text above the network"
        )
    return target


def call(machine: Machine, target: Value, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """`target(*row, **named)`."""
    from cifar7.imports.python import known, methods

    machine.enter()
    try:
        match target:
            case Unknown():
                return _through_unknown(target, row, named)
            case Known():
                return known.call(machine, target, row, named, line)
            case Function():
                return run(machine, target, row, named)
            case Bound():
                return call(machine, target.function, [target.me, *row], named, line)
            case Method():
                return methods.call(machine, target, row, named, line)
            case Partial():
                return call(
                    machine, target.function, [*target.arguments, *row], {**target.keywords, **named}, line
                )
            case Class():
                return construct(machine, target, row, named, line)
            case Thing():
                return call_thing(machine, target, row, named, line)
            case Wrapped():
                return call(machine, target.function, row, named, line)
        raise OutsideError(f"{described(target)} cannot be called", "check the name")
    finally:
        machine.leave()


def function(machine: Machine, node: ast.FunctionDef | ast.Lambda, name: str, scope: Scope) -> Function:
    """A function as it is defined: its defaults are read now."""
    defaults = [machine.value(default, scope) for default in node.args.defaults]
    named = {
        argument.arg: machine.value(default, scope)
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults)
        if default is not None
    }
    return Function(name, node, scope, defaults, named, scope.owner)


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


def run(machine: Machine, target: Function, row: list[Value], named: dict[str, Value]) -> Value:
    """Go through the body of a function."""
    from cifar7.imports.python.statements import Returned, block

    scope = Scope(bound(target, row, named), target.scope, owner=target.owner, me=row[0] if row else None)
    if isinstance(target.node, ast.Lambda):
        return machine.value(target.node.body, scope)
    if target.node.name not in ("__init__", "forward") and _yields(target.node):
        scope.yields = []
        block(machine, target.node.body, scope)
        return machine.budget.spend_on(scope.yields)
    ended = block(machine, target.node.body, scope)
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
        run(machine, found[0], [thing, *row], named)
    elif cls.fields is not None:
        _fill_fields(machine, cls, thing, row, named)
    else:
        base_init(machine, thing, row, named)
    machine.inside -= 1
    if attempt:
        attempt.thing = thing
    return thing


def _fill_fields(
    machine: Machine, cls: Class, thing: Thing, row: list[Value], named: dict[str, Value]
) -> None:
    from cifar7.imports.python.values import Default

    given = dict(zip(cls.fields or [], row)) | named
    for name in cls.fields or []:
        found = cls.find(name)
        if name in given:
            thing.attributes[name] = given.pop(name)
        elif found is None:
            raise OutsideError(f"{cls.name} lacks {name!r}", f"give it: {cls.name}({name}=…)")
        elif isinstance(found[0], Default):
            thing.attributes[name] = call(machine, found[0].factory, [], {}, thing.line)
        else:
            thing.attributes[name] = found[0]
    if given:
        raise OutsideError(f"{cls.name} has no field {next(iter(given))!r}", "check the call")
    after = cls.find("__post_init__")
    if after:
        call(machine, after[0], [thing], {}, thing.line)


def base_init(machine: Machine, thing: Thing, row: list[Value], named: dict[str, Value]) -> None:
    """What the __init__ of torch's class does, or of no class."""
    thing.ready = True
    if thing.base in CONTAINERS:
        content = row[0] if row else next(iter(named.values()), [])
        if thing.base == "Sequential" and not (len(row) == 1 and isinstance(row[0], dict)):
            content = row
        fill(machine, thing, content)
    elif thing.base in layers.LAYERS:
        thing.call = layers.layer(thing.base, row, named)


def fill(machine: Machine, thing: Thing, content: Value) -> None:
    """Put items into a container, behind those that are there."""
    from cifar7.imports.python.expressions import items

    if isinstance(content, Thing) and content.base == "ModuleDict":
        content = content.items()
    if isinstance(content, dict):
        pairs = list(content.items())
    elif thing.base == "ModuleDict":
        pairs = [(pair[0], pair[1]) for pair in items(machine, content) if isinstance(pair, (tuple, list))]
    else:
        pairs = [(str(len(thing.parts) + n), value) for n, value in enumerate(items(machine, content))]
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, Thing) or not value.is_module:
            is_none = value is None and thing.base == "ModuleList"
            if not is_none or not isinstance(name, str):
                raise OutsideError(
                    f"nn.{thing.base} gets {described(value)} instead of a layer",
                    "give it layers, *list for a list",
                )
        machine.budget.spend()
        thing.parts.add(name)
        thing.attributes[name] = value


def call_thing(machine: Machine, thing: Thing, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """Call an object: the forward of a module, else __call__."""
    for name in ("forward", "__call__"):
        found = thing.cls.find(name) if thing.cls else None
        if found and isinstance(found[0], Function):
            return run(machine, found[0], [thing, *row], named)
    if not thing.is_module:
        raise OutsideError(f"{described(thing)} cannot be called", "give its class a method __call__")
    return base_forward(machine, thing, row, named, line)


def base_forward(
    machine: Machine, thing: Thing, row: list[Value], named: dict[str, Value], line: int
) -> Value:
    """The forward of torch's own class."""
    given = [*row, *named.values()]
    if thing.base == "Identity" and given:
        return given[0]
    if thing.base == "Sequential" and len(given) == 1:
        value = given[0]
        for layer in thing.items().values():
            value = call(machine, layer, [value], {}, line)
        return value
    if thing.base in (*CONTAINERS, "Module"):
        what = thing.cls.name if thing.cls else f"nn.{thing.base}"
        raise OutsideError(
            f"{what} has no forward that can be called like this", "call the layers in it one by one"
        )
    if len(given) != 1:
        if thing.call and thing.call.refusal:
            raise OutsideError(*thing.call.refusal, line=thing.line)
        raise OutsideError(f"{described(thing)} gets {len(given)} arguments", "give it one map")
    return machine.tape.module(thing, given[0], line)
