"""The strip that stands on every page: the design, its figures and their change, data, device, the run."""

from __future__ import annotations

import streamlit as st

from cifar7.network.arithmetic import analyse
from cifar7.ui import state


def strip() -> None:
    """Draw it."""
    found = analyse(state.valid_design())
    with st.container(key="strip"):
        st.write(
            f"{state.design().name} · {found.parameters:,} parameters · RF {found.receptive_field_before}"
        )
