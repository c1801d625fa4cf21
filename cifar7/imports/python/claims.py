"""What the text around a network says of it: its receptive field, its parameters, its image."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from cifar7.imports.graph import Claims

Prose = tuple[int, str]  # a line of text that is no code, and its number

_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,10})"
FIELD = re.compile(
    r"(?<![\w.])(?:RF|R\.F\.?|receptive[ _-]?field(?:[ _]size)?(?:\s?\(RF\))?)(?:[ _-]?out)?"
    r"(?:\s(?:is|of|now)|(?:\sof(?:\s\w{1,20}){1,4}\sis))?\s{0,3}(?:->|=>|[=:~≈–-])?\s{0,3}"
    r"(\d{1,4})(?!\d|\.\d|\s?%)(?:\s?[x×*]\s?\d{1,4})?",
    re.IGNORECASE,
)
TOTAL = re.compile(
    rf"total\s(?:number\sof\s)?(?:trainable\s)?param(?:eter)?s?\b\s{{0,3}}(?:[=:]|is|are)?\s{{0,20}}{_NUMBER}(?![\d.,]*[kKM\d])",
    re.IGNORECASE,
)
OURS = re.compile(
    r"([^\n:]{1,80}): images of (\d{1,3})x(\d{1,4})x(\d{1,4}) to (\d{1,6}) classes\.\s*(?:\n|$)"
)
OUR_COUNT = re.compile(rf"^\s*{_NUMBER} parameters, [\d,]+ multiply-accumulates an image\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Notes:
    """All that was found."""

    name: str
    image: tuple[int, int, int] | None
    claims: Claims


def found(text: str, tree: ast.Module, prose: list[Prose]) -> Notes:
    """Look through comments, docstrings and strings that stand by themselves, and `prose`."""
    beside = [*_comments(text), *_strings(tree), *prose]
    field, line, parameters = None, 0, None
    for number, words in beside:
        for match in FIELD.finditer(words):
            size = int(match[1])
            if 1 <= size <= 2000 and (field is None or size > field):
                field, line = size, number
        for match in TOTAL.finditer(words):
            parameters = int(match[1].replace(",", ""))
    ours = OURS.match(ast.get_docstring(tree) or "")
    name, image = "", None
    if ours:
        name, image = ours[1], (int(ours[2]), int(ours[3]), int(ours[4]))
        count = OUR_COUNT.search(ast.get_docstring(tree) or "")
        parameters = int(count[1].replace(",", "")) if count else parameters
    return Notes(name, image or _image(tree), Claims(parameters, field, line))


def _comments(text: str) -> list[Prose]:
    """Behind #, where the quotes before it are even."""
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        at = line.find("#")
        while at >= 0 and (line.count('"', 0, at) % 2 or line.count("'", 0, at) % 2):
            at = line.find("#", at + 1)
        if at >= 0:
            rows.append((number, line[at:2000]))
    return rows


def _strings(tree: ast.Module) -> list[Prose]:
    """Docstrings and other strings that are statements, line by line."""
    rows: list[Prose] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            rows.extend(enumerate(node.value.value.split("\n"), node.lineno))
    return sorted(rows)


def _image(tree: ast.Module) -> tuple[int, int, int] | None:
    """The size in summary(model, (3, 32, 32)), where the text has one."""
    sizes = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "summary":
            for value in (
                *node.args,
                *(k.value for k in node.keywords if k.arg in ("input_size", "input_shape")),
            ):
                size = _sides(value)
                if size:
                    sizes.add(size)
    return sizes.pop() if len(sizes) == 1 else None


def _sides(node: ast.expr) -> tuple[int, int, int] | None:
    if not isinstance(node, (ast.Tuple, ast.List)):
        return None
    sides = [n.value if isinstance(n, ast.Constant) and type(n.value) is int else 0 for n in node.elts][-3:]
    if len(sides) != 3 or not all(0 < side <= 4096 for side in sides):
        return None
    return sides[0], sides[1], sides[2]
