"""What of Python's library appears in networks: OrderedDict, math, copies, dataclasses, partial."""

from __future__ import annotations

import ast
import math
from itertools import pairwise, product
from typing import TYPE_CHECKING

from cifar7.imports.python import plain
from cifar7.imports.python.builtin import BUILTINS, Run, of_numbers, strict
from cifar7.imports.python.classes import make_fields
from cifar7.imports.python.forward.operations import binary
from cifar7.imports.python.values import (
    Call,
    Class,
    Default,
    Known,
    Map,
    OutsideError,
    Partial,
    Thing,
    Unknown,
    Value,
    Wrapped,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine


def _namespace(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return Thing("object", line, attributes=dict(named))


def _partial(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return Partial(row[0], row[1:], dict(named))


def _named_tuple(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    name, fields = row[:2]
    names = (
        fields.replace(",", " ").split() if isinstance(fields, str) else plain.items(machine.budget, fields)
    )
    if not isinstance(name, str) or not all(isinstance(field, str) for field in names):
        raise OutsideError("a namedtuple whose names are not known", "write them as strings")
    defaults = plain.items(machine.budget, named.get("defaults", ()))
    known = dict(zip(names[::-1], defaults[::-1]))
    made = Class(name, line, known, [], "object", fields=names)
    made.order.append(made)
    return made


def _field(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    if "default_factory" in named:
        return Default(named["default_factory"])
    return named.get("default", Unknown("a field without default"))


def _dataclass(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    if row and isinstance(row[0], Class):
        make_fields(row[0])
        return row[0]
    return Known("dataclasses.dataclass")


def _copy(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return copied(machine, row[0], {}, deep=False)


def _deep_copy(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return copied(machine, row[0], {}, deep=True)


def copied(machine: Machine, value: Value, seen: dict[int, Value], deep: bool) -> Value:
    """A copy of data, layers and objects; what is the same in it stays the same."""
    machine.budget.spend()
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, Map):
        raise OutsideError("a copy of a map lies outside of what is read", "use x itself")
    if isinstance(value, Thing):
        made = Thing(value.base, value.line, value.cls, ready=value.ready, parts=set(value.parts))
        if value.call:
            c = value.call
            made.call = Call(c.kind, dict(c.settings), c.parameters, c.inplace, c.lazy, c.refusal)
        seen[id(value)] = made
        for name, item in value.attributes.items():
            made.attributes[name] = copied(machine, item, seen, deep) if deep else item
        return made
    if isinstance(value, (list, dict)):
        again: Value = [] if isinstance(value, list) else {}
        seen[id(value)] = again
        if isinstance(value, list):
            again.extend(copied(machine, item, seen, deep) if deep else item for item in value)
        else:
            again.update(
                {k: copied(machine, item, seen, deep) if deep else item for k, item in value.items()}
            )
        return machine.budget.spend_on(again)
    if isinstance(value, tuple) and deep:
        return tuple(copied(machine, item, seen, deep) for item in value)
    return set(value) if isinstance(value, set) else value


def _pairwise(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    return list(pairwise(plain.items(machine.budget, row[0])))


def _chain(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    made: list[Value] = []
    for value in row:
        made.extend(plain.items(machine.budget, value))
        machine.budget.spend_on(made)
    return made


def _chain_rows(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    return _chain(machine, plain.items(machine.budget, row[0]), named)


def _product(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    rows = [plain.items(machine.budget, value) for value in row]
    machine.budget.spend(math.prod(map(len, rows)))
    return list(product(*rows))


def _repeat(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    value, times = row
    if not isinstance(times, int):
        raise OutsideError(f"repeat {described(times)} times", "give a whole number")
    machine.budget.spend(max(times, 0))
    return [value] * times


def _prod(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    total: Value = 1
    for value in plain.items(machine.budget, row[0]):
        total = binary(machine, ast.Mult, total, value, 0)
    return total


def _reduce(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    function, values, *start = row
    rest = [*start, *plain.items(machine.budget, values)]
    total = rest[0]
    for value in rest[1:]:
        total = machine.call(function, [total, value], {}, line)
    return total


def _cached(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return Wrapped("property", row[0])


LIBRARY: dict[str, Run] = {
    "collections.OrderedDict": BUILTINS["dict"], "collections.namedtuple": _named_tuple,
    "types.SimpleNamespace": _namespace, "functools.partial": _partial, "functools.cached_property": _cached,
    "functools.reduce": _reduce, "dataclasses.field": _field, "dataclasses.dataclass": _dataclass,
    "copy.copy": _copy, "copy.deepcopy": _deep_copy, "itertools.pairwise": strict(_pairwise),
    "itertools.chain": strict(_chain), "itertools.chain.from_iterable": strict(_chain_rows),
    "itertools.product": strict(_product), "itertools.repeat": strict(_repeat), "math.prod": strict(_prod),
    "numpy.prod": strict(_prod),
    **{f"math.{f.__name__}": of_numbers(f) for f in (
        math.floor, math.ceil, math.sqrt, math.log2, math.log, math.log10, math.exp, math.trunc, math.gcd,
    )},
}  # fmt: skip
