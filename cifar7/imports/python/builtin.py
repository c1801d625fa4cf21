"""Python's builtins that are read. What reaches outside, such as open or eval, gives something unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cifar7.imports.python import attributes, plain
from cifar7.imports.python.classes import is_instance
from cifar7.imports.python.forward.operations import binary
from cifar7.imports.python.forward.parts import put
from cifar7.imports.python.values import (
    Class,
    Function,
    Ignored,
    Known,
    Map,
    Method,
    OutsideError,
    Size,
    Thing,
    Unknown,
    Value,
    Wrapped,
    described,
)  # fmt: skip

if TYPE_CHECKING:
    from cifar7.imports.python.machine import Machine

Run = Callable[["Machine", list[Value], dict[str, Value], int], Value]


def unknown_of(row: list[Value], named: dict[str, Value] | None = None) -> Unknown | None:
    """The first argument that is not known."""
    for value in (*row, *(named or {}).values()):
        if isinstance(value, Unknown):
            return value
        if isinstance(value, Size):
            return Unknown(described(value))
    return None


def strict(run: Callable[..., Value]) -> Run:
    """Of something unknown, unknown."""

    def careful(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
        unknown = unknown_of(row, named)
        return unknown if unknown else machine.budget.spend_on(run(machine, row, named))

    return careful


def of_numbers(function: Callable[..., Any]) -> Run:
    """A function of numbers alone."""

    def run(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
        if named or not all(plain.is_number(value) for value in row):
            raise OutsideError(f"{function.__name__} of {', '.join(map(described, row))}", "give it numbers")
        return function(*row)

    return strict(run)


def _converted(kind: type[int] | type[float]) -> Run:
    def run(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
        value = row[0] if row else 0
        if isinstance(value, str) and len(value) > 40:
            raise OutsideError("a number of more than 40 digits", "check it")
        if not isinstance(value, (int, float, str)):
            return Unknown(f"the number in {described(value)}")
        return kind(value)

    return strict(run)


def _len(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    (value,) = row
    if isinstance(value, Thing) and value.is_module:
        return len(value.parts)
    if isinstance(value, (str, list, tuple, dict, set, range)):
        return len(value)
    return Unknown(f"the length of {described(value)}")


def _range(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    if not all(isinstance(value, int) for value in row):
        raise OutsideError(
            f"range({', '.join(map(described, row))}) needs whole numbers", "write // for a whole number"
        )
    return range(*row)


def _zip(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return machine.budget.spend_on(list(zip(*(plain.items(machine.budget, value) for value in row))))


def _enumerate(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    start = row[1] if len(row) > 1 else named.get("start", 0)
    if not isinstance(start, int):
        raise OutsideError("enumerate starts at something else than a number", "give a whole number")
    if isinstance(row[0], Ignored):
        return row[0]
    return machine.budget.spend_on(list(enumerate(plain.items(machine.budget, row[0]), start)))


def _collected(kind: type[list] | type[tuple]) -> Run:
    def run(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
        if row and isinstance(row[0], (Unknown, Ignored)):
            return row[0]
        return machine.budget.spend_on(kind(plain.items(machine.budget, row[0]) if row else ()))

    return run


def _set(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    return {plain.key(value) for value in (plain.items(machine.budget, row[0]) if row else ())}


def _dict(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    if row and isinstance(row[0], Unknown):
        return row[0]
    made: dict[Value, Value] = {}
    if row and isinstance(row[0], dict):
        made.update(row[0])
    elif row:
        for pair in plain.items(machine.budget, row[0]):
            first, second = plain.items(machine.budget, pair)
            made[plain.key(first)] = second
    made.update(named)
    return machine.budget.spend_on(made)


def _extreme(function: Callable[..., Any]) -> Run:
    def run(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
        values = plain.items(machine.budget, row[0]) if len(row) == 1 else row
        unknown = unknown_of(values)
        if unknown:
            return unknown
        if named:
            raise OutsideError(
                f"{function.__name__} with key or default lies outside of what is read", "write the value"
            )
        return function(plain.ordered(values))

    return strict(run)


def _sum(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    if isinstance(row[0], Unknown):
        return row[0]
    total = row[1] if len(row) > 1 else named.get("start", 0)
    for value in plain.items(machine.budget, row[0]):
        total = binary(machine, ast.Add, total, value, line)
    return total


def _sorted(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    if set(named) - {"reverse"}:
        raise OutsideError("sorted with a key lies outside of what is read", "write the values in order")
    return sorted(plain.ordered(plain.items(machine.budget, row[0])), reverse=bool(named.get("reverse")))


def _reversed(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    return plain.items(machine.budget, row[0])[::-1]


def _quantified(every: bool) -> Run:
    def run(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
        truths = [machine.truth(value) for value in plain.items(machine.budget, row[0])]
        return all(truths) if every else any(truths)

    return strict(run)


def _isinstance(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    value, kind = row
    return is_instance(machine, value, kind)


def _issubclass(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    value, kind = row
    known = isinstance(value, Class) and isinstance(kind, Class)
    return kind in value.order if known else Unknown("whether it is a subclass")


def _getattr(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    target, name, *default = row
    if not isinstance(name, str):
        raise OutsideError(f"the name of an attribute is {described(name)}", "give a string")
    if default and _hasattr(machine, row[:2], {}, line) is False:
        return default[0]
    return attributes.get(machine, target, name, line)


def _hasattr(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    target, name = row
    if isinstance(target, (Unknown, Known)) or not isinstance(name, str):
        return Unknown(f"whether it has {described(name)}")
    try:
        found = attributes.get(machine, target, name, line)
    except OutsideError:
        return False
    return found if isinstance(found, Unknown) and not isinstance(target, Thing) else True


def _setattr(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> None:
    target, name, value = row
    if not isinstance(name, str):
        raise OutsideError(f"the name of an attribute is {described(name)}", "give a string")
    put(machine, target, name, value)


def _map(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    function, *rows = row
    rounds = list(zip(*(plain.items(machine.budget, value) for value in rows)))
    return machine.budget.spend_on([machine.call(function, list(values), {}, line) for values in rounds])


def _filter(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    function, values = row
    if isinstance(values, (Unknown, Ignored)):
        return values
    return [
        value
        for value in plain.items(machine.budget, values)
        if machine.truth(value if function is None else machine.call(function, [value], {}, line))
    ]


def _callable(machine: Machine, row: list[Value], named: dict[str, Value]) -> Value:
    return isinstance(row[0], (Known, Function, Class, Method, Wrapped)) or (
        isinstance(row[0], Thing) and row[0].is_module
    )


def _type(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
    if len(row) == 1 and isinstance(row[0], Thing):
        return row[0].cls or Known(f"torch.nn.{row[0].base}")
    if len(row) == 1 and type(row[0]) in (int, float, str, bool, list, tuple, dict, set):
        return Known(type(row[0]).__name__)
    return Unknown("what type() gives")


def _wrapped(how: str) -> Run:
    return lambda machine, row, named, line: Wrapped(how, row[0])


def _never(name: str) -> Run:
    def run(machine: Machine, row: list[Value], named: dict[str, Value], line: int) -> Value:
        if any(isinstance(value, Map) for value in row):
            raise OutsideError(f"{name} of a map lies outside of what is read", "use layers")
        return Unknown(f"{name}(…) is not run")

    return run


NEVER = (
    "open eval exec compile input globals locals vars dir id hash memoryview bytes bytearray breakpoint "
    "delattr exit quit help __import__ iter slice frozenset complex ascii chr ord bin hex oct super print "
    "Exception ValueError TypeError NotImplementedError RuntimeError AssertionError KeyError IndexError "
    "AttributeError ImportError ModuleNotFoundError StopIteration FileNotFoundError OSError Warning "
    "DeprecationWarning UserWarning BaseException KeyboardInterrupt ZeroDivisionError OverflowError "
    "NotImplemented Ellipsis aiter anext display get_ipython "
)
BUILTINS: dict[str, Run] = {
    **{name: _never(name) for name in NEVER.split()},
    "abs": of_numbers(abs), "round": of_numbers(round), "divmod": of_numbers(divmod),
    "int": _converted(int),
    "float": _converted(float),
    "pow": strict(lambda machine, row, named: plain.arithmetic(machine.budget, ast.Pow, *row)),
    "len": strict(_len), "range": strict(_range), "zip": _zip, "enumerate": _enumerate,
    "list": _collected(list), "tuple": _collected(tuple), "set": _set, "dict": _dict, "min": _extreme(min),
    "max": _extreme(max), "sum": _sum, "sorted": strict(_sorted), "reversed": strict(_reversed),
    "any": _quantified(False), "all": _quantified(True), "isinstance": _isinstance,
    "issubclass": strict(_issubclass), "getattr": _getattr, "hasattr": _hasattr, "setattr": _setattr,
    "map": _map, "filter": _filter, "next": _never("next"), "callable": strict(_callable), "type": _type,
    "property": _wrapped("property"), "staticmethod": _wrapped("staticmethod"),
    "classmethod": _wrapped("classmethod"), "object": lambda machine, row, named, line: Thing("object", line),
    "str": strict(lambda machine, row, named: plain.text_of(row[0]) if row else ""),
    "repr": strict(lambda machine, row, named: Unknown("what repr() gives")),
    "bool": strict(lambda machine, row, named: machine.truth(row[0]) if row else False),
    "format": strict(lambda machine, row, named: plain.text_of(*row)),
}  # fmt: skip
