"""Fields of dataclasses with their limits and texts, declared once.

The check of a value, a page's control, a flag and a comment in an exported file all read the declaration. No
torch, no Streamlit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from types import MappingProxyType
from typing import Any

from cifar7.errors import UserError


def number(default: Any = MISSING, *, low: float, high: float, above: bool = False, **about: Any) -> Any:
    """A field with a range, both ends included; with `above`, the lower end is not.

    Its annotation says whether it takes whole numbers only, and None as well. `about`: fields of `Option`.
    """
    return field(default=default, metadata={"low": low, "high": high, "above": above, **about})


def choice(default: str | None, choices: tuple[str, ...] | Mapping[str, str], **about: Any) -> Any:
    """A field with a closed set of values, or a mapping of values to the labels that people see.

    `pattern`, a regular expression, and `form`, what it matches in words, admit further values.
    """
    labels = {"labels": choices} if isinstance(choices, Mapping) else {}
    return field(default=default, metadata={"choices": tuple(choices), **labels, **about})


def flag(default: bool, **about: Any) -> Any:
    """A field that is on or off."""
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True)
class Option:
    """A field as people meet it: on a page, on the command line, in a table and in an exported file."""

    name: str
    kind: str  # "whole", "decimal", "choice" or "flag"
    default: Any
    title: str  # of its control; where it says no more, the name with spaces
    help: str  # sentences
    group: str  # what it stands together with
    unit: str = ""  # of numbers: what is counted, in short
    low: float = 0
    high: float = 0
    above: bool = False  # the lower end does not belong to the range
    step: float = 1  # what plus and minus on a page add
    choices: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)  # of the choices
    pattern: str = ""  # of further values beside the choices
    form: str = ""  # ... in words
    noun: str = ""  # in a table of differences; where it says no more, the name with spaces
    constant: str = ""  # in an exported file; where it says no more, the name in capitals
    when: Mapping[str, str] = field(default_factory=dict)  # values of other fields without which it is idle

    @property
    def span(self) -> str:
        """The range as text, as in "from 1 to 1000"."""
        return _span(self.low, self.high, self.above)

    def applies(self, values: Any) -> bool:
        """Whether the other fields of `values` leave this one something to do."""
        return all(getattr(values, name) == value for name, value in self.when.items())

    def label(self, value: Any) -> str:
        """A value as people read it."""
        if isinstance(value, bool):
            return "on" if value else "off"
        return self.labels.get(value) or (f"{value:g}" if isinstance(value, float) else str(value))


def options(cls: type) -> Mapping[str, Option]:
    """The fields of a dataclass, each declared with group and help, by their names and in order."""
    return MappingProxyType({f.name: _option(f) for f in fields(cls)})


def _option(declared: Field[Any]) -> Option:
    about = dict(declared.metadata)
    kind = {"int": "whole", "float": "decimal", "bool": "flag"}.get(str(declared.type), "choice")
    about.setdefault("noun", declared.name.replace("_", " "))
    about.setdefault("title", declared.name.replace("_", " ").capitalize())
    about.setdefault("constant", declared.name.upper())
    return Option(declared.name, kind, declared.default, **about)


def read_value(value: Any, declared: Field[Any], where: str, error: type[UserError]) -> Any:
    """The value of a field, checked against its annotation and limits; raises `error`. `where`: names it."""
    limits, annotation = declared.metadata, str(declared.type)
    if value is None and "None" in annotation:
        return None
    if "choices" in limits:
        valid = value in limits["choices"] or _matches(value, limits.get("pattern", ""))
    elif "low" in limits:
        whole, low, high = "float" not in annotation, limits["low"], limits["high"]
        right_type = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        # Written so that a value that is not a number (nan) fails too.
        valid = right_type and low <= value <= high and not (limits["above"] and value == low)
        value = float(value) if valid and not whole else value
    elif annotation in ("bool", "bool | None"):
        valid = isinstance(value, bool)
    else:
        valid = isinstance(value, str) and 1 <= len(value) <= 60 and value.isprintable()
    if not valid:
        raise error(f"{where} is {show(value)}", f"it takes {_expected(declared)}.")
    return value


def _matches(value: Any, pattern: str) -> bool:
    return bool(pattern) and isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _expected(declared: Field[Any]) -> str:
    """What a field takes, in words."""
    limits, annotation = declared.metadata, str(declared.type)
    if "choices" in limits:
        return ", ".join(filter(None, (*limits["choices"], limits.get("form"))))
    if "low" in limits:
        sort = "a number" if "float" in annotation else "a whole number"
        return f"{sort} {_span(limits['low'], limits['high'], limits['above'])}"
    return "true or false" if "bool" in annotation else "a text of 1 to 60 printable characters"


def show(value: Any) -> str:
    """A value as it may stand in a message: short, on one line."""
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _span(low: float, high: float, above: bool) -> str:
    return f"above {low} and up to {high}" if above else f"from {low} to {high}"
