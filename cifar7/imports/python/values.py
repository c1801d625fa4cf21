"""The values that the reader computes with. None of them can do anything: what they mean stands in tables.

Beside these, numbers, strings, None, lists, tuples, dicts, sets and ranges stand for themselves.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from cifar7.errors import UserError

Value = Any  # one of the classes below, or plain data
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")


class OutsideError(UserError):
    """What lies outside of what is read, and what would be right. Whoever knows the line adds it."""

    def __init__(self, fault: str, cure: str = "", line: int = 0) -> None:
        super().__init__(fault, cure)
        self.line = line


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the text does not tell: only where the network depends on it is that a fault."""

    why: str


@dataclass(frozen=True, slots=True)
class Training:
    """`self.training`: true while it learns."""


@dataclass(frozen=True, slots=True)
class Known:
    """Something of torch or of Python's library by its full name, "torch.nn.Conv2d"; or a builtin, "len"."""

    path: str

    @property
    def last(self) -> str:
        """Its name without the package."""
        return self.path.rpartition(".")[2]


@dataclass(eq=False, slots=True)
class Scope:
    """The names of the module, a class body or a call of a function."""

    names: dict[str, Value]
    parent: Scope | None = None
    is_class: bool = False
    transparent: bool = False  # a comprehension: := binds outside of it
    owner: Class | None = None  # whose method runs, for super()
    me: Value = None
    outer: set[str] = field(default_factory=set)  # declared global or nonlocal
    yields: list[Value] | None = None

    def bind(self, name: str, value: Value) -> None:
        """`name = value`, where `global` and `nonlocal` say."""
        at = self
        if name in self.outer:
            above = self.parent
            while above and above.parent and name not in above.names:
                above = above.parent
            at = above or self
        at.names[name] = value


@dataclass(eq=False, slots=True)
class Function:
    """A function, lambda or method of the text."""

    name: str
    node: ast.FunctionDef | ast.Lambda
    scope: Scope
    defaults: list[Value]
    keyword_defaults: dict[str, Value]
    owner: Class | None = None


@dataclass(eq=False, slots=True)
class Wrapped:
    """A function under @property, @staticmethod or @classmethod."""

    how: str
    function: Value


@dataclass(eq=False, slots=True)
class Bound:
    """A function of the text with its first argument."""

    function: Value
    me: Value


@dataclass(eq=False, slots=True)
class Method:
    """A method that the reader knows, by name, of a value."""

    name: str
    me: Value


@dataclass(eq=False, slots=True)
class Partial:
    """functools.partial."""

    function: Value
    arguments: list[Value]
    keywords: dict[str, Value]


@dataclass(eq=False, slots=True)
class Super:
    """super(): attributes of `me` from the classes after `after`."""

    me: Value
    after: Class


@dataclass(eq=False, slots=True)
class Default:
    """dataclasses.field(default_factory=…)."""

    factory: Value


@dataclass(eq=False, slots=True)
class Class:
    """A class of the text. `order`: itself and its bases, the nearest first, then `base`."""

    name: str
    line: int
    names: dict[str, Value]
    order: list[Class]
    base: str  # name in torch.nn that it comes from in the end, or "object"
    node: ast.ClassDef | None = None
    fields: list[str] | None = None  # of a dataclass
    foreign: str = ""  # a base class whose text is not here

    def find(self, name: str) -> tuple[Value, Class] | None:
        """What the name means in the class and its bases, and in which of them."""
        return next(((c.names[name], c) for c in self.order if name in c.names), None)


@dataclass(slots=True)
class Call:
    """What a layer does when it is called."""

    kind: str
    settings: dict[str, Any]
    parameters: int = 0
    inplace: bool = False
    lazy: bool = False  # takes its number of input channels from what it gets
    refusal: tuple[str, str] | None = None  # fault and cure, when it is called


@dataclass(eq=False, slots=True)
class Thing:
    """An object: a layer, a container, a network, or some other class's."""

    base: str  # name in torch.nn, or "object"
    line: int
    cls: Class | None = None
    attributes: dict[str, Value] = field(default_factory=dict)
    call: Call | None = None
    ready: bool = False  # whether the __init__ of its base in torch has run
    parts: set[str] = field(default_factory=set)  # the attributes of a container that are its items

    @property
    def is_module(self) -> bool:
        """Whether it is an nn.Module."""
        return self.base != "object"

    def items(self) -> dict[str, Value]:
        """The items of a container, in order."""
        return {key: value for key, value in self.attributes.items() if key in self.parts}

    def children(self) -> dict[str, Thing]:
        """Its modules by attribute, in order, as torch registers them."""
        return {k: v for k, v in self.attributes.items() if isinstance(v, Thing) and v.is_module}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that is no map: zeros, a parameter. Only its shape counts."""

    shape: tuple[int, ...] | None = None
    learnt: bool = False


@dataclass(eq=False, slots=True)
class Map:
    """What flows through the network: a place in the graph, changed by what works in place.

    `form`: map (B, C, H, W); flat (B, features); behind (B, H, W, C); rows (B, C, H·W); or, on the way to
    flat, averaged or squeezed along one of its sides.
    """

    place: int
    channels: int | None = None  # or features
    form: str = "map"
    single: bool = False  # known to be of one pixel

    def like(self, place: int) -> Map:
        """A map of the same shape from another place."""
        return Map(place, self.channels, self.form, self.single)


@dataclass(frozen=True, slots=True)
class Size:
    """An extent that is not known as a number: batch, side, channels or features."""

    what: str


@dataclass(eq=False, slots=True)
class Ignored:
    """What a loop is not gone through for: all modules or parameters, to set their weights."""


@dataclass(frozen=True, slots=True)
class Returned:
    """How a block ends that returns."""

    value: Value


End = Returned | str | None  # how a block ends: None where it runs to its end, else "break" or "continue"
SCALARS = (int, float, str, bool, type(None))


def holds_map(value: Value) -> bool:
    """Whether a map is passed, alone or in a row."""
    if isinstance(value, (list, tuple)):
        return any(isinstance(item, Map) for item in value)
    return isinstance(value, Map)


def described(value: Value) -> str:
    """A value in an error message, short."""
    match value:
        case Map():
            return "a map"
        case Unknown(why=why):
            return f"not known ({why})"
        case Training():
            return "self.training"
        case Size(what=what):
            return f"the {what} of a map"
        case Known(path=path):
            return path.replace("torch.nn.functional.", "F.").replace("torch.nn.", "nn.")
        case Thing():
            return value.cls.name if value.cls else f"nn.{value.base}" if value.is_module else "an object"
        case Function() | Class():
            return value.name
        case Tensor():
            return "a tensor"
        case bool() | int() | float() | None:
            return repr(value)
        case str():
            return repr(value[:40])
        case list() | tuple():
            if len(value) <= 4 and all(isinstance(item, (*SCALARS, Size)) for item in value):
                inside = ", ".join(described(item) for item in value)
                return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
            return "a list" if isinstance(value, list) else "a tuple"
    return {"dict": "a dict", "set": "a set", "range": "a range"}.get(type(value).__name__, "something else")
