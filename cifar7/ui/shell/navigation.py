"""The pages as a bar at the bottom of a phone, where Streamlit's own list of them is behind a button."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from cifar7.ui.shell.pages import Page

KEY = "pages_bar"  # page.css shows it on narrow screens alone


def bar(shown: Iterable[Page]) -> None:
    """A link for each of these pages: its icon, and its name below."""
    with st.container(horizontal=True, gap=None, key=KEY):
        for page in shown:
            st.page_link(page.file, label=page.title, icon=page.icon)
