"""The receptive field on a real picture: what a layer may see, and what it really looks at."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cifar7 import paths
from cifar7.data.library import BUILT_IN, open_set
from cifar7.errors import UserError
from cifar7.network.arithmetic import Row, analyse
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunFolder
from cifar7.ui.assignment import achievement
from cifar7.ui.design import field_drawing
from cifar7.ui.design.field_drawing import Field, Picture, Strength
from cifar7.ui.files import take_away
from cifar7.ui.pictures import inference
from cifar7.ui.shell import state
from cifar7.ui.words.lines import labels, lines
from cifar7.ui.words.wording import percent, plain

UNTRAINED = "untrained"


def show(spec: NetSpec) -> None:
    """A slider over the layers, the picture, and the heat map beside it."""
    rows = analyse(spec).rows
    at = _layer(rows)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        choice = _picture()
        weights = _weights(spec)
    if choice is None:
        return
    picture, what = choice
    field = field_drawing.middle_field(rows, at)
    place = st.empty()
    _draw(place, picture, what, field, None, _sentence(field, None, 0.0, weights))
    try:
        strength, side = _effective(spec, at, weights)
    except UserError as error:
        st.warning(plain(str(error)), icon=":material/error:")
        return
    _draw(place, picture, what, field, strength, _sentence(field, strength, side, weights))
    when = "before training" if weights == UNTRAINED else "after training"
    titles = (f"May see: {field.side} px a side", f"Looks at, {when}")
    take_away.files(
        "field-on-a-picture",
        lambda: field_drawing.png(picture, field, strength, titles),
        lambda: field_drawing.pixels_csv(strength, field),
    )


def _layer(rows: tuple[Row, ...]) -> int:
    """The row that is looked at: a convolution, a pool or the classifier."""
    columns = lines(rows)
    places = {rows.index(line.row): line for line in columns}
    names = dict(zip(places, labels(columns)))  # a slider goes by what it shows
    before_pooling = [
        at for at, line in places.items() if not line.is_average_pool and line.row.output[1] > 1
    ]
    layer = st.session_state.get("look_layer")
    at = layer if layer in places else (before_pooling or list(places))[-1]
    return int(
        st.select_slider(
            "Layer",
            list(places),
            key=state.control("look_layer", at),
            format_func=names.__getitem__,
            help="The value in the middle of this layer's map is followed back to the image.",
        )
    )


def _picture() -> tuple[Picture, str] | None:
    """A test picture of the chosen set, or of the built-in one while the chosen is not on this machine."""
    info = state.data_info()
    name = info.name if info.present else BUILT_IN
    try:
        pictures = _pictures(name, info.fingerprint)
    except UserError as error:
        st.warning(plain(str(error)), icon=":material/hide_image:")
        return None
    classes = list(pictures)
    label = st.session_state.get("look_class")
    key = state.control("look_class", label if label in classes else classes[0])
    chosen = str(st.selectbox("Picture of", classes, key=key, width=150))
    return pictures[chosen], chosen


@st.cache_data(max_entries=20, show_spinner="Opening the images")
def _pictures(name: str, fingerprint: str) -> dict[str, Picture]:
    """The first test picture of each class."""
    images = open_set(name)
    first = {
        label: int(np.flatnonzero(images.test.labels == label)[0]) for label in np.unique(images.test.labels)
    }
    return {images.classes[label]: np.array(images.test.images[at]) for label, at in first.items()}


def _weights(spec: NetSpec) -> str:
    """The weights to look through: none learnt yet, or those of a run of this very design."""
    runs = {run.id: run for run in achievement.runs_of(paths.runs_dir(), spec)}
    options = [UNTRAINED, *runs]
    weights = st.session_state.get("look_weights")
    return str(
        st.selectbox(
            "Looked at with",
            options,
            key=state.control("look_weights", weights if weights in options else UNTRAINED),
            format_func=lambda name: "untrained weights" if name == UNTRAINED else _label(runs[name]),
            help="A run is offered when its design is the one on the page: its training shows what changes.",
        )
    )


def _label(run: RunFolder) -> str:
    """Result, and the time and end of the id: no two runs alike."""
    accuracy = None
    with suppress(UserError):
        accuracy = (run.status()["result"] or {}).get("test_accuracy")
    result = "no test yet" if accuracy is None else percent(accuracy)
    return f"trained: {result}, run of {run.id[9:11]}:{run.id[11:13]} (…{run.id[-4:]})"


def _effective(spec: NetSpec, at: int, weights: str) -> tuple[inference.Map, float]:
    if weights == UNTRAINED:
        return inference.untrained(json.dumps(spec.to_dict(), sort_keys=True), at)
    return inference.trained(weights, at)


def _sentence(field: Field, strength: Strength | None, side: float, weights: str) -> str:
    """What may be seen and what is looked at, `side`: where faint influence counts too."""
    sees = f"The value may see <b>{field.side} px</b> a side. "
    when = "Before training" if weights == UNTRAINED else "After training"
    if strength is None:
        looks = f"{when} it looks …"
    elif not strength.any():
        looks = f"{when} no pixel moves it: it says the same of every image."
    elif field.share < 1:
        mainly = field_drawing.strong_side(strength) ** 2
        looks = f"{when} it looks mainly at <b>{mainly:.0f} pixels</b>, and faintly at {side**2:.0f}."
    else:
        mainly = field_drawing.strong_side(strength)
        looks = f"{when} it looks mainly at about <b>{mainly:.0f} px</b>, and faintly at {side:.0f} px."
    if field.share == 1:
        return sees + looks
    holes = (
        f" Of {field.side} pixels in a line it reaches {len(field.reached)}: the dark squares are the holes "
        "that stacked dilations leave."
    )
    return sees + looks + holes


def _draw(
    place: DeltaGenerator, picture: Picture, what: str, field: Field, strength: Strength | None, sentence: str
) -> None:
    """Both frames with their captions, in `place`."""
    size = picture.shape[1]
    low, high = field_drawing.window(field, size)
    edge = " Beyond the thin line, where the image ends, it sees padding." if field.side > size else ""
    if field.first < low or field.first + field.side > high:
        edge += " The box goes on beyond the drawing."
    dashed = " Dashed: where it looks mainly." if field.share == 1 else ""
    left = field_drawing.may_see_svg(picture, field, strength, what)
    if strength is None:
        right = field_drawing.waiting_html("Following the gradient back to the image …")
    else:
        right = field_drawing.looks_at_svg(
            strength, field, "How strongly each pixel of the image moves the value"
        )
    place.markdown(  # st.html takes an SVG out
        f'<div class="c7-lesson" role="status" style="min-height:3.4em">{sentence}</div>'
        '<div class="c7-looks">'
        f"<figure>{left}<figcaption><b>May see</b>: the blue box.{dashed}{edge}"
        f"</figcaption></figure><figure>{right}<figcaption><b>Looks at</b>: how strongly each pixel of the "
        "image moves the value. Mainly: at least half as strong as the strongest; "
        "faintly: down to 5 %.</figcaption></figure></div>",
        unsafe_allow_html=True,
    )
