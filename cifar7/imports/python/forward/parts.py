"""What an object holds: attributes and items; and what the classes of torch do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cifar7.imports.python import plain
from cifar7.imports.python.forward import layers
from cifar7.imports.python.values import CONTAINERS, Class, Map, OutsideError, Thing, Value, described

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine


def put(machine: Machine, target: Value, name: str, value: Value) -> None:
    """`target.name = value`."""
    match target:
        case Thing():
            old = target.attributes.get(name)
            module = isinstance(value, Thing) and value.is_module
            if module and target.is_module and target.cls and not target.ready:
                raise OutsideError(
                    f"{target.cls.name} gets a layer before nn.Module.__init__ has run",
                    "begin __init__ with super().__init__()",
                )
            if module and not isinstance(old, Thing):
                target.attributes.pop(name, None)  # torch registers it at its end
            target.attributes[name] = value
            if module and target.base in CONTAINERS:
                target.parts.add(name)
            elif not module:
                target.parts.discard(name)
            machine.budget.spend()
        case Class():
            target.names[name] = value
        case Map():
            raise OutsideError(f"{name} of a map is set", "set nothing but attributes of self")


def remove(target: Value, name: str) -> None:
    """`del target.name`."""
    if isinstance(target, Thing):
        target.attributes.pop(name, None)
        target.parts.discard(name)


def fill(machine: Machine, thing: Thing, content: Value) -> None:
    """Put items into a container, behind those that are there."""
    if isinstance(content, Thing) and content.base == "ModuleDict":
        content = content.items()
    if isinstance(content, dict):
        pairs = list(content.items())
    elif thing.base == "ModuleDict":
        pairs = [
            (pair[0], pair[1])
            for pair in plain.items(machine.budget, content)
            if isinstance(pair, (tuple, list))
        ]
    else:
        pairs = [
            (str(len(thing.parts) + n), value) for n, value in enumerate(plain.items(machine.budget, content))
        ]
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
            value = machine.call(layer, [value], {}, line)
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
