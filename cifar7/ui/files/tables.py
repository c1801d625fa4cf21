"""A small table to show, read aloud and take away: HTML, CSV and a drawing of one. No streamlit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_ROW, _LETTER, _GAP = 26, 7.2, 22  # pixels of the drawing: a row's height, a letter's width, between columns
_INK, _MUTED, _LINE = "#1B2430", "#5A6673", "#D9E0E7"

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
        own, *others = self.columns
        return f'<th scope="row"{_text(own)}>{first}</th>' + "".join(
            f"<td{_text(column)}>{cell}</td>" for column, cell in zip(others, rest, strict=True)
        )

    def csv(self) -> bytes:
        """Comma-separated, with a heading; a formula in a class's name stays text in a spreadsheet."""
        return comma_separated([column.title for column in self.columns], self.values or self.shown)

    def drawing(self) -> dict[str, Any]:
        """The table as Vega-Lite, for a picture of it."""
        cells = [[column.title for column in self.columns], *self.shown]
        widths = [max(len(row[at]) for row in cells) * _LETTER + _GAP for at in range(len(self.columns))]
        starts = [sum(widths[:at]) for at in range(len(widths))]
        marks = [
            {
                "x": starts[at] + (4 if column.text else widths[at] - 8),
                "y": (number + 0.5) * _ROW,
                "text": row[at],
                "align": "left" if column.text else "right",
                "ink": _MUTED if number == 0 else _INK,
            }
            for number, row in enumerate(cells)
            for at, column in enumerate(self.columns)
        ]
        wide, high = sum(widths), _ROW * len(cells)
        place: dict[str, Any] = {
            axis: {
                "field": axis,
                "type": "quantitative",
                "axis": None,
                "scale": {"domain": domain, "nice": False, "zero": False},
            }
            for axis, domain in (("x", [0, wide]), ("y", [high, 0]))
        }
        rules = {"values": [{"y": number * _ROW} for number in range(1, len(cells))]}
        texts: list[dict[str, Any]] = [
            {
                "transform": [{"filter": f"datum.align == '{align}'"}],
                "mark": {"type": "text", "align": align, "fontSize": 12},
                "encoding": {
                    **place,
                    "text": {"field": "text"},
                    "color": {"field": "ink", "type": "nominal", "scale": None},
                },
            }
            for align in ("left", "right")
        ]
        lines: dict[str, Any] = {
            "data": rules,
            "mark": {"type": "rule", "color": _LINE},
            "encoding": {"y": place["y"]},
        }
        return {
            "title": self.title,
            "width": wide,
            "height": high,
            "data": {"values": marks},
            "layer": [lines, *texts],
        }


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
