"""A picture of one's own: what the network sees of it, what it says, and where it looked; several runs."""

from __future__ import annotations

import streamlit as st

from cifar7.errors import UserError
from cifar7.results.picture import OwnPicture, read_picture
from cifar7.ui.files import take_away
from cifar7.ui.mistakes import paste_box
from cifar7.ui.pictures import attention_panel, inference, probabilities, tested
from cifar7.ui.pictures.attention_html import picture_html
from cifar7.ui.shell import state
from cifar7.ui.words import run_list
from cifar7.ui.words.run_list import Summary
from cifar7.ui.words.wording import plain, probability

LARGEST = 5_000_000  # bytes
MOST_RUNS = 4  # beside each other
TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"]  # for the file dialog; the bytes decide
SOURCES = {"file": "A file", "paste": "Paste", "camera": "Camera"}
_PICTURE, _PROBLEM, _RUNS = "own_picture", "own_problem", "kept_own_runs"  # keys of session state


def show(summary: Summary) -> None:
    """Where the picture comes from, what the network sees, and what the runs say."""
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
        st.html(picture_html(picture.pixels, "Your picture as the network sees it", "What the network sees"))
        st.caption(plain(" ".join(picture.notes)))
    _say(picture, summary)


def _source() -> None:
    source = st.segmented_control(
        "Your picture from", list(SOURCES), key=state.control("own_source", _kept("file")), required=True,
        format_func=SOURCES.__getitem__, on_change=_keep_source,
    )  # fmt: skip
    if source == "camera":
        st.camera_input("Camera", key="own_camera", on_change=_taken, args=("own_camera",))
        st.caption(
            "Browsers give a page the camera only over HTTPS or on this very machine. Elsewhere, take a "
            "photo and choose **A file**; a phone offers its camera there."
        )
    elif source == "paste":
        paste_box.show("own_paste", LARGEST, lambda content: _take(content, "The pasted picture"), _refuse)
    else:
        st.file_uploader(
            "A picture", TYPES, key="own_file", on_change=_taken, args=("own_file",), max_upload_size=5,
            help="It is looked at on this machine and not kept.",
        )  # fmt: skip


def _kept(usual: str) -> str:
    kept = st.session_state.get("kept_own_source")
    return kept if kept in SOURCES else usual


def _keep_source() -> None:
    st.session_state["kept_own_source"] = st.session_state["own_source"]


def _taken(key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        _take(file.getvalue(), file.name)


def _take(content: bytes, name: str) -> None:
    """Name and type are the sender's word: only the bytes count."""
    if len(content) > LARGEST:
        _refuse(
            f"{name[:60]} has {len(content) / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f} MB: scale it down."
        )
        return
    try:
        st.session_state[_PICTURE] = read_picture(content, name)
        st.session_state[_PROBLEM] = None
    except UserError as error:
        _refuse(str(error))


def _refuse(why: str) -> None:
    st.session_state[_PROBLEM] = why


def _say(picture: OwnPicture, summary: Summary) -> None:
    shown = _choose(summary)
    if not shown:
        st.caption("Choose a run to hear what it says.")
        return
    columns = st.columns(len(shown), gap="medium")
    for at, (column, one) in enumerate(zip(columns, shown, strict=True)):
        with column, st.container(border=len(shown) > 1):
            _one(picture, one, at, alone=len(shown) == 1)
    st.caption(
        "It knows no more than its classes and has to choose one, so a high probability for a picture of "
        "something else means little."
    )


def _choose(summary: Summary) -> list[Summary]:
    """The runs that are asked: the one that is looked at, and others beside it."""
    by_id = {one.id: one for one in run_list.tested(tested.MOST_RUNS)}
    kept = [run for run in st.session_state.get(_RUNS, []) if run in by_id] or [summary.id]
    names = run_list.labels(list(by_id.values()))
    chosen = st.multiselect(
        "Ask", list(by_id), key=state.control("own_runs", kept), format_func=names.__getitem__,
        max_selections=MOST_RUNS, help="Several runs answer beside each other.",
        on_change=lambda: st.session_state.update({_RUNS: st.session_state["own_runs"]}),
    )  # fmt: skip
    return [by_id[run] for run in chosen if run in by_id]


def _one(picture: OwnPicture, summary: Summary, at: int, alone: bool) -> None:
    try:
        with st.spinner("Asking the network"):
            said = inference.classify(summary.id, picture.pixels)
            spec = summary.run.spec()
    except (UserError, OSError) as error:
        st.warning(plain(str(error)), icon=":material/error:")
        return
    rows = probabilities.rows(said.classes, said.probabilities)
    best = max(range(len(rows)), key=lambda place: said.probabilities[place])
    st.markdown(
        f"**{plain(summary.status['name'])}** says **{plain(said.classes[best])}** "
        f"({probability(said.probabilities[best])})."
    )
    drawing = probabilities.bars(rows)
    left, right = st.columns([3, 2], gap="large") if alone else (st.container(), st.container())
    with left:
        alt = f"Probabilities: {probabilities.words(rows, len(rows))}"
        st.vega_lite_chart(None, drawing, key=f"own_bars_{at}", alt=alt)
        take_away.rows(f"own-picture-{at + 1}", drawing, rows, ("class", "probability"))
    with right:
        attention_panel.show(summary.id, spec, picture.pixels, {best: said.classes[best]}, f"own_{at}")
