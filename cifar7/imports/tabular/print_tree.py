"""The text of print(model) as modules within modules."""

from __future__ import annotations

import re

from cifar7.imports.graph import UnreadableError
from cifar7.imports.tabular.parts import Part
from cifar7.imports.tabular.printed_layers import NOTHING, layer
from cifar7.imports.tabular.text import CHILD, MOST_ROWS, OPENING

DEEPEST = 40  # containers within containers
WRAPS = 4  # lines that a terminal may have made of one
NUMBERED = re.compile(r"(\d{1,6})-(\d{1,6})$")  # "(0-2): 3 x Conv2d(…)"


class _Open:
    """A container whose closing bracket has not come yet."""

    def __init__(self, name: str, type_: str, line: int, span: range | None = None) -> None:
        self.name, self.type, self.line, self.span = name, type_, line, span
        self.children: list[Part] = []


def parse(lines: list[str], start: int) -> tuple[Part, int]:
    """The module that the line at `start` opens, and the place behind its last line."""
    opening = OPENING.match(lines[start])
    if not opening:
        raise UnreadableError("no printed model", "paste all of what print(model) shows")
    stack = [_Open("", opening[1], start + 1)]
    at, layers = start + 1, 0
    while at < len(lines):
        text, line = lines[at].strip(), at + 1
        at += 1
        if text == ")":
            closed = stack.pop()
            if not stack:
                return Part("", closed.type, closed.line, children=tuple(closed.children)), at
            _add(
                stack[-1],
                closed.span,
                Part(closed.name, closed.type, closed.line, children=tuple(closed.children)),
            )
        elif found := CHILD.match(text):
            if text.endswith("("):
                stack.append(_open(stack[-1], found, line))
            else:
                wrapped = 0
                while text.count("(") > text.count(")") and at < len(lines) and wrapped < WRAPS:
                    text, at, wrapped = f"{text} {lines[at].strip()}", at + 1, wrapped + 1
                _add(stack[-1], _span(found, line), _leaf(stack[-1], found, text, line))
            layers += 1
        if len(stack) > DEEPEST or layers > MOST_ROWS or sum(len(o.children) for o in stack) > MOST_ROWS:
            raise UnreadableError(
                f"line {line}: more than {DEEPEST} modules within each other, or {MOST_ROWS:,} in all",
                "only smaller models can be read",
            )
    raise UnreadableError(
        f"line {stack[-1].line}: the bracket of {stack[-1].type} is never closed",
        "paste all of what print(model) shows, to the last )",
    )


def _path(parent: _Open, name: str) -> str:
    return f"{parent.name}.{name}" if parent.name else name


def _span(found: re.Match[str], line: int) -> range | None:
    """Of "(0-2): 3 x": the names 0, 1, 2. None for a single name."""
    if not found[2]:
        return None
    numbers = NUMBERED.match(found[1])
    if (
        not numbers
        or not 1 <= int(found[2]) <= MOST_ROWS
        or int(numbers[2]) - int(numbers[1]) + 1 != int(found[2])
    ):
        raise UnreadableError(f"line {line}: ({found[1]}): {found[2]} x", 'such as "(0-2): 3 x" stands there')
    return range(int(numbers[1]), int(numbers[2]) + 1)


def _open(parent: _Open, found: re.Match[str], line: int) -> _Open:
    return _Open(_path(parent, found[1]), found[3], line, _span(found, line))


def _leaf(parent: _Open, found: re.Match[str], text: str, line: int) -> Part:
    name, type_ = _path(parent, found[1]), found[3].rpartition(".")[2]
    inside = text[found.end() :]
    if not inside.endswith(")"):
        raise UnreadableError(
            f"line {line}: the bracket of {type_} is never closed", "paste whole lines of print(model)"
        )
    known = layer(type_, inside[:-1], line)
    if known:
        return Part(name, type_, line, *known)
    return Part(name, "Identity" if NOTHING.fullmatch(type_) else type_, line)


def _add(parent: _Open, span: range | None, part: Part) -> None:
    """A child; or several of the same, whose own numbers then stand in their paths."""
    if span is None:
        parent.children.append(part)
        return
    if len(span) * max(1, sum(1 for _ in part.layers())) > MOST_ROWS:
        raise UnreadableError(
            f"line {part.line}: {len(span)} times {part.type}", f"at most {MOST_ROWS:,} layers are read"
        )
    for number in span:
        parent.children.append(_renamed(part, part.name, _path(parent, str(number))))


def _renamed(part: Part, old: str, new: str) -> Part:
    children = tuple(_renamed(child, old, new) for child in part.children)
    return Part(new + part.name[len(old) :], part.type, part.line, part.kind, part.settings, children)
