"""What is on the page, to take away: a chart or table as PNG and as CSV, made at a press.

The engine that draws pictures is loaded by the first press that needs it, not by a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

import streamlit as st
from streamlit import runtime

from cifar7.ui.files.tables import Table, comma_separated

WIDTH = 560  # pixels of a picture whose drawing takes the page's width
KEPT = 32  # files, each of at most a few hundred kB; the next ones take their places
_presses = count()


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
        for make, ending, kind, icon, tip in (
            (picture, "png", "image/png", ":material/image:", "Save this as a picture."),
            (rows, "csv", "text/csv", ":material/table:", "Save the numbers, for a spreadsheet."),
        ):
            file = f"{name}.{ending}"
            st.download_button(
                ending.upper(), keeping(make, kind, file), file, kind,
                key=f"{ending}_{name}", type="tertiary", icon=icon, on_click="ignore", help=tip,
            )  # fmt: skip


def keeping(make: Callable[[], bytes], kind: str, name: str) -> Callable[[], bytes]:
    """`make`, whose file of this MIME type and name stays for the next KEPT presses on this server.

    Streamlit forgets a file that it made at a press when two runs of any page have ended since. While curves
    tick in thirty browsers that is a few hundredths of a second, sooner than the file is fetched.
    """

    def make_and_keep() -> bytes:
        content = make()
        if runtime.exists():
            # Called outside the sessions: the file belongs to none of them and outlives their runs.
            place = f"made {next(_presses) % KEPT}"
            runtime.get_instance().media_file_mgr.add(content, kind, place, name, is_for_static_download=True)
        return content

    return make_and_keep


def rows(name: str, drawing: dict[str, Any], values: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """The buttons of a drawing whose numbers are these columns of these rows."""
    buttons(name, lambda: drawing, lambda: rows_csv(values, columns))


def rows_csv(values: Iterable[Mapping[Any, Any]], columns: Sequence[str]) -> bytes:
    """These columns of the rows as comma-separated text."""
    return comma_separated(columns, ([row[column] for column in columns] for row in values))
