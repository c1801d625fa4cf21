"""A box to paste a picture into from the clipboard. The caller checks the bytes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import streamlit as st

_SCRIPT = """
export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector("input")
  box.placeholder = data.placeholder
  box.ariaLabel = data.placeholder
  box.oninput = () => { box.value = "" }
  box.onpaste = (event) => {
    event.preventDefault()
    const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"))
    if (!file) return setTriggerValue("pasted", { problem: "none" })
    if (file.size > data.largest) return setTriggerValue("pasted", { problem: "large" })
    const reader = new FileReader()
    reader.onload = () => setTriggerValue("pasted", { data: reader.result.split(",")[1] })
    reader.readAsDataURL(file)
  }
}
"""
_STYLE = """
input { width: 100%; box-sizing: border-box; padding: 1.2rem 1rem; font: inherit; text-align: center;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px dashed var(--st-border-color); border-radius: var(--st-base-radius); }
input:focus { outline: 2px solid var(--st-primary-color); }
"""
_box = st.components.v2.component("cifar7_paste", html="<input>", css=_STYLE, js=_SCRIPT)


def show(key: str, largest: int, take: Callable[[bytes], None], refuse: Callable[[str], None]) -> None:
    """Draw the box. A paste calls `take` with the bytes, or `refuse` with the reason why there are none.

    `largest`: bytes.
    """

    def pasted() -> None:
        message: Any = st.session_state[key].get("pasted")
        message = message if isinstance(message, dict) else {}  # a browser may send anything
        content = _content(message.get("data"), largest)
        if content is not None:
            take(content)
        elif message.get("problem") == "large":
            refuse(f"The pasted picture has more than {largest / 1e6:.0f} MB: scale it down.")
        else:
            refuse("There is no picture in the clipboard: copy one first, not its address or its name.")

    _box(
        key=key,
        data={"placeholder": "Click here, then paste (Ctrl+V)", "largest": largest},
        on_pasted_change=pasted,
    )


def _content(text: Any, largest: int) -> bytes | None:
    """The bytes of base64 text; None if it is none, too long or empty."""
    if not isinstance(text, str) or len(text) > 4 * largest // 3 + 4:
        return None
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None
