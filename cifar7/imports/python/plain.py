"""Arithmetic, comparison, items and text of plain data: every operation written out, and bounded before."""

from __future__ import annotations

import ast
import operator
import re
import string
from collections.abc import Callable, Iterable
from typing import Any

from cifar7.imports.python.bounds import BITS, Budget, limit_items
from cifar7.imports.python.values import SCALARS, Map, OutsideError, Size, Thing, Unknown, Value, described

ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
    ast.LShift: ("<<", operator.lshift),
    ast.RShift: (">>", operator.rshift),
    ast.BitAnd: ("&", operator.and_),
    ast.BitOr: ("|", operator.or_),
    ast.BitXor: ("^", operator.xor),
}
ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
SPEC = re.compile(r"[<>=^]?[+ -]?#?0?\d{0,3}[,_]?(\.\d{1,2})?[bdeEfFgGnoxXs%]?", re.ASCII)
PERCENT = re.compile(r"%(?:\((?P<key>\w+)\))?(?P<spec>[-+ 0#]*\d{0,3}(?:\.\d{1,2})?[sdifgrxXeE%])", re.ASCII)


def is_number(value: Value) -> bool:
    """Whether it is a number."""
    return isinstance(value, (int, float))


def arithmetic(budget: Budget, kind: type[ast.operator], left: Value, right: Value) -> Value:
    """`left` op `right` of plain data; of something unknown, unknown."""
    sign, operate = ARITHMETIC.get(kind, ("@", operator.matmul))
    for side in (left, right):
        if isinstance(side, Unknown):
            return side
    for side in (left, right):
        if isinstance(side, Size):
            return Unknown(f"the {side.what} of a map")
    if is_number(left) and is_number(right) and sign != "@":
        _limit_numbers(sign, left, right)
        return budget.spend_on(operate(left, right))
    if sign == "%" and isinstance(left, str):
        return percent(budget, left, right)
    for one, other in ((left, right), (right, left)):
        if sign == "*" and isinstance(one, (str, list, tuple)) and isinstance(other, int):
            limit_items(len(one) * max(other, 0))
            return budget.spend_on(one * other)
    same = next((t for t in (str, list, tuple) if isinstance(left, t) and isinstance(right, t)), None)
    if sign == "+" and same:
        limit_items(len(left) + len(right))
        return budget.spend_on(left + right)
    both = (left, right)
    if sign == "|" and all(isinstance(side, dict) for side in both):
        return budget.spend_on({**left, **right})
    if sign in "|&-^" and all(isinstance(side, (set, frozenset)) for side in both):
        return budget.spend_on(operate(left, right))
    raise OutsideError(f"{described(left)} {sign} {described(right)} cannot be worked out", "use numbers")


def _limit_numbers(sign: str, left: float, right: float) -> None:
    """Before it is worked out: whether the result may be long."""
    if sign not in ("**", "<<") or not isinstance(left, int) or not isinstance(right, int):
        return
    if right > BITS or (sign == "**" and left.bit_length() * max(right, 0) > 2 * BITS):
        raise OutsideError("a number is too large to be part of a network", "check the calculation")


def same(budget: Budget, left: Value, right: Value) -> bool | Unknown:
    """Whether two values are equal, as far as it is known."""
    budget.spend()
    for side in (left, right):
        if isinstance(side, Unknown):
            return side
        if isinstance(side, Size):
            return Unknown(f"the {side.what} of a map")
    if isinstance(left, SCALARS) or isinstance(right, SCALARS):
        return isinstance(left, SCALARS) and isinstance(right, SCALARS) and left == right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        if isinstance(left, list) != isinstance(right, list) or len(left) != len(right):
            return False
        if budget.depth > 200:
            raise OutsideError("lists are nested too deep", "write them flat")
        budget.depth += 1
        answers = [same(budget, a, b) for a, b in zip(left, right)]
        budget.depth -= 1
        return next((answer for answer in answers if answer is not True), True)
    if isinstance(left, (dict, set, frozenset, range)) or isinstance(right, (dict, set, frozenset, range)):
        return left is right or Unknown("a comparison of dicts or sets")
    return left is right or (type(left).__name__ == type(right).__name__ == "Known" and left == right)


def contains(budget: Budget, container: Value, item: Value) -> bool | Unknown:
    """Whether the item is in it."""
    if isinstance(item, Unknown):
        return item
    if isinstance(container, str) and isinstance(item, str):
        budget.spend(1 + (len(container) >> 6))
        return item in container
    if isinstance(container, range):
        return isinstance(item, int) and item in container
    answers = [same(budget, one, item) for one in container]
    if True in answers:
        return True
    return next((answer for answer in answers if answer is not False), False)


def items(budget: Budget, value: Value) -> list[Value]:
    """What a loop over a value goes through."""
    match value:
        case list() | tuple() | str() | dict() | set() | frozenset():
            budget.spend(len(value))
            return list(value)
        case range():
            budget.spend(1 + len(value[:1_000_000]))
            return list(value)
        case Thing(base="ModuleDict"):
            return list(value.items())
        case Thing() if value.is_module and value.base in ("Sequential", "ModuleList"):
            return list(value.items().values())
        case Thing() if value.cls and value.cls.fields and value.cls.base == "object":
            return [value.attributes[name] for name in value.cls.fields if name in value.attributes]
        case Map():
            raise OutsideError("a loop over a map lies outside of what is read", "use whole layers")
    raise OutsideError(
        f"a loop over what is {described(value)} cannot be read", "write the values into the text"
    )


def key(value: Value) -> Value:
    """A value that may stand as the key of a dict."""
    flat = value if isinstance(value, tuple) else (value,)
    if all(isinstance(item, SCALARS) for item in flat):
        return value
    if isinstance(value, Unknown):
        raise OutsideError(f"a key is {described(value)}", "write its value into the text")
    if isinstance(value, tuple):
        raise OutsideError(
            "a tuple of more than plain values is no key here", "use strings or numbers as keys"
        )
    try:
        hash(value)
    except TypeError:
        raise OutsideError(f"{described(value)} cannot be a key", "use strings or numbers as keys") from None
    return value


def text_of(value: Value, spec: str = "") -> str | Unknown:
    """A value as str() or format() writes it."""
    if isinstance(value, Unknown):
        return value
    if not isinstance(value, SCALARS):
        return Unknown(f"the text of {described(value)}")
    if not SPEC.fullmatch(spec):
        raise OutsideError(f"the format {spec[:20]!r} is not read", "use a plain one such as {i} or {i:02d}")
    return format(value, spec) if value is not None else "None"


def percent(budget: Budget, template: str, values: Value) -> str | Unknown:
    """`template % values`."""
    row = list(values) if isinstance(values, tuple) else [values]
    pieces: list[str] = []
    at = taken = 0
    for found in PERCENT.finditer(template):
        pieces.append(_literal(template[at : found.start()]))
        at = found.end()
        if found["spec"] == "%":
            pieces.append("%")
            continue
        value = values[found["key"]] if found["key"] else row[taken]
        taken += not found["key"]
        if isinstance(value, Unknown) or not isinstance(value, SCALARS):
            return Unknown(f"the text of {described(value)}")
        pieces.append(f"%{found['spec']}" % (value,))
    pieces.append(_literal(template[at:]))
    limit_items(sum(map(len, pieces)))
    return budget.spend_on("".join(pieces))


def _literal(text: str) -> str:
    if "%" in text:
        raise OutsideError("this % format is not read", "use a plain one such as %d or %s")
    return text


def formatted(budget: Budget, template: str, row: list[Value], named: dict[str, Value]) -> str | Unknown:
    """`template.format(*row, **named)`: names and places only, never attributes."""
    pieces: list[str] = []
    taken = 0
    for literal, name, spec, conversion in string.Formatter().parse(template):
        pieces.append(literal)
        if name is None:
            continue
        if not re.fullmatch(r"[A-Za-z_]\w*|\d{0,4}", name, re.ASCII) or conversion not in (None, "s"):
            raise OutsideError(
                f"the format field {{{name[:30]}}} is not read", "use a plain one such as {} or {name}"
            )
        if name == "":
            value, taken = row[taken], taken + 1
        else:
            value = row[int(name)] if name.isdigit() else named[name]
        text = text_of(value, spec or "")
        if isinstance(text, Unknown):
            return text
        pieces.append(text)
    limit_items(sum(map(len, pieces)))
    return budget.spend_on("".join(pieces))


def ordered(values: Iterable[Value]) -> list[Any]:
    """Values that can be put in order: numbers, or strings."""
    row = list(values)
    if not all(map(is_number, row)) and not all(isinstance(value, str) for value in row):
        raise OutsideError("only numbers, or only strings, can be put in order", "write the values out")
    return row
