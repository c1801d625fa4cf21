"""A notebook: its code cells in a row, with the cell and line of each."""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

from cifar7.imports.graph import Graph, Remark, UnreadableError
from cifar7.imports.python.bounds import CHARACTERS, LINE, TOO_MUCH
from cifar7.imports.python.claims import Prose
from cifar7.imports.python.reader import read

LARGEST = 5_000_000  # characters of JSON, pictures among them
MAGIC = re.compile(r"\s*[%!?]|\s*\w+(\s*,\s*\w+)*\s*=\s*[!%]|.*\?\s*$")


@dataclass(frozen=True, slots=True)
class Joined:
    """The code of a notebook as one text; for each of its lines, from 0, the cell and the line in it."""

    text: str
    lines: tuple[tuple[int, int], ...]
    prose: tuple[Prose, ...]
    remarks: tuple[Remark, ...]

    def where(self, line: int) -> str:
        """A line of the joined text as a person finds it in the notebook."""
        if not 0 < line <= len(self.lines):
            return f"line {line}"
        cell, inside = self.lines[line - 1]
        return f"cell {cell}, line {inside}"


def read_notebook(text: str, class_name: str = "") -> Graph:
    """The network of a notebook. Lines in the graph are those of the joined text (`joined_cells`).

    Raises UnreadableError, with cell and line in words, for what lies outside of what is read.
    """
    joined = joined_cells(text)
    return read(joined.text, class_name, joined.where, list(joined.prose), joined.remarks)


def joined_cells(text: str) -> Joined:
    """The code of a notebook: lines for the shell and cells that are not Python are left out, and said.

    Cells are counted from 1 over all cells, text among them. Raises UnreadableError for what is no notebook.
    """
    code: list[str] = []
    lines: list[tuple[int, int]] = []
    prose: list[Prose] = []
    remarks: list[Remark] = []
    for number, cell in enumerate(_cells(text), 1):
        source = _text(cell.get("source", cell.get("input", "")))
        if cell.get("cell_type") == "markdown":
            prose.extend((len(lines), row) for row in source.split("\n"))
        if cell.get("cell_type") != "code":
            continue
        kept = _python(source)
        if kept is None:
            said = f"cell {number} is left out: it is not Python"
            remarks.append(Remark("cell-left-out", said, len(lines) + 1))
            continue
        code.extend(kept)
        lines.extend((number, inside) for inside in range(1, len(kept) + 1))
        prose.extend((len(lines), row) for row in _outputs(cell))
        if len(lines) > CHARACTERS:
            raise UnreadableError(f"the code has more than {CHARACTERS:,} characters", TOO_MUCH)
    if not code:
        raise UnreadableError(
            "the notebook has no cell with Python code", "import the one with the class of the network"
        )
    return Joined("\n".join(code), tuple(lines), tuple(prose), tuple(remarks))


def _cells(text: str) -> list[dict[str, Any]]:
    if len(text) > LARGEST:
        raise UnreadableError(
            f"the notebook has more than {LARGEST:,} characters",
            "clear its outputs, or paste the cell with the class",
        )
    try:
        loaded = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError, MemoryError):
        raise UnreadableError(
            "this is not the JSON of a notebook", "give an .ipynb file as Jupyter saves it"
        ) from None
    sheets = loaded.get("worksheets") if isinstance(loaded, dict) else None
    if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict):
        loaded = sheets[0]
    cells = loaded.get("cells") if isinstance(loaded, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("this JSON has no cells", "give an .ipynb file as Jupyter saves it")
    return [cell if isinstance(cell, dict) else {} for cell in cells]


def _text(value: Any) -> str:
    """A text that the notebook may hold as a list of its lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _python(source: str) -> list[str] | None:
    """The lines of a cell, those for the shell empty; None where it is not Python."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(("%%time", "%%capture")):
        return None
    rows = source.split("\n")
    if _parses(source):
        return rows
    kept = ["pass".rjust(len(row) - len(row.lstrip()) + 4) if MAGIC.match(row) else row for row in rows]
    return kept if _parses("\n".join(kept)) else None


def _parses(source: str) -> bool:
    if len(source) > CHARACTERS:
        raise UnreadableError(f"a cell has more than {CHARACTERS:,} characters", TOO_MUCH)
    if any(len(row) > LINE for row in source.split("\n")):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _outputs(cell: dict[str, Any]) -> list[str]:
    """The text that a cell has printed, as far as it says the total of the parameters."""
    rows: list[str] = []
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            data = output.get("data")
            plain = data.get("text/plain") if isinstance(data, dict) else None
            printed = _text(output.get("text")) or _text(plain)
            rows.extend(row for row in printed[:100_000].split("\n") if "otal" in row)
    return rows
