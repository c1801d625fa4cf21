"""Grad-CAM of one picture: the map over it, a choice of class and layer, and advice if it says little."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cifar7.errors import UserError
from cifar7.runs.folder import RunFolder
from cifar7.ui.files import take_away
from cifar7.ui.pictures import attention_html, inference
from cifar7.ui.pictures.inference import Picture
from cifar7.ui.shell import choices, messages
from cifar7.ui.words.wording import plain

HELP = (
    "Grad-CAM: which places of this layer's map would raise the class's value. Later layers know more, "
    "earlier ones say more exactly where."
)


def show(run: RunFolder, picture: Picture, targets: dict[int, str], key: str) -> None:
    """`targets`: the names of the classes to choose from, by index; `key` begins the widgets' keys."""
    place = st.empty()
    dark = attention_html.overlay(picture, np.zeros(picture.shape[1:], np.float32))
    waiting = "Following the gradient back to the picture …"
    place.html(attention_html.figure(dark, waiting, waiting))
    layers, default = inference.layers(run.spec())
    target = next(iter(targets))
    if len(targets) > 1:
        target_key = f"{key}_target"
        target = choices.segments("What speaks for", targets, target, key=target_key, memory=target_key)
    labels = {index: label for index, (label, _) in layers.items()}
    index = choices.box(
        "Seen from layer", labels, default, key=f"{key}_layer", memory="kept_layer", help=HELP
    )
    (label, advice), name = layers[index], targets[target]
    try:
        strength = inference.attention(run, picture, index, target)
    except (UserError, OSError) as error:
        with place:
            messages.warning(error, icon=messages.NO_PICTURE)
        return
    caption = (
        f"Bright: what speaks for {name}. The line: at least half as strong as the strongest."
        if strength.any()
        else f"In this layer nothing speaks for {name}."
    )
    lit = attention_html.overlay(picture, strength)
    place.html(attention_html.figure(lit, f"Grad-CAM: where {label} finds what speaks for {name}", caption))
    take_away.files(
        f"{key}-grad-cam", lambda: attention_html.png(lit), lambda: attention_html.map_csv(strength)
    )
    if advice:
        st.warning(plain(advice), icon=":material/grid_off:")
