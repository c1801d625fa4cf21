"""Widgets that show a value of the session, and whether what a browser sends for one was chosen there.

A click sends the values of all widgets of the page. While the page changes, the browser sends what a widget
showed before, and Streamlit takes that for a choice. A field that nobody sees is the last thing on every page
and holds the number of the run that drew it. It comes back with every click, and so says what the browser had
drawn by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_LOOK = "_yield_callback"  # of Streamlit's session state: called whenever it is read or written
_RECEIPT = "cifar7_receipt"  # key of the field; page.css hides it
_NUMBER, _SET = (
    "cifar7_run_number",
    "cifar7_controls_set",
)  # of this run; key of a control: run that changed it


def callback(change: Callable[..., object]) -> Callable[..., None]:
    """`change` as the callback of a widget, which a newer click does not cut short.

    Streamlit looks for a newer click whenever session state is read, in callbacks as well, and leaves what it
    finds itself in: a click on a busy server would be lost, or half of its change. Every `on_click` and
    `on_change` of the pages goes through here.
    """

    @wraps(change)
    def whole(*args: Any, **kwargs: Any) -> None:
        held = getattr(get_script_run_ctx(), "session_state", None)
        if held is None:  # no page runs: a test calls it
            change(*args, **kwargs)
            return
        look = getattr(held, _LOOK)
        object.__setattr__(held, _LOOK, lambda: None)  # its own __setattr__ writes session state
        try:
            change(*args, **kwargs)
        finally:
            object.__setattr__(held, _LOOK, look)

    return whole


def begin() -> None:
    """Number this run. The clock makes the number larger than those of an earlier session of the browser."""
    st.session_state[_NUMBER] = max(st.session_state.get(_NUMBER, 0) + 1, time.time_ns() // 1_000_000)


def end() -> None:
    """Draw the hidden field. Call this last in every run of the page."""
    st.session_state[_RECEIPT] = str(st.session_state[_NUMBER])
    st.text_input("Number of this page", key=_RECEIPT, label_visibility="collapsed", autocomplete="off")


def control(key: str, value: Any) -> str:
    """Make the widget with this key show `value`, and return the key. Call it right before the widget.

    Give the widget `value` as its default too: a run that is cut short by a click may have set it before the
    browser had the widget, and no later run says it again.
    """
    held = st.session_state
    if key in held and held[key] != value:
        held.setdefault(_SET, {})[key] = held.get(_NUMBER, 0)
    if key not in held or held[key] != value or not chosen(key):
        held[key] = value
    return key


def chosen(key: str) -> bool:
    """Whether the browser had drawn the last change of this control when it sent what it sent."""
    receipt = st.session_state.get(_RECEIPT)
    if not isinstance(receipt, str) or not (receipt.isascii() and receipt.isdigit() and len(receipt) < 20):
        return True  # the page was never drawn to its end, so its controls show what they began with
    return int(receipt) >= st.session_state.get(_SET, {}).get(key, 0)
