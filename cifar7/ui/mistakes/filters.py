"""Which mistakes are looked at: true and predicted class, order. The matrix and the boxes both set it."""

from __future__ import annotations

import streamlit as st

ANY = -1
ORDER_WORDS = {
    "confidence": "Surest first",
    "unsure": "Least sure first",
    "loss": "Highest loss first",
    "index": "In the set's order",
}
TRUE, PREDICTED, ORDER = (f"mistakes_{name}" for name in ("true", "predicted", "order"))  # widgets' keys
_CLICKS, _SHOWN = "mistakes_clicks", "mistakes_shown"


def begin(run_id: str) -> None:
    """Another run begins with all of its mistakes."""
    if st.session_state.get(_SHOWN) != run_id:
        st.session_state[_SHOWN] = run_id
        choose(ANY, ANY)


def chosen(classes: tuple[str, ...]) -> tuple[int | None, int | None]:
    """The true and predicted class that are filtered for; the client's word is checked."""
    values = [st.session_state.get(key, ANY) for key in (TRUE, PREDICTED)]
    known = [value if isinstance(value, int) and 0 <= value < len(classes) else None for value in values]
    return known[0], known[1]


def clicked(true: int, predicted: int) -> None:
    """Set the filter by the matrix, which keeps its own selection."""
    st.session_state[TRUE], st.session_state[PREDICTED] = true, predicted


def choose(true: int, predicted: int) -> None:
    """Set the filter otherwise; the matrix then forgets its selection."""
    clicked(true, predicted)
    changed()


def changed() -> None:
    """The boxes set the filter; the matrix forgets its selection, which would contradict them."""
    st.session_state[_CLICKS] = clicks() + 1


def clicks() -> int:
    """How often the filter was set otherwise than by the matrix."""
    return int(st.session_state.get(_CLICKS, 0))
