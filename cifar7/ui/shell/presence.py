"""Whether anybody waits for what a page is doing: for work of seconds in the middle of a run of the page."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cifar7.errors import UserError

GRACE = 10.0  # seconds for which a browser may be gone: a phone changes its network


class GoneError(UserError):
    """The browser has left; nobody sees this."""


def watched() -> Callable[[], None]:
    """A function to call every now and then: it ends this run of the page where a newer click came.

    It raises GoneError where the browser has been away for GRACE seconds.
    """
    context = get_script_run_ctx()
    last_seen = time.monotonic()

    def look() -> None:
        nonlocal last_seen
        st.session_state.get("a look")  # whoever reads it is told of a newer click
        if (
            not runtime.exists()
            or context is None
            or runtime.get_instance().is_active_session(context.session_id)
        ):
            last_seen = time.monotonic()
        elif time.monotonic() - last_seen > GRACE:
            raise GoneError("The browser has left.")

    return look
