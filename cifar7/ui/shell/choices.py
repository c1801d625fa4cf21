"""Widgets to choose with: a choice outlives the page that shows it, and a run is offered by its label.

Streamlit forgets the value of a widget that is not drawn. Each choice is therefore copied into an entry of
session state, its memory, and given back to the widget when it is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import streamlit as st

from cifar7.ui.shell import state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary

T = TypeVar("T")


def segments(
    label: str, options: Mapping[T, str], default: T, *, key: str, memory: str = "", **layout: Any
) -> T:
    """A segmented control over `options`, label by value. `memory`: `kept_` and the key, unless given.

    With the key itself as memory, the choice is forgotten with its widget.
    """
    choice = st.segmented_control(
        label, list(options), format_func=options.__getitem__, required=True,
        **_remembered(key, memory, default, options), **layout,
    )  # fmt: skip
    return default if choice is None else choice


def box(label: str, options: Mapping[T, str], default: T, *, key: str, memory: str = "", help: str) -> T:
    """The same as a select box, for many options."""
    choice = st.selectbox(
        label, list(options), format_func=options.__getitem__, help=help,
        **_remembered(key, memory, default, options),
    )  # fmt: skip
    return default if choice is None else choice


def switch(label: str, *, key: str, help: str) -> bool:
    """A toggle that is off at first."""
    return st.toggle(label, help=help, **_remembered(key, "", False, (False, True)))


def view(options: Mapping[str, str], *, key: str) -> str:
    """Which view of a page is shown; at first the first one."""
    return segments("View", options, next(iter(options)), key=key, label_visibility="collapsed")


def set_view(key: str, value: str) -> None:
    """Show this view when the page is drawn next."""
    st.session_state[f"kept_{key}"] = value


def one_run(label: str, runs: list[Summary], *, key: str, help: str) -> Summary:
    """The run in the address, or the first of `runs`; choosing another one changes the address."""
    by_id = {summary.id: summary for summary in runs}
    summary = by_id.get(state.run_id() or "", runs[0])
    st.selectbox(
        label, list(by_id), key=state.control(key, summary.id), format_func=run_list.labels(runs).__getitem__,
        on_change=lambda: state.set_run(st.session_state[key]), help=help,
    )  # fmt: skip
    return summary


def several_runs(
    label: str,
    runs: list[Summary],
    chosen: list[str],
    *,
    most: int,
    key: str,
    on_change: Callable[[list[str]], None],
    help: str,
) -> list[Summary]:
    """At most `most` of `runs`. `chosen`, and what `on_change` is called with, are their ids."""
    by_id = {summary.id: summary for summary in runs}
    ids = st.multiselect(
        label, list(by_id), key=state.control(key, chosen), max_selections=most, help=help,
        format_func=run_list.labels(runs).__getitem__, on_change=lambda: on_change(st.session_state[key]),
    )  # fmt: skip
    return [by_id[run_id] for run_id in ids if run_id in by_id]


def _remembered(key: str, memory: str, default: T, options: Iterable[T]) -> dict[str, Any]:
    """The arguments with which a widget starts from its memory and writes into it."""
    memory = memory or f"kept_{key}"
    value = st.session_state.get(memory, default)
    arguments: dict[str, Any] = {"key": state.control(key, value if value in options else default)}
    if memory != key:
        arguments["on_change"] = lambda: st.session_state.update({memory: st.session_state[key]})
    return arguments
