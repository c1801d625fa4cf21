"""The rows of a summary table, of torchsummary or torchinfo, as modules within modules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cifar7.imports.graph import UnreadableError
from cifar7.imports.tabular.parts import Shape
from cifar7.imports.tabular.text import HEADER, MOST_ROWS, PLAIN_ROW, number

PLAIN = re.compile(r"^\s*(\S+)-(\d+)\s+(\[.*\])\s+([\d,]+)\s*$")
# torchinfo: the branches of the tree, the class, its name, its depth and number, then the columns.
TREE = re.compile(
    r"^(?P<tree>(?:[│|] {4}| {5})*)(?P<knot>[├└]─|\+ )?(?P<type>[A-Za-z_][\w.]*)"
    r"(?: \((?P<name>[^()\s]+)\))?(?:: (?P<depth>\d+)-(?P<index>\d+))?(?P<cells>\s+\S.*)$"
)
CELL = re.compile(r"\[[^\]]*\]|\(recursive\)|--|[\d.,]+%?|True|False|Partial")
TITLES = {
    "Input Shape": "input", "Output Shape": "output", "Param #": "parameters", "Param %": "share",
    "Kernel Shape": "kernel", "Mult-Adds": "macs", "Trainable": "trainable",
}  # fmt: skip
LARGEST = 10_000_000  # flat values, or channels
LARGEST_SIDE = 1_024  # of a map


@dataclass(slots=True)
class Row:
    """A line of a table."""

    type: str
    line: int
    depth: int = 1
    name: str = ""
    label: str = ""  # "Conv2d-7", to point at it
    shape: Shape | None = None
    given: Shape | None = None  # the map it gets, where the table says it
    parameters: int | None = None
    kernel: Shape | None = None
    again: bool = False
    children: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """All rows below the model's own. `nested`: they stand in a tree, a container before what it holds."""

    root: Row
    nested: bool


def table(lines: list[str]) -> Table:
    """The table in a text; where there are several, the longest."""
    found = [_plain(lines)] if any(PLAIN_ROW.match(line) for line in lines) else []
    heads = [at for at, line in enumerate(lines) if HEADER.search(line)]
    for at in heads[:10]:
        if ":depth-idx" in lines[at] or "(var_name)" in lines[at] or not found:
            tree = _nested(lines, at)
            found += [tree] if tree.root.children else []
    if not found:
        raise UnreadableError(
            "no rows of a summary table in the text",
            "paste all of what torchsummary or torchinfo prints, with its header",
        )
    return max(found, key=lambda one: _count(one.root))


def _count(row: Row) -> int:
    return 1 + sum(map(_count, row.children))


def _plain(lines: list[str]) -> Table:
    """torchsummary's: leaves in the order of their calls, a class of the student's behind what it holds."""
    root = Row("Model", 1)
    last = 0
    for at, line in enumerate(lines):
        if not (found := PLAIN.match(line)):
            continue
        if int(found[2][:9]) <= last and root.children:
            break  # another table begins
        last = int(found[2][:9])
        row = Row(found[1], at + 1, label=f"{found[1]}-{last}", shape=_shape(found[3], at + 1))
        row.parameters = _whole(found[4], at + 1)
        root.children.append(row)
        _limit(len(root.children), at + 1)
    root.line = root.children[0].line if root.children else 1
    return Table(root, False)


def _nested(lines: list[str], head: int) -> Table:
    """torchinfo's, with the columns that its header names."""
    columns = [TITLES[title] for title in sorted(TITLES, key=lines[head].find) if title in lines[head]]
    for name, title in (("output", "Output Shape"), ("parameters", "Param #")):
        if name not in columns:
            raise UnreadableError(
                f"line {head + 1}: the table has no column {title}",
                'make it with summary(model, input_size, col_names=("output_size", "num_params"))',
            )
    named = "var_name" in lines[head]
    root: Row | None = None
    open_rows: list[Row] = []
    count = 0
    for at in range(head + 1, len(lines)):
        line = lines[at]
        if not line.strip() or re.fullmatch(r"\s*[=─-]{4,}\s*", line):
            if root is None or not line.strip():
                continue
            break
        found = TREE.match(line)
        if not found:
            continue
        if re.match(r"\s*(Total|Trainable|Non-trainable|Input|Params|Forward)\b", line):
            break
        row = _row(found, columns, at + 1, named)
        count += 1
        _limit(count, at + 1)
        if root is None:
            row.depth = 0
            root, open_rows = row, [row]
        elif found["knot"] or found["depth"]:
            while len(open_rows) > 1 and open_rows[-1].depth >= row.depth:
                open_rows.pop()
            parent = open_rows[-1]
            if row.type in ("weight", "bias"):  # torchinfo's verbose rows
                continue
            row.name = f"{parent.name}.{row.name}" if parent.name and row.name else row.name
            parent.children.append(row)
            open_rows.append(row)
    if root is None:
        return Table(Row("Model", head + 1), True)
    return Table(root, True)


def _row(found: re.Match[str], columns: list[str], line: int, named: bool) -> Row:
    cells = dict(zip(columns, CELL.findall(found["cells"])))
    depth = int(found["depth"][:4]) if found["depth"] else len(found["tree"]) // 5 + 1
    label = f"{found['type']} {found['depth']}-{found['index']}" if found["depth"] else found["type"]
    row = Row(found["type"], line, depth, (found["name"] or "") if named and found["knot"] else "", label)
    row.shape = _shape(cells.get("output", "--"), line)
    row.given = _shape(cells.get("input", "--"), line)
    if "parameters" in columns:
        text = cells.get("parameters", "--")
        row.again = text == "(recursive)"
        row.parameters = 0 if text == "--" else None if row.again else _whole(text, line)
    kernel = _numbers(cells.get("kernel", "--"), line)
    row.kernel = kernel[-2:] if len(kernel) > 1 else None
    return row


def _numbers(text: str, line: int) -> tuple[int, ...]:
    if not text.startswith("["):
        return ()
    if "[" in text[1:]:
        raise UnreadableError(
            f"line {line}: {text[:40]} is more than one map", "layers with one output can be read"
        )
    found = tuple(int(piece) for piece in re.findall(r"-?\d+", text) if len(piece) < 10)
    if any(side > LARGEST for side in found) or any(side > LARGEST_SIDE for side in found[2:]):
        raise UnreadableError(
            f"line {line}: {text[:40]} is too large",
            f"maps of up to {LARGEST_SIDE:,} pixels a side can be read",
        )
    return found


def _shape(text: str, line: int) -> Shape | None:
    """ "[-1, 32, 16, 16]" without the batch: (32, 16, 16)."""
    sides = _numbers(text, line)
    return sides[1:] if len(sides) > 1 and min(sides[1:]) > 0 else None


def _whole(text: str, line: int) -> int:
    count = number(text)
    if count is None:
        raise UnreadableError(
            f"line {line}: {text[:20]!r} parameters", 'a whole number such as "9,216" stands there'
        )
    return count


def _limit(count: int, line: int) -> None:
    if count > MOST_ROWS:
        raise UnreadableError(f"line {line}: the table goes on", f"at most {MOST_ROWS:,} rows can be read")
