"""Widgets to choose with: a choice outlives the page that shows it, and a run is offered by its label.

Streamlit forgets the value of a widget that is not drawn. Each choice is therefore copied into an entry of
session state, its memory, and given back to the widget when it is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

from cifar7.ui.shell import state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary

T = TypeVar("T")


def segments(
    label: str, options: Mapping[T, str], default: T, *, key: str, memory: str = "", **layout: Any
) -> T:
    """A segmented control over `options`, label by value. `memory`: `kept_` and the key, unless given.

    With the key itself as memory, the choice is forgotten with its widget.
    """
    value, arguments = _remembered(key, memory, default, options)
    choice = st.segmented_control(
        label, list(options), default=value, format_func=options.__getitem__, required=True,
        **arguments, **layout,
    )  # fmt: skip
    return default if choice is None else choice


def box(label: str, options: Mapping[T, str], default: T, *, key: str, memory: str = "", **layout: Any) -> T:
    """The same as a select box, for many options."""
    value, arguments = _remembered(key, memory, default, options)
    choice = st.selectbox(
        label, list(options), list(options).index(value), format_func=options.__getitem__,
        **arguments, **layout,
    )  # fmt: skip
    return default if choice is None else choice


def switch(label: str, *, key: str, help: str) -> bool:
    """A toggle that is off at first."""
    value, arguments = _remembered(key, "", False, (False, True))
    return st.toggle(label, value, help=help, **arguments)


def view(options: Mapping[str, str], *, key: str) -> str:
    """Which view of a page is shown; at first the first one."""
    return segments("View", options, next(iter(options)), key=key, label_visibility="collapsed")


def set_view(key: str, value: str) -> None:
    """Show this view when the page is drawn next."""
    st.session_state[f"kept_{key}"] = value


def one_run(label: str, runs: list[Summary], *, key: str, help: str) -> Summary:
    """The run in the address, or the first of `runs`; choosing another one changes the address."""
    summary = next((run for run in runs if run.id == state.run_id()), runs[0])
    with _found(runs, [summary.id], key) as runs:
        by_id = {run.id: run for run in runs}
        st.selectbox(
            label, list(by_id), list(by_id).index(summary.id), key=state.control(key, summary.id),
            format_func=run_list.labels(runs).__getitem__,
            on_change=callback(_pass_on), args=(key, state.set_run, by_id), help=help,
        )  # fmt: skip
    return summary


def several_runs(
    label: str,
    runs: list[Summary],
    chosen: Iterable[str],
    default: list[str],
    *,
    most: int,
    key: str,
    on_change: Callable[[list[str]], None],
    help: str,
) -> list[Summary]:
    """At most `most` of `runs`: the `chosen` that still exist, or else the `default`; both hold ids."""
    there = {run.id for run in runs}
    current = [run_id for run_id in chosen if run_id in there] or default
    with _found(runs, current, key) as runs:
        by_id = {run.id: run for run in runs}
        ids = st.multiselect(
            label, list(by_id), current, key=state.control(key, current), max_selections=most, help=help,
            format_func=run_list.labels(runs).__getitem__,
            on_change=callback(_pass_on), args=(key, on_change, by_id),
        )  # fmt: skip
    return [by_id[run_id] for run_id in ids if run_id in by_id]


@contextmanager
def _found(runs: list[Summary], keep: Collection[str], key: str) -> Iterator[list[Summary]]:
    """The place of a chooser and what it offers: `runs`, or what is found by a text among all of them.

    The field for the text stands beside it where there are more runs. Those of the ids `keep` are in any case
    among what is found.
    """
    if not run_list.are_more():
        yield runs
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        place = st.container()
        text = st.text_input(
            "Find an older run", key=f"{key}_find", width=230, placeholder="design, person or id",
            help="The newest runs are offered, or the newest that have this text.",
        )  # fmt: skip
    with place:
        yield run_list.offered(text, keep) if text.strip() else runs


def _pass_on(key: str, use: Callable[[Any], None], options: Collection[str]) -> None:
    """Use what was chosen, a name or several; a browser may send what is not among the options."""
    value = st.session_state[key]
    names = value if isinstance(value, list) else [value]
    if state.chosen(key) and all(name in options for name in names):
        use(value)


def _remembered(key: str, memory: str, default: T, options: Collection[T]) -> tuple[T, dict[str, Any]]:
    """The value of a widget's memory, and the arguments with which it shows it and writes into it."""
    memory = memory or f"kept_{key}"
    value = st.session_state.get(memory, default)
    value = value if value in options else default

    def remember() -> None:
        if state.chosen(key):
            st.session_state[memory] = st.session_state[key]

    arguments: dict[str, Any] = {"key": state.control(key, value)}
    return value, arguments if memory == key else {**arguments, "on_change": callback(remember)}
