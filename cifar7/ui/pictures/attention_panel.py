"""Grad-CAM of one picture: the map over it, a choice of class and layer, and advice if it says little."""

from __future__ import annotations

import json

import streamlit as st

from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.ui.files import take_away
from cifar7.ui.pictures import attention_html, inference
from cifar7.ui.pictures.inference import Layer, Picture
from cifar7.ui.shell import choices, messages
from cifar7.ui.words.wording import plain

HELP = (
    "Grad-CAM: which places of this layer's map would raise the class's value. Later layers know more, "
    "earlier ones say more exactly where."
)


def show(run_id: str, spec: NetSpec, picture: Picture, targets: dict[int, str], key: str) -> None:
    """`targets`: the names of the classes to choose from, by index; `key` begins the widgets' keys."""
    place = st.empty()
    place.html(attention_html.waiting_html(picture, "Following the gradient back to the picture …"))
    layers, default = inference.layers(json.dumps(spec.to_dict(), sort_keys=True))
    target = _target(targets, key)
    layer = _layer(layers, default, key)
    name = targets[target]
    try:
        strength = inference.attention(run_id, picture, layer.index, target)
    except (UserError, OSError) as error:
        with place:
            messages.warning(error, icon=messages.NO_PICTURE)
        return
    caption = (
        f"Bright: what speaks for {name}. The line: at least half as strong as the strongest."
        if strength.any()
        else f"In this layer nothing speaks for {name}."
    )
    alt = f"Grad-CAM: where {layer.label} finds what speaks for {name}"
    place.html(attention_html.attention_html(picture, strength, alt, caption))
    take_away.files(
        f"{key}-grad-cam",
        lambda: attention_html.overlay_png(picture, strength),
        lambda: attention_html.map_csv(strength),
    )
    if layer.advice:
        st.warning(plain(layer.advice), icon=":material/grid_off:")


def _layer(layers: tuple[Layer, ...], default: int, key: str) -> Layer:
    by_index = {layer.index: layer for layer in layers}
    labels = {index: layer.label for index, layer in by_index.items()}
    index = choices.box(
        "Seen from layer", labels, default, key=f"{key}_layer", memory="kept_layer", help=HELP
    )
    return by_index[index]


def _target(targets: dict[int, str], key: str) -> int:
    default = next(iter(targets))
    if len(targets) == 1:
        return default
    return choices.segments("What speaks for", targets, default, key=f"{key}_target", memory=f"{key}_target")
