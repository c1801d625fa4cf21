"""The units of a stage one by one: everything that a toggle for the whole stage leaves out."""

from __future__ import annotations

import streamlit as st

from cifar7.network import unit_edits
from cifar7.network.controls.toggle import Place
from cifar7.network.spec import MAX_UNITS, OUTPUT, NetSpec
from cifar7.ui.design import toggles
from cifar7.ui.shell import choices, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.summary import form

OPERATION, FOLLOWING, SWITCHES, CONNECTION = 1, 2, 3, 4  # lines of the editor
BEFORE, AFTER, BEHIND = "before", "after", "behind"  # another unit, the pooling
OF_STAGE = 3  # the line of a stage's card that stands in its editor


def expander(name: str) -> None:
    """Folded away, and not even built while folded: the page stays quick."""
    folded = st.expander("Unit by unit", key=f"{name}_folded", on_change="rerun")
    if not folded.open:
        return
    spec = state.design()
    with folded:
        if not spec.every(name):
            _buttons(spec, Place(name), False)
            return
        place = _chosen(spec, name)
        rare = bool(st.session_state.get(f"kept_{name}_rare"))
        _settings(spec, place, rare)
        _buttons(spec, place, True)


def _settings(spec: NetSpec, place: Place, rare: bool) -> None:
    """The operation, what follows it, and the connection."""
    with st.grid("auto", min_column_width=140, gap="small"):
        toggles.line(spec, place, OPERATION, rare=rare)
    with st.container(gap="xsmall"):
        st.html('<div class="c7-note">What follows it</div>')
        with st.grid("auto", min_column_width=140, gap="small"):
            toggles.line(spec, place, FOLLOWING, rare=rare)
        toggles.row(spec, place, SWITCHES)
    toggles.row(spec, place, CONNECTION)


def add_first(name: str) -> None:
    """The first unit of a stage."""
    _add(name, Place(name), AFTER)


def _add(name: str, place: Place, where: str) -> None:
    """One more unit before or after another, or behind the pooling; the editor turns to it."""
    number = len(state.design().every(name)) if where == BEHIND else place.unit
    if place.beside and where != BEHIND:
        after = place.beside - (where == BEFORE)
        said = f"{name}: one unit more beside unit {number}"
        state.edit(lambda spec: unit_edits.add_beside(spec, name, number, after), said)
        st.session_state[f"{name}_unit"] = f"{number}.{after + 1}"
        return
    after = number - (where == BEFORE)
    behind = where == BEHIND or number > len(state.design().units(name))
    state.edit(lambda spec: unit_edits.add_unit(spec, name, after, behind), f"{name}: one unit more")
    st.session_state[f"{name}_unit"] = f"{after + 1}"


def _remove(name: str, place: Place) -> None:
    """The stage without the chosen unit."""
    if place.beside:
        state.edit(
            lambda spec: unit_edits.remove_beside(spec, name, place.unit, place.beside),
            f"{name}: one unit less beside unit {place.unit}",
        )
        return
    state.edit(lambda spec: unit_edits.remove_unit(spec, name, place.unit), f"{name}: one unit less")


def _chosen(spec: NetSpec, name: str) -> Place:
    """The unit that is edited: the last one of the stage where the chosen one is gone."""
    labels: dict[str, str] = {}
    before = len(spec.units(name))
    for at, unit in enumerate(spec.every(name), 1):
        where = "behind: " if at > before else ""
        labels[f"{at}"] = f"{at}: {where}{form(unit, around=False)}" + (
            "" if unit.keeps_channels else f" → {unit.channels}"
        )
        for beside, other in enumerate(unit.shortcut, 1):
            out = "" if other.keeps_channels else f" → {other.channels}"
            labels[f"{at}.{beside}"] = f"{at}.{beside}, beside: {form(other)}{out}"
    key = f"{name}_unit"
    default = f"{len(spec.every(name))}" if st.session_state.get(key) else "1"
    number, _, around = choices.segments("Which unit", labels, default, key=key, memory=key).partition(".")
    return Place(name, int(number), int(around or 0))


def _buttons(spec: NetSpec, place: Place, chosen: bool) -> None:
    """More and fewer units, what the stage has beside its card, and the settings that few need."""
    name, row = place.stage, spec.every(place.stage)
    if place.beside:
        row = row[place.unit - 1].shortcut
    elif place.unit > len(spec.units(name)):
        row = spec.output.behind
    else:
        row = spec.units(name)
    full = len(row) >= MAX_UNITS
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        if chosen:
            st.button("Add before", icon=":material/add:", key=f"{name}_add_before", on_click=callback(_add),
                      args=(name, place, BEFORE), disabled=full)  # fmt: skip
        st.button("Add after" if chosen else "Add a unit", icon=":material/add:", key=f"{name}_add",
                  on_click=callback(_add), args=(name, place, AFTER), disabled=full)  # fmt: skip
        if chosen:
            st.button("Remove", icon=":material/remove:", key=f"{name}_remove", on_click=callback(_remove),
                      args=(name, place))  # fmt: skip
        if name == OUTPUT and not spec.output.behind:
            st.button("Add behind the pooling", icon=":material/add:", key=f"{name}_behind",
                      on_click=callback(_add), args=(name, place, BEHIND))  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        if chosen:
            choices.switch(
                "More settings", key=f"{name}_rare",
                help="Order, biases, what the padding is filled with, and what else is seldom changed.",
            )  # fmt: skip
        toggles.line(spec, Place(name), OF_STAGE, rare=bool(st.session_state.get(f"kept_{name}_rare")))
