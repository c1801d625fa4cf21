"""Controlled widgets: each shows a value of the design and puts an edit through `state.edit` when touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import streamlit as st

from cifar7.network.spec import NetSpec
from cifar7.ui.shell import state

Apply = Callable[[NetSpec, Any], NetSpec]
Words = Callable[[Any], str]
Width = int | Literal["stretch"]  # pixels
MIXED = "mixed"


def choose(
    label: str,
    options: Sequence[Any],
    value: Any,
    apply: Apply,
    *,
    key: str,
    said: str,
    help: str,
    words: Words = str,
    disabled: bool = False,
) -> None:
    """Buttons side by side; `value` None selects none of them and says so, for units that differ."""
    shown = with_value(options, value)
    st.segmented_control(
        f"{label} ({MIXED})" if value is None else label,
        shown,
        key=state.control(key, value),
        required=value is not None,
        format_func=words,
        help=help,
        disabled=disabled,
        on_change=_edit,
        args=(key, apply, said, words, shown),
    )


def pick(
    label: str,
    options: Sequence[Any],
    value: Any,
    apply: Apply,
    *,
    key: str,
    said: str,
    help: str,
    words: Words = str,
    width: Width = 130,
) -> None:
    """A list to choose from; `value` None shows "mixed"."""
    shown = with_value(options, value)
    edit = (_edit, (key, apply, said, words, shown))
    _list(label, shown, value, edit, key=key, help=help, width=width, format_func=words)


def number(
    label: str,
    options: Sequence[int],
    value: int | None,
    apply: Apply,
    *,
    key: str,
    said: str,
    help: str,
    low: int,
    high: int,
    width: Width = 110,
) -> None:
    """A list of usual whole numbers in which any other from `low` to `high` can be typed."""
    shown, edit = with_value(options, value), (_edit_number, (key, apply, said, low, high))
    _list(label, shown, value, edit, key=key, help=help, width=width, accept_new_options=True)


def _list(
    label: str,
    shown: Sequence[Any],
    value: Any,
    edit: tuple[Callable[..., None], tuple[Any, ...]],
    *,
    key: str,
    **look: Any,
) -> None:
    """A select box whose choice calls `edit`, a function and its arguments."""
    st.selectbox(
        label,
        shown,
        index=None if value is None else 0,  # a list that begins with a value cannot be cleared
        key=state.control(key, value),
        placeholder=MIXED,
        on_change=edit[0],
        args=edit[1],
        **look,
    )


def slide(
    label: str,
    options: Sequence[Any],
    value: Any,
    apply: Apply,
    *,
    key: str,
    said: str,
    help: str,
    words: Words,
    width: Width = "stretch",
) -> None:
    """A slider over steps; for units that differ it has one more step at its left end, "mixed"."""
    steps = [MIXED, *options] if value is None else with_value(options, value)
    st.select_slider(
        label,
        steps,
        key=state.control(key, MIXED if value is None else value),
        format_func=lambda step: step if step == MIXED else words(step),
        help=help,
        width=width,
        on_change=_edit,
        args=(key, apply, said, words, steps),
    )


def switch(label: str, value: bool, apply: Apply, *, key: str, said: str, help: str) -> None:
    """On or off."""
    st.toggle(
        label,
        key=state.control(key, value),
        help=help,
        on_change=_edit,
        args=(key, apply, said, lambda on: "on" if on else "off", (True, False)),
    )


def with_value(options: Iterable[Any], value: Any) -> list[Any]:
    """The options, and the value that the design has even where it is not one of the usual ones."""
    options = list(options)
    return options if value is None or value in options else sorted([*options, value], key=_as_number)


def _as_number(option: Any) -> float:
    """Words before numbers."""
    return option if isinstance(option, (int, float)) else -1


def _edit(key: str, apply: Apply, said: str, words: Words, options: Sequence[Any]) -> None:
    """The options are the browser's to show and not its to widen: what it sends is looked up in them."""
    value = st.session_state[key]
    if value in options and value != MIXED:
        state.edit(lambda spec: apply(spec, value), f"{said} {words(value)}")


def _edit_number(key: str, apply: Apply, said: str, low: int, high: int) -> None:
    """A typed number comes as text, and may be anything."""
    value = st.session_state[key]
    if value is None:
        return
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        state.notify(f"{said} takes a whole number from {low:,} to {high:,}; “{text[:30]}” is left out.")
        return
    state.edit(lambda spec: apply(spec, int(text)), f"{said} {int(text):,}")
