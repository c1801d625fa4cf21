"""What a page says if it cannot show something. Errors are shown as plain text, not as Markdown."""

from __future__ import annotations

import streamlit as st

from cifar7.ui.words.wording import plain

ERROR = ":material/error:"
NO_PICTURE = ":material/hide_image:"


def error(reason: Exception) -> None:
    """The page, or most of it, cannot be shown."""
    st.error(plain(str(reason)), icon=ERROR)


def warning(reason: Exception, before: str = "", icon: str = ERROR) -> None:
    """A part of the page cannot be shown. `before`: Markdown in front of the reason."""
    st.warning(f"{before}{plain(str(reason))}", icon=icon)


def did_not_work(reason: object, after: str = "") -> None:
    """A button's action failed. `after`: Markdown behind the reason."""
    st.error(f"{plain(str(reason))}{after}", title="That did not work", icon=ERROR)
