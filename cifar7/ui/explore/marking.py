"""What varies: toggles are marked place by place, and each that is marked has a line with its values."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cifar7.errors import UserError
from cifar7.sweeps.axes import read_axis
from cifar7.sweeps.knobs import SweepError, knob
from cifar7.ui.explore import held, offered
from cifar7.ui.explore.draft import AxisData
from cifar7.ui.shell import choices, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import plain

_PLACE = "explore_place"
NARROWEST = 290  # pixels of a line with values


def show() -> None:
    """The places, the toggles of the chosen one, and below them what is marked."""
    spec, config = state.design(), state.config()
    there = offered.places(spec, config)
    marked = [axis["name"] for axis in held.draft().axes]
    first = next((place for place in ("C3", "C1") if place in there), next(iter(there)))
    labels = {place: offered.PLACES.get(place, place) for place in there}
    place = choices.segments(
        "Mark what varies", labels, first, key=_PLACE,
        help="Where: a stage of the design, all stages at once, the whole network, or the training.",
    )  # fmt: skip
    names = there[place]
    here = [name for name in names if name in marked]
    key = state.control(f"explore_marks_{place}", here)
    st.pills(
        "Toggles", list(names), selection_mode="multi", default=here, key=key,
        format_func=names.__getitem__, label_visibility="collapsed",
        on_change=callback(_mark), args=(key, place),
    )  # fmt: skip
    if not marked:
        st.caption("Nothing is marked yet. Mark a toggle above, or begin with one of the questions.")
    axes = held.draft().axes
    with st.grid(2, min_column_width=NARROWEST, gap="small"):
        for axis in axes:
            if "values" in axis:
                _line(axis)
    for axis in axes:
        if "values" not in axis:
            _line(axis)


def _mark(key: str, place: str) -> None:
    """Take up what was marked at a place, and let go of what is marked no more."""
    if not state.chosen(key):
        return
    spec, config = state.design(), state.config()
    names = offered.places(spec, config).get(place, {})
    value = st.session_state[key]
    chosen = [name for name in names if isinstance(value, list) and name in value]
    draft = held.draft()
    for name in names:
        if name in chosen and draft.axis(name) is None:
            draft = draft.with_axis(offered.begin(name, spec, config))
        elif name not in chosen:
            draft = draft.without(name)
    held.put(draft)


def _line(axis: AxisData) -> None:
    """One thing that varies: its values or its range, and the way to let it be."""
    name, spec = axis["name"], state.design()
    title = offered.label(name, spec)
    with st.container(key=f"explore_line_{name}", gap=None):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            try:
                span = knob(name, spec).span(spec)
            except SweepError:
                span = None
                st.markdown(f"**{plain(title)}**")
            else:
                if "values" in axis:
                    _values(axis, title, typed=span is not None)
                else:
                    _range(axis, title)
            if span is not None:
                _other_form(axis)
            st.button(
                "", icon=":material/close:", type="tertiary", key=f"explore_remove_{name}",
                help=f"{title} stays as it is in the design.", on_click=callback(_remove), args=(name,),
            )  # fmt: skip
        try:
            read_axis(dict(axis), spec)
        except UserError as error:
            st.caption(f":red[{plain(str(error))}]")


def _remove(name: str) -> None:
    held.put(held.draft().without(name))


def _values(axis: AxisData, title: str, *, typed: bool) -> None:
    name, spec = axis["name"], state.design()
    usual = list(knob(name, spec).choices(spec))
    shown = offered.texts(name, spec, axis["values"])
    key = state.control(f"explore_values_{name}", shown)
    st.multiselect(
        title, [*usual, *(text for text in shown if text not in usual)], shown, key=key,
        accept_new_options=typed, placeholder="type a number" if typed and not usual else "choose values",
        on_change=callback(_take_values), args=(key, name),
    )  # fmt: skip


def _take_values(key: str, name: str) -> None:
    texts = st.session_state[key]
    if not state.chosen(key) or not isinstance(texts, list) or held.draft().axis(name) is None:
        return
    values: list[Any] = []
    for text in texts:
        try:
            value = offered.value_of(name, state.design(), str(text))
        except UserError as error:
            state.notify(plain(str(error)))
            continue
        if not any(value == one and type(value) is type(one) for one in values):
            values.append(value)
    held.put(held.draft().with_axis({"name": name, "values": values}))


def _range(axis: AxisData, title: str) -> None:
    name, spec = axis["name"], state.design()
    span = knob(name, spec).span(spec)
    assert span is not None
    number: type[int | float] = int if span.whole else float
    for end, words in (("low", f"{title} from"), ("high", "to")):
        key = state.control(f"explore_{end}_{name}", number(axis[end]))
        st.number_input(
            words, value=number(axis[end]), key=key, format=None if span.whole else "%g",
            min_value=number(span.low), max_value=number(span.high),
            step=None if span.whole else float(max(span.high - span.low, 1e-6)) / 100,
            on_change=callback(_take_end), args=(key, name, end), width=170,
        )  # fmt: skip
    key = state.control(f"explore_log_{name}", bool(axis["log"]))
    st.toggle(
        "log", bool(axis["log"]), key=key, on_change=callback(_take_end), args=(key, name, "log"),
        help="Even in the logarithm: as many tries from 0.01 to 0.1 as from 0.1 to 1.",
    )  # fmt: skip


def _take_end(key: str, name: str, end: str) -> None:
    axis, value = held.draft().axis(name), st.session_state[key]
    if state.chosen(key) and axis is not None and "low" in axis and isinstance(value, (int, float)):
        held.put(held.draft().with_axis({**axis, end: value}))


def _other_form(axis: AxisData) -> None:
    is_list = "values" in axis
    st.button(
        "", icon=":material/linear_scale:" if is_list else ":material/list:", type="tertiary",
        key=f"explore_form_{axis['name']}",
        help="Any number of a range instead of a list of values; not for every combination."
        if is_list
        else "A list of values instead of a range.",
        on_click=callback(_turn), args=(axis["name"],),
    )  # fmt: skip


def _turn(name: str) -> None:
    axis = held.draft().axis(name)
    if axis is not None:
        spec, is_list = state.design(), "values" in axis
        other = (
            offered.as_range(name, spec, axis["values"])
            if is_list
            else offered.begin(name, spec, state.config())
        )
        held.put(held.draft().with_axis(other))
