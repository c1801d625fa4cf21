"""The filter of the mistakes: true class, predicted class and order. The matrix and the boxes both set it."""

from __future__ import annotations

import streamlit as st

ANY = -1
ORDER_LABELS = {
    "confidence": "Surest first",
    "unsure": "Least sure first",
    "loss": "Highest loss first",
    "index": "In the set's order",
}
TRUE, PREDICTED, ORDER = (f"mistakes_{name}" for name in ("true", "predicted", "order"))  # keys of widgets
_RESETS, _RUN = "mistakes_clicks", "mistakes_shown"  # keys of session state


def begin(run_id: str) -> None:
    """Clear the filter if another run is shown than before."""
    if st.session_state.get(_RUN) != run_id:
        st.session_state[_RUN] = run_id
        choose(ANY, ANY)


def chosen(classes: tuple[str, ...]) -> tuple[int | None, int | None]:
    """The true and the predicted class of the filter; None is any class."""
    values = [st.session_state.get(key, ANY) for key in (TRUE, PREDICTED)]
    true, predicted = (
        value if isinstance(value, int) and 0 <= value < len(classes) else None  # a browser may send anything
        for value in values
    )
    return true, predicted


def clicked(true: int, predicted: int) -> None:
    """Set the filter from the matrix, which keeps its selection."""
    st.session_state[TRUE], st.session_state[PREDICTED] = true, predicted


def choose(true: int, predicted: int) -> None:
    """Set the filter from elsewhere."""
    clicked(true, predicted)
    changed()


def changed() -> None:
    """The filter was set outside the matrix, whose selection would now contradict it."""
    st.session_state[_RESETS] = resets() + 1


def resets() -> int:
    """How often the filter was set outside the matrix."""
    return int(st.session_state.get(_RESETS, 0))
