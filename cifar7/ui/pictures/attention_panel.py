"""Grad-CAM of one picture: the map over it, a choice of class and layer, and advice when it says little."""

from __future__ import annotations

import json

import streamlit as st

from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.ui.files import take_away
from cifar7.ui.pictures import attention_html, inference
from cifar7.ui.pictures.inference import Layer, Picture
from cifar7.ui.shell import state
from cifar7.ui.words.wording import plain

HELP = (
    "Grad-CAM: which places of this layer's map would raise the class's value. Later layers know more, "
    "earlier ones say more exactly where."
)


def show(run_id: str, spec: NetSpec, picture: Picture, targets: dict[int, str], key: str) -> None:
    """`targets`: the classes to ask for, by their index; `key` begins the widgets' keys."""
    place = st.empty()
    place.html(attention_html.waiting_html(picture, "Following the gradient back to the picture …"))
    found, usual = inference.layers(json.dumps(spec.to_dict(), sort_keys=True))
    target = _target(targets, key)
    layer = _layer(found, usual, key)
    name = targets[target]
    try:
        strength = inference.attention(run_id, picture, layer.at, target)
    except (UserError, OSError) as error:
        place.warning(plain(str(error)), icon=":material/hide_image:")
        return
    seen = strength.any()
    alt = f"Grad-CAM: where {layer.words} finds what speaks for {name}"
    place.html(
        attention_html.attention_html(
            picture,
            strength,
            alt,
            f"Bright: what speaks for {name}. The line: at least half as strong as the strongest."
            if seen
            else f"In this layer nothing speaks for {name}.",
        )
    )
    take_away.files(
        f"{key}-grad-cam",
        lambda: attention_html.overlay_png(picture, strength),
        lambda: attention_html.map_csv(strength),
    )
    if layer.advice:
        st.warning(plain(layer.advice), icon=":material/grid_off:")


def _layer(found: tuple[Layer, ...], usual: int, key: str) -> Layer:
    by_place = {layer.at: layer for layer in found}
    kept, own = st.session_state.get("kept_layer"), f"{key}_layer"
    start = kept if kept in by_place else usual
    chosen = st.selectbox(
        "Seen from layer",
        list(by_place),
        key=state.control(own, start),
        format_func=lambda at: by_place[at].words,
        on_change=lambda: st.session_state.update(kept_layer=st.session_state[own]),
        help=HELP,
    )
    return by_place[start if chosen is None else chosen]


def _target(targets: dict[int, str], key: str) -> int:
    if len(targets) == 1:
        return next(iter(targets))
    own = f"{key}_target"
    kept = st.session_state.get(own)
    start = kept if kept in targets else next(iter(targets))
    chosen = st.segmented_control(
        "What speaks for",
        list(targets),
        key=state.control(own, start),
        format_func=targets.__getitem__,
        required=True,
    )
    return start if chosen is None else int(chosen)
