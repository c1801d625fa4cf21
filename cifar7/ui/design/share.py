"""A design on its way out and in: the link, spec.json, model.py, and a design from a file."""

from __future__ import annotations

import streamlit as st

from cifar7.errors import UserError
from cifar7.export.model_source import model_source
from cifar7.export.submission import spec_json
from cifar7.network.spec import NetSpec
from cifar7.ui.files.uploads import read_design
from cifar7.ui.shell import address, pages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.shell.link import Link, encode
from cifar7.ui.words.wording import plain

_FILE = "spec_file"  # key of the upload


def popover() -> None:
    """Closed it costs nothing: what is in it is made when it is opened."""
    folded = st.popover("Link and files", icon=":material/share:", key="share", on_change="rerun")
    if not folded.open:
        return
    with folded:
        spec = state.valid_design()
        st.markdown("**Link** to this design and its training settings")
        link = state.link()
        text = encode(Link(spec, state.config(), link.data if link else ""))
        own = address.own_profile()
        st.code(address.link_of(st.context.url or "", text, pages.PATHS, own), language=None, wrap_lines=True)
        what = "this design, its recipe and the assignment" if own else "this design and recipe"
        st.caption(
            f"It opens {what} in any browser. For a cifar7 elsewhere, put its address before "
            "the question mark."
        )
        with st.container(horizontal=True, gap="small"):
            st.download_button(
                "model.py", lambda: model_source(spec).encode(), "model.py", "text/x-python",
                icon=":material/download:", key="get_model", on_click="ignore",
                help="The network as plain PyTorch, without cifar7, shapes in the comments.",
            )  # fmt: skip
            st.download_button(
                "spec.json", lambda: spec_json(spec), f"{file_name(spec)}.json", "application/json",
                icon=":material/download:", key="get_spec", on_click="ignore",
                help="The design as data: what can be opened below, and what the command line reads.",
            )  # fmt: skip
        st.file_uploader(
            "Open a design from its spec.json", type="json", key=_FILE, max_upload_size=5,
            on_change=callback(_open),
        )  # fmt: skip


def file_name(spec: NetSpec) -> str:
    """A design's name as it may stand in a file's."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in spec.name).strip("-") or "network"


def _open() -> None:
    file = st.session_state.get(_FILE)
    if file is None:
        return
    try:
        spec = read_design(file.getvalue())
        state.set_design(spec, f"Opened {spec.name} from a file")
    except UserError as error:
        state.notify(plain(str(error)))
