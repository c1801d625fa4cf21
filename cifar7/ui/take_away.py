"""What is on the page, to take away: a chart or table as PNG and as CSV, made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from cifar7.ui.tables import Table, safe

WIDTH = 560  # pixels of a picture whose drawing takes the page's width


def table(shown: Table, name: str) -> None:
    """The table, and below it the way to take it away."""
    st.html(shown.html())
    buttons(name, shown.drawing, shown.csv)


def buttons(name: str, drawing: Callable[[], dict[str, Any]], rows: Callable[[], bytes]) -> None:
    """Two buttons. Both callables are called outside the session, when somebody presses one."""

    def picture() -> bytes:
        from cifar7.export.pictures import draw

        return draw({"width": WIDTH, **drawing()})

    with st.container(horizontal=True, gap="small", key=f"take_{name}"):
        st.download_button(
            "PNG", picture, f"{name}.png", "image/png", key=f"png_{name}", type="tertiary",
            icon=":material/image:", on_click="ignore", help="Save this as a picture.",
        )  # fmt: skip
        st.download_button(
            "CSV", rows, f"{name}.csv", "text/csv", key=f"csv_{name}", type="tertiary",
            icon=":material/table:", on_click="ignore", help="Save the numbers, for a spreadsheet.",
        )  # fmt: skip


def rows(name: str, drawing: dict[str, Any], values: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """The buttons of a drawing whose numbers are these columns of these rows."""
    buttons(name, lambda: drawing, lambda: frame_csv(pd.DataFrame(values, columns=list(columns))))


def frame_csv(frame: pd.DataFrame) -> bytes:
    """A table of pandas as comma-separated text that a spreadsheet opens safely."""
    told: bytes = frame.map(safe).to_csv(index=False).encode("utf-8-sig")
    return told
