"""The runs of this server and who is in a lesson, read once for all browsers."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.tutorials.progress import Progress
from cifar7.ui.classroom.learners import current
from cifar7.ui.classroom.standings import Standings


def standings() -> Standings:
    """Those of the runs directory."""
    return _standings(str(paths.runs_dir()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _standings(runs_dir: str) -> Standings:
    return Standings(Path(runs_dir))


def learners() -> tuple[Progress, ...]:
    """Who is in the lesson that the class goes through."""
    return _learners(str(paths.home()))


@st.cache_data(ttl=2.0, show_spinner=False)
def _learners(home: str) -> tuple[Progress, ...]:
    return current(Path(home), time.time())
