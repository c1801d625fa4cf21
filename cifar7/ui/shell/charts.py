"""Charts on a page: the words of Vega-Lite that every drawing repeats, and a drawing with its downloads."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cifar7.ui.files import take_away

Drawing = dict[str, Any]  # Vega-Lite
Rows = list[dict[str, Any]]


def show(name: str, drawing: Drawing, rows: Rows, columns: tuple[str, ...], *, key: str, alt: str) -> None:
    """A drawing that holds its own rows, and below it PNG and CSV; `name` is that of the files."""
    st.vega_lite_chart(None, drawing, key=key, alt=alt)
    take_away.rows(name, drawing, rows, columns)


def quantity(field: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """The channel of a number."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def category(field: str, **more: Any) -> dict[str, Any]:
    """The channel of a name."""
    return {"field": field, "type": "nominal", **more}


def scale(values: list[str], outputs: list[Any]) -> dict[str, Any]:
    """A scale that gives each name its own colour, shape or dash, without a legend."""
    return {"scale": {"domain": values, "range": outputs}, "legend": None}


def tooltip(*entries: tuple[str, ...]) -> list[dict[str, str]]:
    """Lines at the pointer: (field, title) or (field, title, format)."""
    return [dict(zip(("field", "title", "format"), entry)) for entry in entries]
