"""The units of a stage one by one: everything that a toggle for the whole stage leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from cifar7.network import edits, working
from cifar7.network.problems import obstacle
from cifar7.network.spec import DROPOUT_PLACES, KINDS, MAX_UNITS, OUTPUT, STAGE_NAMES, NetSpec, Unit
from cifar7.ui.design import toggles
from cifar7.ui.shell import state
from cifar7.ui.words import terms
from cifar7.ui.words.summary import capital, form, square

WIDTHS = (8, 10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
KERNELS = (1, 2, 3, 5, 7)
STRIDES = (1, 2, 3, 4)
DILATIONS = (1, 2, 3, 4, 6, 8)
GROUPS = (2, 4, 8, 16, 32, 64)
RATES = tuple(step / 20 for step in range(19))  # 0 to 90 %
SAME = "same"  # padding that follows kernel and dilation and keeps the map


def expander(name: str) -> None:
    """Folded away, and not even built while folded: the page stays quick."""
    folded = st.expander("Unit by unit", key=f"{name}_folded", on_change="rerun")
    if not folded.open:
        return
    with folded:
        units = units_of(state.design(), name)
        if units:
            _fields(name, _chosen(name, units), units)
        _buttons(name, units)


def units_of(spec: NetSpec, name: str) -> tuple[Unit, ...]:
    """The units of a stage C1 … C4 or O."""
    return spec.output.units if name == OUTPUT else spec.stage(name).units


def add(name: str) -> None:
    """One more unit at the end of the stage; the editor turns to it."""
    state.edit(lambda spec: edits.add_unit(spec, name), f"{name}: one unit more")
    st.session_state[f"{name}_unit"] = len(units_of(state.design(), name))


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


def _fields(name: str, number: int, units: tuple[Unit, ...]) -> None:
    unit = units[number - 1]
    key, said = f"{name}_unit{number}_", f"{name}, unit {number}:"

    def put(field: str) -> toggles.Apply:
        return lambda spec, value: _set(spec, name, number, {field: value})

    with st.grid("auto", min_column_width=104, gap="small"):
        toggles.pick("Convolution", KINDS, unit.kind,
                     lambda spec, kind: _set_kind(spec, name, number, kind), key=key + "kind",
                     said=f"{said} convolution", help=terms.KIND, words=terms.KINDS.__getitem__,
                     width="stretch")  # fmt: skip
        if unit.kind == "grouped":
            toggles.number("Groups", GROUPS, unit.groups, put("groups"), key=key + "groups",
                           said=f"{said} groups", help=terms.GROUPS, low=1, high=1024,
                           width="stretch")  # fmt: skip
        toggles.number("Channels", WIDTHS, unit.channels, put("channels"), key=key + "channels",
                       said=f"{said} channels", help=terms.CHANNELS, low=1, high=1024,
                       width="stretch")  # fmt: skip
        toggles.number("Kernel", KERNELS, unit.kernel, put("kernel"), key=key + "kernel",
                       said=f"{said} kernel", help=terms.KERNEL, low=1, high=11, width="stretch")  # fmt: skip
        toggles.pick("Dilation", DILATIONS, unit.dilation, put("dilation"), key=key + "dilation",
                     said=f"{said} dilation", help=terms.DILATION, width="stretch")  # fmt: skip
        toggles.pick("Stride", STRIDES, unit.stride, put("stride"), key=key + "stride",
                     said=f"{said} stride", help=terms.STRIDE, width="stretch")  # fmt: skip
        toggles.pick("Padding", (SAME, *range(9)), SAME if unit.padding is None else unit.padding,
                     lambda spec, to: _set(spec, name, number, {"padding": None if to == SAME else to}),
                     key=key + "padding", said=f"{said} padding", help=terms.PADDING,
                     width="stretch")  # fmt: skip
        toggles.pick("Dropout", RATES, unit.dropout, put("dropout"), key=key + "dropout",
                     said=f"{said} dropout", help=terms.DROPOUT, words=_percent, width="stretch")  # fmt: skip
        if unit.kind == "separable":
            toggles.pick("Dropout after", DROPOUT_PLACES, unit.dropout_after, put("dropout_after"),
                         key=key + "after", said=f"{said} dropout after the", help=terms.DROPOUT_AFTER,
                         width="stretch")  # fmt: skip
            toggles.pick("1×1 padding", range(5), unit.pointwise_padding, put("pointwise_padding"),
                         key=key + "pointwise", said=f"{said} padding of the 1×1",
                         help=terms.POINTWISE_PADDING, width="stretch")  # fmt: skip
    _residual(name, number, unit, put("residual"))
    with st.container(horizontal=True, gap="small"):
        toggles.switch("Normalisation", unit.norm, put("norm"), key=key + "norm",
                       said=f"{said} normalisation", help=terms.NORM_HERE)  # fmt: skip
        toggles.switch("Activation", unit.activation, put("activation"), key=key + "activation",
                       said=f"{said} activation", help=terms.ACTIVATION_HERE)  # fmt: skip
        if unit.kind == "separable":
            toggles.switch("Both in between", unit.between, put("between"), key=key + "between",
                           said=f"{said} norm and activation between", help=terms.BETWEEN)  # fmt: skip


def _residual(name: str, number: int, unit: Unit, apply: toggles.Apply) -> None:
    """What a residual connection goes around; what would not fit is offered too, and says why."""
    shown = toggles.with_value(range(min(2, number) + 1), unit.residual)
    against = {around: obstacle(state.design(), name, number, around) for around in shown if around}
    told = [
        f"{capital(working.residual(n))}: {wrong.message} {wrong.cure}"
        for n, wrong in against.items()
        if wrong
    ]
    toggles.pick("Adds its input", shown, unit.residual, apply, key=f"{name}_unit{number}_residual",
                 said=f"{name}, unit {number}: residual connection",
                 help="\n\n".join([terms.RESIDUAL, *told]), width=264,
                 words=lambda n: working.residual(n) + " (does not fit)" * bool(against.get(n)))  # fmt: skip


def _buttons(name: str, units: tuple[Unit, ...]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.button("Add a unit", icon=":material/add:", key=f"{name}_add", on_click=add, args=(name,),
                  disabled=len(units) >= MAX_UNITS)  # fmt: skip
        st.button("Remove the last", icon=":material/remove:", key=f"{name}_remove", on_click=remove,
                  args=(name,), disabled=not units)  # fmt: skip
        if name in STAGE_NAMES and state.design().stage(name).pool:
            toggles.pick("Max-pool", (2, 3, 4), state.design().stage(name).pool,
                         lambda spec, size: edits.set_pool(spec, name, size), key=f"{name}_pool_size",
                         said=f"{name}: max-pool", help=terms.POOL_SIZE, words=square, width=110)  # fmt: skip


def _set(spec: NetSpec, name: str, number: int, changes: dict[str, Any]) -> NetSpec:
    units = units_of(spec, name)
    if number > len(units):
        return spec
    return edits.set_unit(spec, name, number, replace(units[number - 1], **changes))


def _set_kind(spec: NetSpec, name: str, number: int, kind: str) -> NetSpec:
    """A unit that becomes grouped begins with 2 groups."""
    changes: dict[str, Any] = {"kind": kind}
    if kind == "grouped":
        changes["groups"] = 2
    return _set(spec, name, number, changes)


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f}\u202f%"
