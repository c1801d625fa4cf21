"""What is on the page, to take away: a chart or table as PNG and as CSV, made at a press.

pandas and the engine that draws pictures are loaded by the first press that needs them, not by a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import streamlit as st

from cifar7.ui.files.made_files import keeping
from cifar7.ui.files.tables import Table, comma_separated, safe

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 560  # pixels of a picture whose drawing takes the page's width


def table(content: Table, name: str) -> None:
    """The table, and below it the way to take it away."""
    st.html(content.html())
    files(name, content.png, content.csv)


def buttons(
    name: str, drawing: Callable[[], dict[str, Any]], rows: Callable[[], bytes], label: str = ""
) -> None:
    """Two buttons of a Vega-Lite drawing. Both callables are called outside the session, at a press."""

    def picture() -> bytes:
        from cifar7.export.pictures import draw

        return draw({"width": WIDTH, **drawing()})

    files(name, picture, rows, label)


def files(name: str, picture: Callable[[], bytes], rows: Callable[[], bytes], label: str = "") -> None:
    """Two buttons whose callables give the files themselves; `label`: of what, where it is not beside it."""
    with st.container(
        horizontal=True, gap="small", key=f"take_{name}", width="content", vertical_alignment="center"
    ):
        if label:
            st.caption(label, width="content")
        st.download_button(
            "PNG", keeping(picture, "image/png", f"{name}.png"), f"{name}.png", "image/png",
            key=f"png_{name}", type="tertiary",
            icon=":material/image:", on_click="ignore", help="Save this as a picture.",
        )  # fmt: skip
        st.download_button(
            "CSV", keeping(rows, "text/csv", f"{name}.csv"), f"{name}.csv", "text/csv",
            key=f"csv_{name}", type="tertiary",
            icon=":material/table:", on_click="ignore", help="Save the numbers, for a spreadsheet.",
        )  # fmt: skip


def rows(name: str, drawing: dict[str, Any], values: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """The buttons of a drawing whose numbers are these columns of these rows."""
    buttons(name, lambda: drawing, lambda: rows_csv(values, columns))


def rows_csv(values: Iterable[dict[str, Any]], columns: tuple[str, ...]) -> bytes:
    """These columns of the rows as comma-separated text."""
    return comma_separated(columns, ([row[column] for column in columns] for row in values))


def frame_csv(frame: pd.DataFrame) -> bytes:
    """A table of pandas as comma-separated text that a spreadsheet opens safely."""
    content: bytes = frame.map(safe).to_csv(index=False).encode("utf-8-sig")
    return content
