"""A small table to show, read aloud and take away: HTML, CSV and a picture. No streamlit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from cifar7.ui.files import paper

_ROW, _LETTER, _GAP = 26, 7.2, 22  # pixels on paper: a row's height, a letter's width, between columns

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, a sentence that explains it, and whether it holds text (to the left) or numbers."""

    title: str
    tip: str = ""
    text: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`shown`: the cells as people read them. `values`: the same for a computer, exact, or None: as shown."""

    title: str
    columns: tuple[Column, ...]
    shown: tuple[tuple[str, ...], ...]
    values: tuple[tuple[Value, ...], ...] | None = None

    def html(self) -> str:
        """The table, which scrolls sideways where it is too wide; the first column heads its row."""
        heads = "".join(
            f'<th scope="col"{_text(column)}{_tip(column)}>{escape(column.title)}</th>'
            for column in self.columns
        )
        body = "".join(f'<tr class="first">{self._cells(row)}</tr>' for row in self.shown)
        name = escape(self.title, quote=True)
        return (
            f'<div class="c7-scroll" tabindex="0" role="region" aria-label="{name}">'
            f'<table class="c7-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    def _cells(self, row: Sequence[str]) -> str:
        first, *rest = (escape(cell) for cell in row)
        head, *others = self.columns
        return f'<th scope="row"{_text(head)}>{first}</th>' + "".join(
            f"<td{_text(column)}>{cell}</td>" for column, cell in zip(others, rest, strict=True)
        )

    def csv(self) -> bytes:
        """Comma-separated, with a heading; a formula in a class's name stays text in a spreadsheet."""
        return comma_separated([column.title for column in self.columns], self.values or self.shown)

    def png(self) -> bytes:
        """The table on paper."""
        cells = [[column.title for column in self.columns], *self.shown]
        widths = [max(len(row[at]) for row in cells) * _LETTER + _GAP for at in range(len(self.columns))]
        drawing = ""
        for number, row in enumerate(cells):
            drawing += f'<path stroke="var(--c7-line)" d="M0 {number * _ROW}h{sum(widths):.0f}"/>' * bool(
                number
            )
            colour = "ink" if number else "muted"
            for at, (cell, column) in enumerate(zip(row, self.columns, strict=True)):
                x = sum(widths[:at]) + 4 if column.text else sum(widths[: at + 1]) - 8
                drawing += (
                    f'<text x="{x:.1f}" y="{(number + 0.66) * _ROW:.1f}" font-size="12" '
                    f'text-anchor="{"start" if column.text else "end"}" fill="var(--c7-{colour})">'
                    f"{paper.text(cell)}</text>"
                )
        return paper.png(paper.sheet(self.title, drawing, sum(widths), _ROW * len(cells)))


def comma_separated(heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Rows under a heading, as a spreadsheet reads and takes them: names are no formulas."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(head) for head in heads])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")  # without the mark Excel takes it for another alphabet


def safe(cell: Value) -> Value:
    """A cell that no spreadsheet takes for a formula, whoever named the class or run."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _text(column: Column) -> str:
    return ' class="text"' if column.text else ""


def _tip(column: Column) -> str:
    return f' title="{escape(column.tip, quote=True)}"' if column.tip else ""
