"""A gallery whose pictures open by a click, or by keyboard with the arrow keys and Enter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cifar7.ui.pictures import gallery
from cifar7.ui.pictures.gallery import Tile

NOTHING = -1

# The markup comes from gallery.grid, which escapes every name. It is replaced only when it differs.
_SCRIPT = """
export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector(".place")
  if (place.dataset.version !== data.version) {
    place.innerHTML = data.html
    place.dataset.version = data.version
  }
  place.onclick = (event) => {
    const chosen = event.target.closest("button[data-opens]")
    if (chosen) setTriggerValue("opened", Number(chosen.dataset.opens))
  }
  place.onkeydown = (event) => {
    const all = [...place.querySelectorAll("button[data-opens]")]
    const at = all.indexOf(event.target)
    if (at < 0) return
    const columns = all.filter((one) => one.offsetTop === all[0].offsetTop).length
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + (steps[event.key] ?? 0)
    if (to === at || !all[to]) return
    event.preventDefault()
    all[at].tabIndex = -1
    all[to].tabIndex = 0
    all[to].focus()
  }
}
"""
_STYLE = """
.place { font-family: var(--st-font); color: var(--st-text-color); padding: 4px;
  min-height: 4rem; }
"""
_grid = st.components.v2.component(
    "cifar7_pictures", html='<div class="place"></div>', css=_STYLE, js=_SCRIPT
)


def show(
    images: NDArray[np.uint8],
    tiles: Sequence[Tile],
    *,
    label: str,
    key: str,
    on_open: Callable[[int], None],
) -> None:
    """Draw the grid. A click on a picture calls `on_open` with its tile's `opens`."""
    numbers = {tile.opens for tile in tiles}
    html = gallery.grid(images, tiles, label=label)

    def opened() -> None:
        number: Any = st.session_state[key].get("opened", NOTHING)
        if isinstance(number, int) and number in numbers:  # a browser may send anything
            on_open(number)

    _grid(
        key=key,
        data={"html": html, "version": hashlib.sha256(html.encode()).hexdigest()[:16]},
        on_opened_change=opened,
    )
