"""What holds for the whole network: activation, normalisation, their order, biases."""

from __future__ import annotations

from dataclasses import replace

from cifar7.network.controls.following import (
    FITTING,
    ORDER_TITLES,
    activation_title,
    group_norms,
    groups_title,
    norm_title,
    order_title,
)
from cifar7.network.controls.toggle import Level, Toggle, Trials, field_form
from cifar7.network.spec import ACTIVATIONS, NORMS


def _norm_trial(norm: str) -> str:
    return f"{'no' if norm == 'none' else norm} normalisation"


WHOLE = (
    Toggle(
        "activation", "Activation", "Activation",
        "The bend after each convolution; without one, layers in a row would be no more than one layer.",
        field_form("list", "activation", *ACTIVATIONS, level=Level.NETWORK, width=150,
                   trials=Trials(ACTIVATIONS, activation_title)),
        activation_title,
    ),
    Toggle(
        "norm", "Normalisation", "Normalisation",
        "Rescales values so that training is faster and steadier. Batch takes the statistics over the batch "
        "of images; the others over one image: its groups of channels, all of it, the channels of each "
        "pixel, or each map.",
        field_form("list", "norm", *NORMS, level=Level.NETWORK, width=150, trials=Trials(NORMS, _norm_trial)),
        norm_title,
    ),
    Toggle(
        "norm_groups", "Groups of it", "Groups of the normalisation",
        "Into how many groups of channels a group normalisation splits a map; it has to divide every one.",
        field_form(
            "list", "norm_groups", FITTING, 1, 2, 4, 8, 16, 32,
            level=Level.NETWORK, width=130, visible=group_norms,
            read=lambda spec, place: spec.norm_groups or FITTING,
            apply=lambda spec, place, groups: replace(spec, norm_groups=groups or None),
        ),
        groups_title,
    ),
    Toggle(
        "order", "Order", "Order",
        "What follows the convolution first: the normalisation, or the activation.",
        field_form("buttons", "order", *ORDER_TITLES, level=Level.NETWORK, line=2), order_title,
    ),
    Toggle(
        "bias", "Biases before a normalisation too", "Biases before a normalisation",
        "Biases also where a normalisation follows. It takes the mean out again, so they are parameters "
        "without effect.",
        field_form("switch", "bias", True, False, level=Level.NETWORK, line=3),
    ),
)  # fmt: skip
