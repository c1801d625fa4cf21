"""Charts on a page: the words of Vega-Lite that every drawing repeats, and a drawing with its downloads."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Any

import streamlit as st

from cifar7.ui.files import take_away

Drawing = dict[str, Any]  # Vega-Lite
Rows = list[dict[str, Any]]

INK = "#1B2430"  # of text: page.css turns exactly this colour into the theme's
GREY = "#808994"  # 3.5:1 on white and 5:1 on the dark page


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


def accuracy_ends(values: Sequence[float]) -> list[float]:
    """The limits of an axis of accuracies, in steps of 5 points, with room on both sides."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    return [max(0, floor(20 * (low - 0.02))) / 20, min(20, floor(20 * (high + 0.02)) + 1) / 20]


def logarithmic_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between the two."""
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in (1, 2, 5) if low <= step * 10.0**power <= high]
