"""The runs of this server, read once for all browsers."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.ui.classroom.standings import Standings


def standings() -> Standings:
    """Those of the runs directory."""
    return _standings(str(paths.runs_dir()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _standings(runs_dir: str) -> Standings:
    return Standings(Path(runs_dir))
