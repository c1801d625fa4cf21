"""Which pictures to learn from: the sets of the data directory, and the download of CIFAR-10."""

from __future__ import annotations

from collections import Counter

import numpy as np
import streamlit as st

from cifar7 import paths
from cifar7.data import by_hand, library
from cifar7.data.imageset import SetInfo
from cifar7.data.library import OFFICIAL, available, open_set
from cifar7.errors import UserError
from cifar7.ui.pictures import gallery
from cifar7.ui.shell import state
from cifar7.ui.shell.controls import callback
from cifar7.ui.train import download
from cifar7.ui.words.wording import plain

TICK_SECONDS = 1.0
SAMPLE_SIZE = 52  # CSS pixels


def choose() -> SetInfo:
    """The chooser; returns the chosen set, which may be one that is not on this machine yet."""
    sets = available()
    counts = Counter(info.title for info in sets)
    # With the name where another set has the same title.
    labels = {s.name: plain(f"{s.title} ({s.name})" if counts[s.title] > 1 else s.title) for s in sets}
    key = state.control("train_data", state.data_info().name)
    st.radio(
        "Data set",
        list(labels),
        key=key,
        on_change=callback(lambda: state.set_data(st.session_state[key])),
        format_func=labels.__getitem__,
        captions=[_caption(info) for info in sets],
        help="The pictures that the network learns from and is tested on, all 32 × 32 pixels in colour.",
    )
    return state.data_info()


def _caption(info: SetInfo) -> str:
    sizes = (
        f"{info.train_size:,} images to learn from, {info.test_size:,} to test, {len(info.classes)} classes"
    )
    return sizes if library.usable(info) else f"{sizes}. Not on this machine yet."


def details(info: SetInfo) -> None:
    """The set's notes and a picture of each class, or the way to get it."""
    if info.name == OFFICIAL and not info.present:
        is_running = download.look().state == "running"
        st.fragment(_fetching, run_every=TICK_SECONDS if is_running else None)(is_running)
        return
    if info.notes:
        st.caption(plain(info.notes[0]), help=" ".join(map(plain, info.notes[1:])) or None)
    samples = _samples(info.name, info.fingerprint)
    if samples:
        st.html(samples)


@st.cache_data(max_entries=20, show_spinner="Opening the pictures")
def _samples(name: str, fingerprint: str) -> str:
    """HTML with the first test picture of each class; empty where the set cannot be opened."""
    try:
        images = open_set(name)
    except UserError:
        return ""
    labels, rows = np.unique(images.test.labels, return_index=True)
    tiles = [
        gallery.Tile((("plain", images.classes[at]),), alt=f"A test picture of {images.classes[at]}")
        for at in labels
    ]
    return gallery.grid(images.test.images[rows], tiles, SAMPLE_SIZE, label="One picture of each class")


def _start() -> None:
    try:
        download.start()
    except UserError as error:
        state.notify(plain(str(error)))


def _fetching(was_running: bool) -> None:
    now = download.look()
    if now.state == "running":
        if not was_running:
            st.rerun()  # the whole page: only that starts the ticking
        st.progress(now.share, plain(now.what))
        return
    if now.state == "done":
        download.forget()
        state.set_data(OFFICIAL)
    if was_running or now.state == "done":
        st.rerun()
    failed = now.state == "failed"
    if failed:
        st.error(
            f"{plain(now.what)}. Nothing half-written was left behind.",
            title="The download did not work",
            icon=":material/cloud_off:",
        )
    brought = by_hand.in_folder(paths.data_dir())
    begin = "Read CIFAR-10 from the data folder" if brought else "Download CIFAR-10 (170 MB)"
    st.button(
        "Try again" if failed else begin,
        icon=":material/download:",
        key="train_download",
        on_click=callback(_start),
        width="stretch",
    )
    st.caption(
        f"{plain(brought.name)} lies in this server's data folder: it is checked, and nothing downloaded."
        if brought
        else "The official archive from the University of Toronto, checked after the download. Where the "
        f"network is slow, put {by_hand.ARCHIVE} into this server's data folder."
    )
