"""The confusion matrix as an Altair heatmap: green where class and prediction agree, purple elsewhere.

Errors have a scale of their own, because beside a diagonal near 100 % all of them would be invisible. The
difference of two runs is orange where the cell is more frequent and blue where it is less. Strength is
opacity, so one drawing serves the light and the dark theme.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cifar7.results.figures import By, normalised
from cifar7.ui.files import take_away
from cifar7.ui.shell import palette

BY_WORDS: dict[By, str] = {"counts": "Counts", "recall": "By row", "precision": "By column"}
BY_HELP = (
    "Counts: pictures. By row: of all pictures of a class, the share called so; the diagonal is the recall. "
    "By column: of all pictures called so, the share that is; the diagonal is the precision."
)
INK = {"light": "#1B2430", "dark": "#E6EBF0"}
SELECTION = "cell"
STRONGEST = 0.85  # opacity, so that the count in a cell stays readable
KINDS = {"right": palette.TRUE, "wrong": palette.PREDICTED, "more": palette.MORE, "fewer": palette.FEWER}
LEGIBLE = 20  # classes, up to which numbers fit into the cells
DOWNLOAD_SIDE = 460  # pixels of the picture

Chosen = tuple[int | None, int | None]  # the filter's true and predicted class; None is any class


@dataclass(frozen=True, slots=True)
class Look:
    """What a cell holds (counts, or shares of its row or column), and whether the diagonal is left out."""

    by: By = "counts"
    errors_only: bool = False


def show(
    table: pd.DataFrame,
    order: Sequence[str],
    *,
    key: str,
    alt: str,
    on_select: Callable[[], None] | None = None,
) -> None:
    """The heatmap of `rows` in the page's theme; a click on a cell calls `on_select`."""
    chart = heatmap(table, order, INK[st.context.theme.type or "light"], clickable=on_select is not None)
    if on_select is None:
        st.altair_chart(chart, key=key, alt=alt)
    else:
        st.altair_chart(chart, key=key, alt=alt, on_select=on_select, selection_mode=SELECTION)


def downloads(name: str, table: pd.DataFrame, order: Sequence[str], columns: list[str]) -> None:
    """The heatmap as PNG and these columns of its table as CSV."""

    def drawing() -> dict[str, Any]:
        chart: dict[str, Any] = heatmap(table, order, INK["light"], DOWNLOAD_SIDE).to_dict()
        return chart

    take_away.buttons(name, drawing, lambda: take_away.frame_csv(table[columns]))


def rows(
    counts: NDArray[np.int64],
    classes: tuple[str, ...],
    chosen: Chosen = (None, None),
    look: Look = Look(),
    other: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """One row for each cell of `counts` (K, K), [true, predicted], or of their difference to `other`.

    `strength` is 0..1: on the diagonal the share of the class, elsewhere the share over the largest error's.
    """
    values = _shares(counts, look.by)  # (K, K)
    wrong = ~np.eye(len(classes), dtype=bool)
    if other is None:
        share = values if look.by != "counts" else _shares(counts, "recall")
        strength = np.where(wrong, share / max(share[wrong].max(initial=0.0), 1e-9), share)
        kind = np.where(wrong, "wrong", "right")
    else:
        values = values - _shares(other, look.by)
        kind = np.where(values > 0, "more", "fewer")
        visible = wrong if look.errors_only else np.ones_like(wrong)
        strength = np.abs(values) / max(np.abs(values[visible]).max(initial=0.0), 1e-9)
    true, predicted = (axis.reshape(-1) for axis in np.indices(counts.shape))
    names = np.array(classes, dtype=object)
    table = pd.DataFrame(
        {
            "true": names[true],
            "predicted": names[predicted],
            "count": counts.reshape(-1),
            "of_true": _shares(counts, "recall").reshape(-1),
            "of_predicted": _shares(counts, "precision").reshape(-1),
            "value": values.reshape(-1),
            "kind": kind.reshape(-1),
            "strength": np.clip(strength, 0, 1).reshape(-1),
            "shown": _cell_texts(values, look.by, signed=other is not None),
            "picked": _picked(true, predicted, chosen),
        }
    )
    return table[true != predicted].reset_index(drop=True) if look.errors_only else table


def _shares(counts: NDArray[np.int64], by: By) -> NDArray[np.float64]:
    """The normalised matrix; 0 where a row or column has no pictures."""
    return np.nan_to_num(normalised(counts, by))


def _cell_texts(values: NDArray[np.float64], by: By, signed: bool) -> list[str]:
    """The numbers in the cells: counts, or whole percent; empty for 0."""
    whole = np.rint(values if by == "counts" else 100 * values).astype(int).reshape(-1)
    form = "{:+d}" if signed else "{:d}"
    return [form.format(value).replace("-", "−") if value else "" for value in whole]


def _picked(true: NDArray[np.int64], predicted: NDArray[np.int64], chosen: Chosen) -> NDArray[np.bool_]:
    """The cells inside the filter; a filter of one class alone means its mistakes."""
    want_true, want_predicted = chosen
    picked = np.full(len(true), want_true is not None or want_predicted is not None)
    picked &= (true == want_true) if want_true is not None else True
    picked &= (predicted == want_predicted) if want_predicted is not None else True
    if want_true is None or want_predicted is None:
        picked &= true != predicted
    return picked


def heatmap(
    table: pd.DataFrame, order: Sequence[str], text: str, side: int = 420, clickable: bool = True
) -> alt.LayerChart:
    """The chart of `rows`, with the classes in this order; `text` is the colour of the numbers.

    If `clickable`, a click on a cell selects it: `{"cell": [{"true": name, "predicted": name}]}`.
    """
    names = list(order)
    cell = alt.selection_point(name=SELECTION, fields=["true", "predicted"], on="click", clear="dblclick")
    base = alt.Chart(table).encode(
        x=alt.X("predicted:N", sort=names, title="predicted class", scale=_bands(names), axis=_axis("top")),
        y=alt.Y("true:N", sort=names, title="true class", scale=_bands(names), axis=_axis("left")),
    )
    cells = base.mark_rect(cursor="pointer" if clickable else "default", cornerRadius=2).encode(
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())), legend=None
        ),
        opacity=alt.Opacity(
            "strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, STRONGEST], clamp=True), legend=None
        ),
        tooltip=[
            alt.Tooltip("true:N", title="true class"),
            alt.Tooltip("predicted:N", title="predicted"),
            alt.Tooltip("count:Q", title="images", format=","),
            alt.Tooltip("of_true:Q", title="of the true class", format=".1%"),
            alt.Tooltip("of_predicted:Q", title="of the predictions", format=".1%"),
        ],
    )
    frames = (
        base.transform_filter("datum.picked")
        .mark_rect(fill=None, stroke=text, strokeWidth=2, cornerRadius=2)
        .encode()
    )
    layers = (cells.add_params(cell) if clickable else cells) + frames
    if len(names) <= LEGIBLE:
        layers += base.mark_text(fontSize=11, color=text).encode(text="shown:N")
    return layers.properties(height=side).resolve_scale(color="independent")


def _bands(names: list[str]) -> alt.Scale:
    return alt.Scale(domain=names, paddingInner=0.06, paddingOuter=0)


def _axis(orient: Literal["top", "left"]) -> alt.Axis:
    slanted: dict[str, Any] = {"labelAngle": -45, "labelAlign": "left"} if orient == "top" else {}
    return alt.Axis(
        orient=orient,
        domain=False,
        ticks=False,
        grid=False,
        labelLimit=110,
        labelOverlap=False,
        labelFlush=False,
        labelPadding=4,
        **slanted,
    )
