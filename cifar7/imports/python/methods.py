"""Methods of strings, lists, dicts and sets; and the way to those of modules and maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cifar7.imports.python import plain
from cifar7.imports.python.forward import modules, operations
from cifar7.imports.python.values import Map, Method, OutsideError, Thing, Unknown, Value, described

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

Run = Callable[["Machine", Any, list[Value], dict[str, Value]], Value]


def has(value: Value, name: str) -> bool:
    """Whether a method of plain data is read."""
    return name in METHODS[_kind(value)]


def _kind(value: Value) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(value, kind))


def call(machine: Machine, method: Method, row: list[Value], named: dict[str, Value], line: int) -> Value:
    """`method.me.name(*row, **named)`."""
    me = method.me
    if isinstance(me, Thing):
        return modules.call(machine, me, method.name, row, named, line)
    if isinstance(me, Map):
        return operations.operate(machine, method.name, [me, *row], named, line)
    return METHODS[_kind(me)][method.name](machine, me, row, named)


def _text(function: Callable[..., Any]) -> Run:
    """A method of strings whose arguments are strings or whole numbers."""

    def run(machine: Machine, me: str, row: list[Value], named: dict[str, Value]) -> Value:
        for value in (*row, *named.values()):
            if isinstance(value, Unknown):
                return value
            if not isinstance(value, (str, int, type(None))) and not (
                isinstance(value, tuple) and all(isinstance(item, str) for item in value)
            ):
                raise OutsideError(f"a method of a string with {described(value)}", "use strings")
            if isinstance(value, int) and abs(value) > 200:
                raise OutsideError("a width of more than 200", "use less")
        machine.budget.spend(1 + (len(me) >> 6))
        return machine.budget.spend_on(function(me, *row, **named))

    return run


def _replace(machine: Machine, me: str, row: list[Value], named: dict[str, Value]) -> Value:
    old, new = row
    if isinstance(old, str) and isinstance(new, str):
        plain.limit_items(len(me) + me.count(old) * len(new))
        return machine.budget.spend_on(me.replace(old, new))
    return Unknown("the text of a replacement")


def _join(machine: Machine, me: str, row: list[Value], named: dict[str, Value]) -> Value:
    parts = plain.items(machine.budget, row[0])
    if not all(isinstance(part, str) for part in parts):
        return Unknown("the text of what is joined")
    plain.limit_items(sum(map(len, parts)) + len(me) * len(parts))
    return machine.budget.spend_on(me.join(parts))


def _format(machine: Machine, me: str, row: list[Value], named: dict[str, Value]) -> Value:
    return plain.formatted(machine.budget, me, row, named)


def _changed(function: Callable[..., Any]) -> Run:
    """A method that may make a list, dict or set longer by one."""

    def run(machine: Machine, me: Any, row: list[Value], named: dict[str, Value]) -> Value:
        plain.limit_items(len(me) + 1)
        machine.budget.spend()
        return function(me, *row, **named)

    return run


def _extend(machine: Machine, me: list[Value], row: list[Value], named: dict[str, Value]) -> None:
    more = plain.items(machine.budget, row[0])
    plain.limit_items(len(me) + len(more))
    me.extend(more)


def _sort(machine: Machine, me: list[Value], row: list[Value], named: dict[str, Value]) -> None:
    if set(named) - {"reverse"}:
        raise OutsideError("sort with a key lies outside of what is read", "write the values in order")
    machine.budget.spend(len(me))
    me[:] = sorted(plain.ordered(me), reverse=bool(named.get("reverse")))


def _found(machine: Machine, me: Any, row: list[Value]) -> list[int]:
    return [at for at, item in enumerate(me) if plain.same(machine.budget, item, row[0]) is True]


def _index(machine: Machine, me: Any, row: list[Value], named: dict[str, Value]) -> Value:
    return _found(machine, me, row)[0]


def _count(machine: Machine, me: Any, row: list[Value], named: dict[str, Value]) -> Value:
    return len(_found(machine, me, row))


def _remove(machine: Machine, me: list[Value], row: list[Value], named: dict[str, Value]) -> None:
    del me[_found(machine, me, row)[0]]


def _copied(function: Callable[..., Any]) -> Run:
    """A method that gives as many items as there are."""

    def run(machine: Machine, me: Any, row: list[Value], named: dict[str, Value]) -> Value:
        return machine.budget.spend_on(function(me))

    return run


def _of_key(function: Callable[..., Any]) -> Run:
    """A method of a dict or set whose first argument is a key."""

    def run(machine: Machine, me: Any, row: list[Value], named: dict[str, Value]) -> Value:
        if row and isinstance(row[0], Unknown):
            return row[0]
        plain.limit_items(len(me) + 1)
        machine.budget.spend()
        return function(me, plain.key(row[0]), *row[1:])

    return run


def _update(machine: Machine, me: dict[Value, Value], row: list[Value], named: dict[str, Value]) -> None:
    for value in row:
        if not isinstance(value, dict):
            raise OutsideError(f"a dict is updated by {described(value)}", "give a dict")
        me.update(value)
    me.update(named)
    machine.budget.spend_on(me)


def _update_set(machine: Machine, me: set[Value], row: list[Value], named: dict[str, Value]) -> None:
    for value in row:
        me.update(plain.key(item) for item in plain.items(machine.budget, value))
    machine.budget.spend_on(me)


KINDS: dict[str, type] = {"str": str, "list": list, "tuple": tuple, "dict": dict, "set": set}
METHODS: dict[str, dict[str, Run]] = {
    "str": {
        **{f.__name__: _text(f) for f in (
            str.upper, str.lower, str.strip, str.lstrip, str.rstrip, str.split, str.startswith, str.endswith,
            str.title, str.capitalize, str.zfill, str.find, str.count, str.isdigit, str.isalpha, str.rsplit,
            str.partition, str.rpartition, str.removeprefix, str.removesuffix, str.splitlines, str.casefold,
            str.index, str.isupper, str.islower,
        )},
        "replace": _replace, "join": _join, "format": _format,
    },
    "list": {
        "append": _changed(list.append), "insert": _changed(list.insert), "pop": _changed(list.pop),
        "reverse": _changed(list.reverse), "clear": _changed(list.clear), "copy": _copied(list.copy),
        "extend": _extend, "sort": _sort, "index": _index, "count": _count, "remove": _remove,
    },
    "tuple": {"index": _index, "count": _count},
    "dict": {
        "get": _of_key(dict.get), "pop": _of_key(dict.pop), "setdefault": _of_key(dict.setdefault),
        "items": _copied(lambda me: list(me.items())), "keys": _copied(list),
        "values": _copied(lambda me: list(me.values())), "copy": _copied(dict.copy),
        "clear": _changed(dict.clear), "update": _update,
    },
    "set": {
        "add": _of_key(set.add), "discard": _of_key(set.discard), "remove": _of_key(set.remove),
        "update": _update_set, "copy": _copied(set.copy),
    },
}  # fmt: skip
