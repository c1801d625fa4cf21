"""The controls of a place: each shows a value of the design and puts an edit through `state.edit`.

What a control is called, offers and does stands in `cifar7.network.controls.table`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import streamlit as st

from cifar7.network.controls.table import toggles_at
from cifar7.network.controls.toggle import ALWAYS, Form, Place, Toggle
from cifar7.network.spec import NetSpec
from cifar7.ui.shell import state
from cifar7.ui.shell.controls import callback
from cifar7.wording import capital

MIXED = "mixed"
SWITCHED = {True: "on", False: "off"}  # in a sentence
Width: TypeAlias = int | Literal["stretch"]  # CSS pixels


def row(spec: NetSpec, place: Place, number: int, **layout: Any) -> None:
    """One line of a card, its controls beside each other."""
    if there(spec, place, number):  # an empty line would leave a gap
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", **layout):
            line(spec, place, number)


def line(spec: NetSpec, place: Place, number: int, only: str = "", rare: bool = True) -> None:
    """The controls of one line of a card or editor, or the one named `only`."""
    for toggle, form in there(spec, place, number, rare):
        if only in ("", toggle.name):
            show(spec, place, toggle, form)


def there(spec: NetSpec, place: Place, number: int, rare: bool = True) -> list[tuple[Toggle, Form]]:
    """Those of a line that the design has a use for. Without `rare`, a rare one only where it is set."""
    return [
        (toggle, form)
        for toggle, form in toggles_at(place, number)
        if form.visible(spec, place) and (rare or form.rare is ALWAYS or form.read(spec, place) != form.rare)
    ]


def show(spec: NetSpec, place: Place, toggle: Toggle, form: Form) -> None:
    """One control. Where the units of a stage differ, it selects none of the values and says "mixed"."""
    value = form.read(spec, place)
    options = with_value(form.values(spec, place), value)
    key = _key(place, toggle)
    width: Width = form.width or "stretch"
    if form.control == "switch":
        st.toggle(
            toggle.label, bool(value), key=state.control(key, value), help=toggle.help,
            on_change=callback(_edit), args=(key, place, toggle, form, SWITCHED.__getitem__, list(SWITCHED)),
        )  # fmt: skip
    elif form.control == "buttons":
        st.segmented_control(
            f"{toggle.label} ({MIXED})" if value is None else toggle.label, options, default=value,
            key=state.control(key, value), required=value is not None, format_func=toggle.text,
            help=toggle.help,
            on_change=callback(_edit), args=(key, place, toggle, form, toggle.text, options),
        )  # fmt: skip
    elif form.control == "slider":
        steps, shown = ([MIXED, *options], MIXED) if value is None else (options, value)
        st.select_slider(
            toggle.label, steps, shown, key=state.control(key, shown),
            format_func=lambda step: step if step == MIXED else toggle.text(step), help=toggle.help,
            width=width, on_change=callback(_edit), args=(key, place, toggle, form, toggle.text, steps),
        )  # fmt: skip
    else:
        _list(spec, place, toggle, form, value, options)


def _list(spec: NetSpec, place: Place, toggle: Toggle, form: Form, value: Any, options: list[Any]) -> None:
    """A list to choose from, which says of each option that does not fit why; or one to type numbers in."""
    obstacles = {option: form.obstacle(spec, place, option) for option in options}
    reasons = [
        f"{capital(toggle.text(option))}: {problem.message} {problem.cure}"
        for option, problem in obstacles.items()
        if problem
    ]

    def text(option: Any) -> str:
        return toggle.text(option) + " (does not fit)" * bool(obstacles.get(option))

    key, typed = _key(place, toggle), form.control == "number"
    width: Width = form.width or "stretch"
    st.selectbox(
        toggle.label, options,
        # A list that begins with a value cannot be cleared.
        index=None if value is None else options.index(value),
        key=state.control(key, value), placeholder=MIXED, format_func=text, accept_new_options=typed,
        help="\n\n".join([toggle.help, *reasons]), width=width,
        on_change=callback(_edit_number if typed else _edit),
        args=(key, place, toggle, form) if typed else (key, place, toggle, form, text, options),
    )  # fmt: skip


def _key(place: Place, toggle: Toggle) -> str:
    """Key of the control: "C1_dilation", "C1_unit2_kernel", "C1_unit2.1_kernel", "O_pool", "net_norm"."""
    number = f"{place.unit}.{place.beside}" if place.beside else f"{place.unit}"
    unit = f"unit{number}_" if place.unit else ""
    return f"{place.stage or 'net'}_{unit}{toggle.name}"


def with_value(options: Iterable[Any], value: Any) -> list[Any]:
    """The options, and the value that the design has even where it is not one of the usual ones."""
    options = list(options)
    if value is None or value in options:
        return options
    return sorted([*options, value], key=lambda option: option if isinstance(option, (int, float)) else -1)


def _edit(key: str, place: Place, toggle: Toggle, form: Form, text: Any, options: Sequence[Any]) -> None:
    """The options are the browser's to show and not its to widen: what it sends is looked up in them."""
    value = st.session_state[key]
    if value in options and value != MIXED and state.chosen(key):
        state.edit(
            lambda spec: form.apply(spec, place, value), f"{place.prefix}{toggle.subject} {text(value)}"
        )


def _edit_number(key: str, place: Place, toggle: Toggle, form: Form) -> None:
    """A typed number comes as text, and may be anything."""
    value = st.session_state[key]
    if value is None or not state.chosen(key):
        return
    typed, low, high = str(value).strip(), toggle.low, toggle.high
    subject = f"{place.prefix}{toggle.subject}"
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10 and low <= int(typed) <= high):
        state.notify(f"{subject} takes a whole number from {low:,} to {high:,}; “{typed[:30]}” is left out.")
        return
    state.edit(lambda spec: form.apply(spec, place, int(typed)), f"{subject} {int(typed):,}")
