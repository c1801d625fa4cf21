"""What follows a unit's operation: normalisation, activation, dropout, their order, and biases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cifar7.network import edits
from cifar7.network.controls.operations import SEPARABLE, unit_is
from cifar7.network.controls.toggle import (
    Form,
    Forms,
    Level,
    Place,
    Toggle,
    Trials,
    field_form,
    stage_form,
    unit_at,
)
from cifar7.network.kinds import LAYER_KINDS
from cifar7.network.layers import norm_of
from cifar7.network.spec import ACTIVATIONS, DROPOUT_KINDS, DROPOUT_PLACES, NORMS, ORDERS, NetSpec, Unit

OWN = "as the network"  # where a unit departs from nothing
FITTING = 0  # groups: 8, or fewer where 8 do not divide
NONE = "none"
NORM_TITLES = {
    "batch": "batch", "group": "group", "layer": "layer", "channel": "over channels", "instance": "instance",
    NONE: NONE,
}  # fmt: skip
PARTS = {"conv": "convolution", "norm": "normalisation", "act": "activation", "drop": "dropout"}
ORDER_TITLES = {"conv-norm-act": "normalisation first", "conv-act-norm": "activation first"}
DROPPED = unit_is(lambda unit: unit.dropout > 0)


def percent(rate: float) -> str:
    """A probability as "15 %", with a narrow space that does not break."""
    return f"{100 * rate:.0f}\u202f%"


def norm_title(norm: str) -> str:
    """A normalisation on its control."""
    return NORM_TITLES.get(norm, norm)


def activation_title(kind: str) -> str:
    """An activation on its control."""
    return LAYER_KINDS[kind].title if kind in LAYER_KINDS else kind


def order_title(order: str) -> str:
    """An order of layers, as in "normalisation, activation, convolution"."""
    return ORDER_TITLES.get(order) or spelt_order(order)


def spelt_order(order: str) -> str:
    """The same with every part."""
    return order if order == OWN else ", ".join(PARTS[part] for part in order.split("-"))


def groups_title(groups: int) -> str:
    """A number of groups, or what stands for none given."""
    return "8 or fewer" if groups == FITTING else str(groups)


def group_norms(spec: NetSpec, place: Place) -> bool:
    """Whether the unit, or any of the network, has a group normalisation."""
    if place.unit:
        return norm_of(spec, unit_at(spec, place)) == "group"
    row = (unit for name, _ in spec.parts() for main in spec.every(name) for unit in (main, *main.shortcut))
    return spec.norm == "group" or any(norm_of(spec, unit) == "group" for unit in row)


def _departing(on: str, own: str) -> dict[str, Any]:
    """Reader and edit of a part that a unit has as its network has it, in its own way, or not at all."""

    def read(spec: NetSpec, place: Place) -> str:
        unit = unit_at(spec, place)
        return str(getattr(unit, own) or OWN) if getattr(unit, on) else NONE

    def apply(spec: NetSpec, place: Place, value: str) -> NetSpec:
        fields = {on: False} if value == NONE else {on: True, own: None if value == OWN else value}
        return edits.change_unit(spec, place.stage, place.unit, place.beside, **fields)

    return {"read": read, "apply": apply}


def _optional(control: Any, name: str, nothing: Any, **about: Any) -> Forms:
    """A form for a field of a unit that is None where its network decides, which `nothing` stands for."""

    def read(spec: NetSpec, place: Place) -> Any:
        value = getattr(unit_at(spec, place), name)
        return nothing if value is None else value

    def apply(spec: NetSpec, place: Place, value: Any) -> NetSpec:
        fields = {name: None if value == nothing else value}
        return edits.change_unit(spec, place.stage, place.unit, place.beside, **fields)

    return {Level.UNIT: Form(control, read=read, apply=apply, rare=nothing, **about)}


def _orders(spec: NetSpec, place: Place) -> Sequence[str]:
    """Every order; where a unit drops nothing the place of its dropout is left out."""
    return [OWN, *(order for order in ORDERS if unit_at(spec, place).dropout or "drop" not in order)]


def _norm_groups(spec: NetSpec, place: Place) -> Sequence[int]:
    """Numbers that divide the unit's channels."""
    channels = unit_at(spec, place).channels
    return [FITTING, *(groups for groups in range(1, channels + 1) if channels % groups == 0)]


def _follows(unit: Unit) -> bool:
    return unit.kind != "none" and (unit.norm or unit.activation or unit.dropout > 0)


BIAS = {OWN: OWN, True: "yes", False: "no"}

FOLLOWING = (
    Toggle(
        "dropout", "Dropout", "dropout",
        "Share of the values set to zero at random while training, which holds back overfitting.",
        {
            **stage_form(
                "slider", tuple(step / 20 for step in range(11)),
                lambda spec, stage: edits.stage_dropout(spec.stage(stage)), edits.set_dropout, width=170,
                visible=unit_is(lambda unit: unit.convolves or unit.dropout > 0),
                trials=Trials((0.0, 0.1, 0.2), lambda rate: f"dropout {100 * rate:.0f} %"),
            ),
            **field_form("list", "dropout", *(step / 20 for step in range(19)), line=2),
        },
        percent,
    ),
    Toggle(
        "norm", "Normalisation", "normalisation",
        "Rescales what the operation puts out: as the whole network does it, in another way, or not at all.",
        field_form("list", "norm", OWN, *NORMS, line=2, **_departing("norm", "norm_kind")),
        norm_title,
    ),
    Toggle(
        "norm_groups", "Groups of it", "groups of the normalisation",
        "Into how many groups of channels the group normalisation splits a map; it has to divide them.",
        _optional("list", "norm_groups", FITTING, options=_norm_groups, line=2, visible=group_norms),
        groups_title,
    ),
    Toggle(
        "activation", "Activation", "activation",
        "The bend after the operation: that of the whole network, another one, or none.",
        field_form(
            "list", "activation", OWN, *ACTIVATIONS, NONE, line=2,
            **_departing("activation", "activation_kind"),
        ),
        activation_title,
    ),
    Toggle(
        "after", "Dropout after", "dropout after the",
        "Where the dropout stands: after the whole unit, or right after its depthwise convolution only.",
        field_form(
            "list", "dropout_after", *DROPOUT_PLACES, line=2,
            visible=unit_is(lambda unit: unit.kind == "separable" and unit.dropout > 0),
        ),
    ),
    Toggle(
        "dropped", "It drops", "dropout of",
        "Single values, or whole maps: neighbouring pixels say much the same, so that a single one is hardly "
        "missed.",
        field_form("list", "dropout_kind", *DROPOUT_KINDS, line=2, visible=DROPPED, rare="values"),
        {"values": "single values", "channels": "whole channels"}.__getitem__,
    ),
    Toggle(
        "order", "Order", "order",
        "What stands first in this unit. With normalisation and activation before the convolution a residual "
        "sum stays free of both.",
        _optional("list", "order", OWN, options=_orders, line=2, visible=unit_is(_follows)),
        spelt_order,
    ),
    Toggle(
        "between", "Both in between", "norm and activation between",
        "Normalisation and activation also between the depthwise and the 1×1 convolution.",
        field_form("switch", "between", True, False, line=3, visible=SEPARABLE),
    ),
    Toggle(
        "bias", "Bias", "bias",
        "A number that is added to each map. Before a normalisation it has no effect, and the network may "
        "leave it away there.",
        _optional(
            "list", "bias", OWN, options=tuple(BIAS), line=2,
            visible=unit_is(lambda unit: unit.convolves or unit.kind == "linear"),
        ),
        BIAS.__getitem__,
    ),
    Toggle(
        "pointwise_bias", "Bias of the 1×1", "bias of the 1×1",
        "The same of the 1×1 convolution that mixes the channels.",
        _optional("list", "pointwise_bias", OWN, options=tuple(BIAS), line=2, visible=SEPARABLE),
        BIAS.__getitem__,
    ),
)  # fmt: skip
