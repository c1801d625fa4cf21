"""A picture from outside the set: what the network sees, what several runs predict, and where they look."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cifar7.errors import UserError
from cifar7.results.picture import MAX_BYTES, OwnPicture, read_picture
from cifar7.ui.mistakes import paste_box
from cifar7.ui.pictures import attention_html, attention_panel, inference, probabilities
from cifar7.ui.shell import choices, messages
from cifar7.ui.shell.controls import callback
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import plain, probability

MOST_RUNS = 4  # beside each other
TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"]  # for the file dialog; the bytes decide
SOURCES = {"file": "A file", "paste": "Paste", "camera": "Camera"}
_PICTURE, _PROBLEM, _RUNS = "own_picture", "own_problem", "kept_own_runs"  # keys of session state


def show(summary: Summary) -> None:
    """The source of the picture, what the network sees, and what the runs say."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _source()
    picture: OwnPicture | None = st.session_state.get(_PICTURE)
    problem = st.session_state.get(_PROBLEM)
    if problem:
        with left:
            st.error(plain(problem), title="That is no picture to look at", icon=":material/broken_image:")
    if picture is None:
        with right:
            st.markdown(
                "**What does it say of a picture that you bring?** A photo, a drawing, something from the "
                "web: it becomes 32 × 32 pixels, and the network has to choose one of its classes, "
                "whatever is on it."
            )
        return
    with right:
        pixels = np.moveaxis(picture.pixels, 0, -1)
        st.html(attention_html.figure(pixels, "Your picture as the network sees it", "What the network sees"))
        st.caption(plain(" ".join(picture.notes)))
    _answers(picture, summary)


def _source() -> None:
    source = choices.segments("Your picture from", SOURCES, "file", key="own_source")
    if source == "camera":
        st.camera_input("Camera", key="own_camera", on_change=callback(_take_file), args=("own_camera",))
        st.caption(
            "Browsers give a page the camera only over HTTPS or on this very machine. Elsewhere, take a "
            "photo and choose **A file**; a phone offers its camera there."
        )
    elif source == "paste":
        paste_box.show("own_paste", MAX_BYTES, lambda content: _take(content, "The pasted picture"), _refuse)
    else:
        st.file_uploader(
            "A picture", TYPES, key="own_file", on_change=callback(_take_file), args=("own_file",),
            max_upload_size=5, help="It is looked at on this machine and not kept.",
        )  # fmt: skip


def _take_file(key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        _take(file.getvalue(), file.name)


def _take(content: bytes, name: str) -> None:
    """Read a picture by its bytes; its name is only used in messages."""
    try:
        st.session_state[_PICTURE] = read_picture(content, name)
        st.session_state[_PROBLEM] = None
    except UserError as error:
        _refuse(str(error))


def _refuse(reason: str) -> None:
    st.session_state[_PROBLEM] = reason


def _answers(picture: OwnPicture, summary: Summary) -> None:
    asked = st.session_state.get(_RUNS, [])
    runs = choices.several_runs(
        "Ask",
        run_list.offered(keep=[summary.id, *asked]),
        asked,
        [summary.id],
        most=MOST_RUNS,
        key="own_runs",
        on_change=lambda chosen: st.session_state.update({_RUNS: chosen}),
        help="Several runs answer beside each other.",
    )
    if not runs:
        st.caption("Choose a run to hear what it says.")
        return
    columns = st.columns(len(runs), gap="medium")
    for at, (column, run) in enumerate(zip(columns, runs, strict=True)):
        with column, st.container(border=len(runs) > 1):
            _answer(picture, run, at, alone=len(runs) == 1)
    st.caption(
        "It knows no more than its classes and has to choose one, so a high probability for a picture of "
        "something else means little."
    )


def _answer(picture: OwnPicture, summary: Summary, at: int, alone: bool) -> None:
    """What one run predicts; `at` is its column, `alone` whether it has the whole width."""
    try:
        with st.spinner("Asking the network"):
            answer = inference.classify(summary.run, picture.pixels)
    except (UserError, OSError) as error:
        messages.warning(error)
        return
    name = max(answer, key=answer.__getitem__)
    st.markdown(f"**{plain(summary.name)}** says **{plain(name)}** ({probability(answer[name])}).")
    left, right = st.columns([3, 2], gap="large") if alone else (st.container(), st.container())
    with left:
        rows = probabilities.rows(list(answer), list(answer.values()))
        probabilities.show(f"own-picture-{at + 1}", rows, key=f"own_bars_{at}")
    with right:
        targets = {list(answer).index(name): name}
        attention_panel.show(summary.run, picture.pixels, targets, f"own_{at}")
