"""The network that somebody already has: pasted or uploaded, read, looked at, and taken as the design."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import streamlit as st

from cifar7.errors import UserError
from cifar7.imports.networks import Imported
from cifar7.imports.reading import SOURCES, Read, read
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.spec import STAGE_NAMES
from cifar7.ui.design.left_open import settled
from cifar7.ui.shell import state
from cifar7.ui.words.summary import head_words, stage_words
from cifar7.ui.words.wording import plain
from cifar7.wording import capital

LARGEST = 5  # MB, as of every upload; a notebook brings along the pictures that it has drawn
KEPT = 4  # texts whose readings are kept
SHOWN = 6  # remarks before the rest is folded away
_TEXT, _FILE, _CLASS = "bring_text", "bring_file", "bring_class"
_EXAMPLE = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        ..."""


def button() -> None:
    """Opens the dialog."""
    asked = st.button(
        "Bring your own", icon=":material/input:", key="bring",
        help="Paste or upload the network you have: source, a notebook, print(model) or a summary.",
    )  # fmt: skip
    if asked:
        _dialog()


@st.dialog("Bring the network you have", width="large")
def _dialog() -> None:
    st.caption(
        "Paste the class, what `print(model)` shows, or the table of torchsummary or torchinfo; or choose a "
        "file or a notebook. It is read, never executed."
    )
    st.text_area("Your network", key=_TEXT, height=190, placeholder=_EXAMPLE, label_visibility="collapsed")
    file = st.file_uploader(
        "Or a file", type=["py", "ipynb", "txt", "json"], key=_FILE, max_upload_size=LARGEST,
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button("Read it", icon=":material/search:", key="bring_read", type="primary")
        class_name = st.text_input(
            "Class", key=_CLASS, width=200, placeholder="the one it is about",
            help="Which class, where the text has several networks.",
        )  # fmt: skip
    text = file.getvalue().decode("utf-8", "replace") if file else str(st.session_state.get(_TEXT) or "")
    if not text.strip():
        return
    if len(text) > LARGEST * 1_048_576:  # pasted: a file is held to it by the server
        st.error(f"That is more than {LARGEST} MB: give the class alone.", icon=":material/error:")
        return
    try:
        found = _read(text, class_name.strip() if class_name.strip().isidentifier() else "")
        reading = settled(found, _reading(found), text)
    except UserError as error:
        st.error(f"{plain(capital(error.fault))}\n\n{plain(capital(error.cure))}", icon=":material/error:")
        return
    _figures(found, reading)
    taken = st.button("Take it as my design", icon=":material/check:", key="bring_take", type="primary")
    _remarks(reading)
    if taken:
        state.set_design(reading.spec, f"Brought {reading.spec.name}")
        st.rerun()


@lru_cache(maxsize=KEPT)
def _read(text: str, class_name: str) -> Read:
    return read(text, class_name)


def _reading(found: Read) -> Imported:
    """The reading to look at: the only one, or one that is chosen from a list."""
    if len(found.readings) == 1:
        return found.readings[0]
    st.info(
        f"This text can be read in {len(found.readings)} ways: it does not show everything that a network "
        "does. Which one is yours?",
        icon=":material/alt_route:",
    )
    labels = {at: capital(r.difference or "as written") for at, r in enumerate(found.readings)}
    at = st.radio("Reading", list(labels), format_func=labels.__getitem__, key="bring_reading",
                  label_visibility="collapsed")  # fmt: skip
    return found.readings[at or 0]


def _figures(found: Read, reading: Imported) -> None:
    analysis = analyse(reading.spec)
    field = f"{analysis.receptive_field_before} / {analysis.receptive_field_total}"
    what = SOURCES[found.kind]
    st.html(
        f'<div class="c7-brought"><b>{escape(reading.spec.name)}</b> from {what}'
        f"<table>{_row('parameters', f'{analysis.parameters:,}')}"
        f"{_row('receptive field, before / with pooling', f'{field} px')}"
        f"{_row('multiply-accumulates an image', f'{analysis.macs:,}')}</table>"
        f"{_stages(reading, analysis)}</div>"
    )


def _row(name: str, value: str) -> str:
    return f"<tr><td>{name}</td><td><b>{value}</b></td></tr>"


def _stages(reading: Imported, analysis: Analysis) -> str:
    spec = reading.spec
    words = [f"<b>{n}</b> {escape(stage_words(spec, n))}" for n in STAGE_NAMES if spec.stage(n).units]
    return "<br>".join([*words, f"<b>O</b> {escape(head_words(spec))}"])


def _remarks(reading: Imported) -> None:
    """What is to be said of the source, the first few in sight."""
    remarks = [f"Line {r.line}: {r.message}" if r.line else r.message for r in reading.remarks]
    for text in remarks[:SHOWN]:
        st.warning(plain(text), icon=":material/lightbulb:")
    if remarks[SHOWN:]:
        with st.expander(f"{len(remarks) - SHOWN} more remarks"):
            for text in remarks[SHOWN:]:
                st.markdown(plain(text))
