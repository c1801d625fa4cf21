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
        heads = ""
        for column in self.columns:
            tip = f' title="{escape(column.tip)}"' if column.tip else ""
            heads += f'<th scope="col"{_text(column)}{tip}>{escape(column.title)}</th>'
        tags = ['th scope="row"', *["td"] * (len(self.columns) - 1)]
        body = ""
        for row in self.shown:
            body += '<tr class="first">'
            for tag, column, cell in zip(tags, self.columns, row, strict=True):
                body += f"<{tag}{_text(column)}>{escape(cell)}</{tag[:2]}>"
            body += "</tr>"
        name = escape(self.title)
        return (
            f'<div class="c7-scroll" tabindex="0" role="region" aria-label="{name}">'
            f'<table class="c7-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
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
            if number:
                drawing += f'<path stroke="var(--c7-line)" d="M0 {number * _ROW}h{sum(widths):.0f}"/>'
            colour = "ink" if number else "muted"
            for at, (cell, column) in enumerate(zip(row, self.columns, strict=True)):
                x = sum(widths[:at]) + 4 if column.text else sum(widths[: at + 1]) - 8
                drawing += (
                    f'<text x="{x:.1f}" y="{(number + 0.66) * _ROW:.1f}" font-size="12" '
                    f'text-anchor="{"start" if column.text else "end"}" fill="var(--c7-{colour})">'
                    f"{paper.text(cell)}</text>"
                )
        return paper.png(self.title, drawing, sum(widths), _ROW * len(cells))


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
