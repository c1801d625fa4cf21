"""The units of a stage one by one: everything that a toggle for the whole stage leaves out."""

from __future__ import annotations

import streamlit as st

from cifar7.network import edits
from cifar7.network.spec import MAX_UNITS, Unit
from cifar7.network.toggles import Place
from cifar7.ui.design import toggles
from cifar7.ui.shell import state
from cifar7.ui.words.summary import form


def expander(name: str) -> None:
    """Folded away, and not even built while folded: the page stays quick."""
    folded = st.expander("Unit by unit", key=f"{name}_folded", on_change="rerun")
    if not folded.open:
        return
    with folded:
        units = state.design().units(name)
        if units:
            _fields(Place(name, _chosen(name, units)))
        _buttons(name, units)


def add(name: str) -> None:
    """One more unit at the end of the stage; the editor turns to it."""
    state.edit(lambda spec: edits.add_unit(spec, name), f"{name}: one unit more")
    st.session_state[f"{name}_unit"] = len(state.design().units(name))


def remove(name: str) -> None:
    """The stage without its last unit."""
    state.edit(lambda spec: edits.remove_unit(spec, name), f"{name}: one unit less")


def _chosen(name: str, units: tuple[Unit, ...]) -> int:
    """The number, from 1, of the unit that is edited."""
    key = f"{name}_unit"
    chosen = min(st.session_state.get(key) or 1, len(units))
    state.control(key, chosen)
    st.segmented_control(
        "Which unit",
        range(1, len(units) + 1),
        key=key,
        required=True,
        format_func=lambda i: f"{i}: {form(units[i - 1])} → {units[i - 1].channels}",
    )
    return chosen


def _fields(place: Place) -> None:
    spec = state.design()
    with st.grid("auto", min_column_width=104, gap="small"):
        toggles.line(spec, place, 1)
    toggles.line(spec, place, 2)
    with st.container(horizontal=True, gap="small"):
        toggles.line(spec, place, 3)


def _buttons(name: str, units: tuple[Unit, ...]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.button("Add a unit", icon=":material/add:", key=f"{name}_add", on_click=add, args=(name,),
                  disabled=len(units) >= MAX_UNITS)  # fmt: skip
        st.button("Remove the last", icon=":material/remove:", key=f"{name}_remove", on_click=remove,
                  args=(name,), disabled=not units)  # fmt: skip
        toggles.line(state.design(), Place(name), 3)
