"""The draft in the session: what was chosen outlives the page that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from cifar7.ui.explore.draft import Draft
from cifar7.ui.shell import state
from cifar7.ui.shell.controls import callback

_DRAFT = "explore_draft"  # key of session state


def draft() -> Draft:
    """What is chosen."""
    return st.session_state.get(_DRAFT) or Draft()


def put(changed: Draft) -> None:
    """Choose this."""
    st.session_state[_DRAFT] = changed


def field(
    key: str, name: str, read: Callable[[Any], Any] = lambda value: value, none: Any = None
) -> dict[str, Any]:
    """The arguments of a widget that shows a field of the draft and changes it.

    `read`: the field for what the browser sends, which may be anything; it raises ValueError or TypeError.
    """
    value = getattr(draft(), name)
    key = state.control(key, none if value == 0 and none is not None else value)

    def change() -> None:
        if not state.chosen(key):
            return
        try:
            put(replace(draft(), **{name: read(st.session_state[key])}))
        except (ValueError, TypeError):  # none of what can be chosen: it stays as it was
            return

    return {"key": key, "on_change": callback(change)}


def whole(low: int, high: int) -> Callable[[Any], int]:
    """Reads a whole number between the two; an emptied field is 0."""

    def read(value: Any) -> int:
        number = int(value or 0)
        if number and not low <= number <= high:
            raise ValueError(number)
        return number

    return read


def one_of(choices: Any) -> Callable[[Any], Any]:
    """Reads one of these."""

    def read(value: Any) -> Any:
        if value not in choices:
            raise ValueError(value)
        return value

    return read
