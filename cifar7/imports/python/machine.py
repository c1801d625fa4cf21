"""The reader's machine: it goes through a declared part of Python, step by step, over values of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cifar7.imports.graph import UnreadableError
from cifar7.imports.python.bounds import DEPTH, Budget
from cifar7.imports.python.forward.tape import Tape
from cifar7.imports.python.values import (
    CONTAINERS,
    Bound,
    Class,
    End,
    Known,
    Map,
    OutsideError,
    Partial,
    Scope,
    Size,
    Tensor,
    Thing,
    Training,
    Unknown,
    Value,
    Wrapped,
    described,
)  # fmt: skip

HOST_FAULTS = (ArithmeticError, LookupError, TypeError, ValueError, RecursionError, MemoryError)


@dataclass(eq=False, slots=True)
class Attempt:
    """A module that the text makes outside of any other; `thing` once its constructor has run to its end."""

    cls: Class
    row: list[Value]
    named: dict[str, Value]
    line: int
    thing: Thing | None = None


Read = Callable[["Machine", Any, Scope], Value]
Run = Callable[["Machine", Any, Scope], End]
Function = Callable[["Machine", list[Value], dict[str, Value], int], Value]
Caller = Callable[["Machine", Any, list[Value], dict[str, Value], int], Value]


@dataclass(frozen=True, slots=True)
class Tables:
    """What the machine can do, whole: what stands in none of them is not read."""

    expressions: Mapping[type[ast.expr], Read]
    statements: Mapping[type[ast.stmt], Run]
    builtins: Mapping[str, Function]  # by the name in the text
    calls: Mapping[type, Caller]  # by the class of the value that is called


class Machine:
    """One reading: its names, its steps, and the calls of the forward pass.

    The parts of the reader reach each other through it, so that no file of them needs one that needs it.
    """

    def __init__(self, where: Callable[[int], str], tables: Tables) -> None:
        self.where = where  # from a line of the text to what a person calls it
        self.tables = tables
        self.budget = Budget()
        self.tape = Tape()
        self.top = Scope({"__name__": "__main__", "__file__": Unknown("the place of the file")})
        self.starred = ""  # a package whose names were imported by *
        self.attempts: list[Attempt] = []  # networks made outside of any other, in order
        self.broken: dict[str, UnreadableError] = {}  # classes that could not be read
        self.inside = 0  # constructors that are running
        self.returned = 0  # line of the last return

    def fault(self, line: int, fault: str, cure: str = "") -> UnreadableError:
        """An error that names its line."""
        return UnreadableError(f"{self.where(line)}: {fault}" if line else fault, cure)

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """What an expression means."""
        self.budget.spend()
        read = self.tables.expressions.get(type(node))
        try:
            if read is None:
                raise OutsideError(f"{_called(node)} lies outside of what is read", "write it without")
            return read(self, node, scope)
        except UnreadableError:
            raise
        except OutsideError as outside:
            raise self.fault(outside.line or node.lineno, outside.fault, outside.cure) from None
        except HOST_FAULTS as error:
            raise self.host_fault(node.lineno, error) from None

    def block(self, body: list[ast.stmt], scope: Scope) -> End:
        """Statements one after the other."""
        for node in body:
            end = self.statement(node, scope)
            if end is not None:
                return end
        return None

    def statement(self, node: ast.stmt, scope: Scope) -> End:
        """One statement."""
        self.budget.spend()
        run = self.tables.statements.get(type(node))
        try:
            if run is None:
                raise OutsideError(
                    f"{_called(node)} lies outside of what is read", "write it with if, for and calls"
                )
            return run(self, node, scope)
        except UnreadableError:
            raise
        except OutsideError as outside:
            raise self.fault(outside.line or node.lineno, outside.fault, outside.cure) from None
        except HOST_FAULTS as error:
            raise self.host_fault(node.lineno, error) from None

    def call(self, target: Value, row: list[Value], named: dict[str, Value], line: int) -> Value:
        """`target(*row, **named)`."""
        self.enter()
        try:
            match target:
                case Bound():
                    return self.call(target.function, [target.me, *row], named, line)
                case Partial():
                    return self.call(
                        target.function, [*target.arguments, *row], {**target.keywords, **named}, line
                    )
                case Wrapped():
                    return self.call(target.function, row, named, line)
            run = self.tables.calls.get(type(target))
            if run is None:
                raise OutsideError(f"{described(target)} cannot be called", "check the name")
            return run(self, target, row, named, line)
        finally:
            self.leave()

    def host_fault(self, line: int, error: Exception) -> UnreadableError:
        """What Python itself would complain about, or what is nested too deep."""
        if isinstance(error, (RecursionError, MemoryError)):
            return self.fault(line, "the text is nested too deep to read", "write it with fewer levels")
        words = {
            "ZeroDivisionError": "a division by zero",
            "KeyError": "a key is missing",
            "IndexError": "no such place",
        }
        why = words.get(type(error).__name__, "the values do not fit")
        return self.fault(line, f"this cannot be worked out: {why}", "check the values on this line")

    def name(self, name: str, scope: Scope) -> Value:
        """What a name means here."""
        at: Scope | None = scope
        while at is not None:
            if name in at.names and (at is scope or not at.is_class):
                return at.names[name]
            at = at.parent
        if name in self.tables.builtins:
            return Known(name)
        if self.starred:
            return Unknown(f"{name} comes from {self.starred}, whose text is not here")
        raise OutsideError(f"the name {name} is not defined", "paste its definition above")

    def truth(self, value: Value) -> bool:
        """Whether a condition holds."""
        match value:
            case Unknown(why=why):
                raise OutsideError(
                    f"a condition depends on what is not known: {why}", "write its value into the text"
                )
            case Training():
                raise OutsideError("a condition depends on self.training", "write the layers without it")
            case Thing():
                return bool(value.parts) or value.base not in CONTAINERS
            case str() | int() | float() | list() | tuple() | dict() | set() | range() | None:
                return bool(value)
            case Known() | Class():
                return True
            case Map() | Size() | Tensor():
                raise OutsideError(
                    f"a condition depends on {described(value)}",
                    "a network that is read does the same for every image",
                )
        return True

    def attempt(self, cls: Class, row: list[Value], named: dict[str, Value], line: int) -> Attempt:
        """Note that the text begins to make a module."""
        self.attempts.append(Attempt(cls, row, named, line))
        return self.attempts[-1]

    def enter(self) -> None:
        """One call within another."""
        self.budget.depth += 1
        if self.budget.depth > DEPTH:
            raise OutsideError(
                f"more than {DEPTH} calls within each other", "check for a function that calls itself"
            )

    def leave(self) -> None:
        """Back from a call."""
        self.budget.depth -= 1


def _called(node: ast.AST) -> str:
    names = {
        "Await": "await",
        "JoinedStr": "an f-string",
        "TemplateStr": "a t-string",
        "AsyncFunctionDef": "an async function",
    }
    name = type(node).__name__
    return names.get(name, name.lower())
