"""The arguments of torch's layers and functions, put to their names, and read as what they have to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cifar7.imports.python.bounds import LARGEST
from cifar7.imports.python.values import OutsideError, Size, Unknown, Value, described

REQUIRED = object()
WORDS: dict[str, Any] = {"True": True, "False": False, "None": None}


def signature(text: str) -> dict[str, Any]:
    """From "kernel_size, stride=1, mode='zeros'": names with their defaults. Only for tables of our own."""
    names: dict[str, Any] = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        name, _, default = part.partition("=")
        names[name] = _constant(default) if default else REQUIRED
    return names


def _constant(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if text.startswith("'"):
        return text[1:-1]
    return float(text) if "." in text or "e" in text else int(text)


def bind(
    what: str, names: Mapping[str, Any], arguments: Sequence[Value], keywords: Mapping[str, Value]
) -> dict[str, Value]:
    """Arguments by name, with defaults where none is given."""
    if len(arguments) > len(names):
        raise OutsideError(
            f"{what} takes at most {len(names)} arguments and gets {len(arguments)}", "leave some out"
        )
    bound = dict(zip(names, arguments))
    for name, value in keywords.items():
        if name not in names:
            raise OutsideError(f"{what} has no argument {name!r}", f"it has {', '.join(names)}")
        if name in bound:
            raise OutsideError(f"{what} gets {name!r} twice", "give it once")
        bound[name] = value
    for name, default in names.items():
        if name not in bound:
            if default is REQUIRED:
                raise OutsideError(f"{what} lacks {name!r}", f"give it: {what}({name}=…)")
            bound[name] = default
    return bound


class Arguments:
    """The bound arguments of one call, read one by one."""

    def __init__(self, what: str, bound: dict[str, Value]) -> None:
        self.what, self.bound = what, bound

    def __getitem__(self, name: str) -> Value:
        value = self.bound[name]
        if isinstance(value, Unknown):
            raise OutsideError(
                f"{name} of {self.what} is {described(value)}", "write its value into the text"
            )
        return value

    def whole(self, name: str, least: int = 1) -> int:
        """A whole number."""
        return self._whole(self[name], name, least)

    def _whole(self, value: Value, name: str, least: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            hint = "write // for a whole number" if isinstance(value, float) else f"give a number, {name}=…"
            raise OutsideError(f"{name} of {self.what} is {described(value)}, not a whole number", hint)
        if not least <= value <= LARGEST:
            raise OutsideError(
                f"{name} of {self.what} is {described(value)}", f"it has to be from {least} to {LARGEST:,}"
            )
        return value

    def side(self, name: str, least: int = 1) -> int:
        """A whole number, or the two equal ones of a square."""
        value = self[name]
        if not isinstance(value, (list, tuple)):
            return self._whole(value, name, least)
        sides = [self._whole(item, name, least) for item in value]
        if not 1 <= len(sides) <= 2 or sides[0] != sides[-1]:
            raise OutsideError(
                f"{name} of {self.what} is {described(value)}: only squares are read",
                f"give one number, {name}=…",
            )
        return sides[0]

    def flag(self, name: str) -> bool:
        """True or False; any number counts as torch counts it."""
        value = self[name]
        if value is None or isinstance(value, (bool, int, float)):
            return bool(value)
        raise OutsideError(f"{name} of {self.what} is {described(value)}", "give True or False")

    def number(self, name: str, low: float = -1e6, high: float = 1e6) -> float:
        """A number."""
        value = self[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise OutsideError(
                f"{name} of {self.what} is {described(value)}", f"give a number from {low:g} to {high:g}"
            )
        return float(value)

    def only(self, name: str, *values: Any) -> None:
        """Refuse everything but these: it changes what is computed, and no network here can say it."""
        value = self[name]
        if not any(value is v or (type(value) is type(v) and value == v) for v in values):
            raise OutsideError(
                f"{name}={described(value)} of {self.what} lies outside of what is read",
                f"leave it at {described(values[0])}",
            )

    def whole_map(self, name: str) -> bool:
        """Whether a window is written as the sides of the map itself: x.size()[2:]."""
        value = self.bound[name]
        row = value if isinstance(value, (list, tuple)) else [value]
        return bool(row) and all(isinstance(item, Size) and item.what == "side" for item in row)
