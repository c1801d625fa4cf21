"""Which class of a text is the network, and with what arguments it is made."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from cifar7.imports.graph import Remark, UnreadableError
from cifar7.imports.python.calls import construct
from cifar7.imports.python.machine import Attempt, Machine
from cifar7.imports.python.values import CONTAINERS, Class, Function, OutsideError, Thing, Unknown, Value


@dataclass(frozen=True, slots=True)
class Choice:
    """The network, made."""

    name: str
    thing: Thing
    line: int
    remarks: tuple[Remark, ...] = ()


def chosen(machine: Machine, tree: ast.Module, class_name: str) -> Choice:
    """The network of the text; of `class_name` where that is given."""
    classes = {
        name: v for name, v in machine.top.names.items() if isinstance(v, Class) and v.base != "object"
    }
    classes = {name: cls for name, cls in classes.items() if cls.name == name}
    if class_name:
        return _named(machine, classes, class_name)
    parts = _parts(machine, tree, set(classes) | set(machine.broken))
    whole = [cls for name, cls in classes.items() if name not in parts and _takes_an_image(cls)]
    attempts = [a for a in machine.attempts if a.cls.name not in parts and _takes_an_image(a.cls)]
    for attempt in reversed(attempts):
        if attempt.thing is None or weighted(attempt.thing):
            return _of_attempt(machine, attempt)
    free = [cls for cls in whole if not _lacking(cls)]
    made = None
    for cls in reversed(free):
        made = _made(machine, cls)
        if weighted(made.thing):
            return made
    row = _sequential(machine)
    if row is not None:
        return row
    if made is not None:
        return made
    broken = [fault for name, fault in machine.broken.items() if name not in parts]
    if broken:
        raise broken[-1]
    if whole:
        cls = whole[-1]
        lacking = ", ".join(f"{name}=…" for name in _lacking(cls))
        raise machine.fault(
            cls.line, f"{cls.name} cannot be made without arguments",
            f"add a line below that makes it: model = {cls.name}({lacking})",
        )  # fmt: skip
    raise _none(machine, classes)


def _none(machine: Machine, classes: dict[str, Class]) -> UnreadableError:
    if classes:
        return UnreadableError(
            "no class of the text is a whole network: a forward that takes one image",
            f"name one of {', '.join(list(classes)[:8])}, or paste the class of the network",
        )
    why = next((v.why for v in machine.top.names.values() if isinstance(v, Unknown) and "line" in v.why), "")
    return UnreadableError(
        f"the text holds no class of an nn.Module{f' ({why[:200]})' if why else ''}",
        "paste the class of the network, class Net(nn.Module): …",
    )


def _named(machine: Machine, classes: dict[str, Class], name: str) -> Choice:
    if name in machine.broken:
        raise machine.broken[name]
    cls = classes.get(name)
    if cls is None:
        known = ", ".join(list(classes)[:8]) or "none"
        raise UnreadableError(f"the text has no nn.Module called {name[:60]!r}", f"it has {known}")
    for attempt in reversed(machine.attempts):
        if attempt.cls is cls:
            return _of_attempt(machine, attempt)
    lacking = _lacking(cls)
    if lacking:
        raise machine.fault(
            cls.line, f"{name} cannot be made without arguments",
            f"add a line below that makes it: model = {name}({', '.join(f'{a}=…' for a in lacking)})",
        )  # fmt: skip
    return _made(machine, cls)


def _of_attempt(machine: Machine, attempt: Attempt) -> Choice:
    """As the text makes it; where that depends on what is not known, with its defaults."""
    cls = attempt.cls
    if attempt.thing is not None:
        return Choice(cls.name, attempt.thing, attempt.line)
    unknown = [v for v in (*attempt.row, *attempt.named.values()) if isinstance(v, Unknown)]
    if unknown and not _lacking(cls):
        made = _made(machine, cls)
        why = unknown[0].why[:100]
        text = f"{cls.name} is made with what is not known ({why}); it is read with its defaults"
        return Choice(cls.name, made.thing, cls.line, (Remark("defaults-taken", text, attempt.line),))
    return _made(machine, cls, attempt.row, attempt.named, attempt.line)


def _made(
    machine: Machine,
    cls: Class,
    row: list[Value] | None = None,
    named: dict[str, Value] | None = None,
    line: int = 0,
) -> Choice:
    machine.inside = 1
    machine.budget.depth = 0
    try:
        thing = construct(machine, cls, row or [], named or {}, line or cls.line)
    except OutsideError as outside:
        raise machine.fault(outside.line or line or cls.line, outside.fault, outside.cure) from None
    return Choice(cls.name, thing, cls.line)


def _sequential(machine: Machine) -> Choice | None:
    """The last nn.Sequential with weights that has a name at the top level."""
    for name, value in reversed(machine.top.names.items()):
        if (
            isinstance(value, Thing)
            and value.base in CONTAINERS[:1]
            and value.cls is None
            and weighted(value)
        ):
            return Choice(name, value, value.line)
    return None


def weighted(thing: Thing) -> bool:
    """Whether there is a layer with weights in it."""
    seen: set[int] = set()
    waiting: list[Value] = [thing]
    while waiting:
        at = waiting.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        if isinstance(at, Thing):
            if at.call and (at.call.parameters or at.call.lazy):
                return True
            waiting.extend(at.attributes.values())
        elif isinstance(at, (list, tuple, dict)):
            waiting.extend(at.values() if isinstance(at, dict) else at)
    return False


def _lacking(cls: Class) -> list[str]:
    """The arguments without which it cannot be made."""
    found = cls.find("__init__")
    return _required(found[0])[1:] if found and isinstance(found[0], Function) else []


def _required(function: Function) -> list[str]:
    spec = function.node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    with_default = len(function.defaults)
    return names[: len(names) - with_default] + [
        a.arg for a in spec.kwonlyargs if a.arg not in function.keyword_defaults
    ]


def _takes_an_image(cls: Class) -> bool:
    """Whether its forward can be called with an image alone."""
    found = cls.find("forward")
    if not found or not isinstance(found[0], Function):
        return cls.base == "Sequential"
    spec = found[0].node.args
    takes_one = len(spec.posonlyargs) + len(spec.args) > 1 or spec.vararg is not None
    return takes_one and len(_required(found[0])) <= 2


def _parts(machine: Machine, tree: ast.Module, classes: set[str]) -> set[str]:
    """The classes that another module class uses, by itself or through functions, or derives from."""
    uses: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            uses[node.name] = uses.get(node.name, set()) | names - {node.name}
    parts: set[str] = set()
    for name in classes & set(uses):
        waiting = list(uses[name])
        seen: set[str] = set()
        while waiting:
            at = waiting.pop()
            machine.budget.spend()
            if at in seen or at not in uses or at == name:
                continue
            seen.add(at)
            waiting.extend(uses[at])
        # Two classes that mention each other: neither is a part for that
        parts |= {at for at in seen & classes if name not in uses[at]}
    return parts
