"""A greeting."""

from __future__ import annotations

import streamlit as st

from cifar7.ui.shell import state


def page() -> None:
    """The design by its name."""
    st.markdown(f"Hello, {state.design().name}")


page()
