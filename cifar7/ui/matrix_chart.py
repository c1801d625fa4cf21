"""The confusion matrix as an Altair heatmap: green where class and prediction agree, purple elsewhere.

The strength of a cell is its share of the true class. Errors have a scale of their own: beside a diagonal
near 100 % they would all look like nothing. Strength is opacity, and so one drawing does for light and dark.
"""

from __future__ import annotations

from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cifar7.ui import palette

SELECTION = "cell"
STRONGEST = 0.85  # opacity, so that the count in a cell stays readable


def rows(
    counts: NDArray[np.int64], classes: tuple[str, ...], chosen: tuple[int | None, int | None]
) -> pd.DataFrame:
    """One row a cell of `counts` (K, K), [true, predicted].

    `strength` is 0..1: on the diagonal the share of the true class, of errors that share over the largest.
    `chosen`: the true and predicted class that are filtered for; None is any.
    """
    sizes = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, sizes, out=np.zeros(counts.shape), where=sizes > 0)  # (K, K)
    wrong = ~np.eye(len(classes), dtype=bool)
    worst = max(share[wrong].max(initial=0.0), 1e-9)
    strength = np.where(wrong, share / worst, share)
    true, predicted = (axis.reshape(-1) for axis in np.indices(counts.shape))
    names = np.array(classes, dtype=object)
    want_true, want_predicted = chosen
    picked = np.full(len(true), want_true is not None or want_predicted is not None)
    picked &= (true == want_true) if want_true is not None else True
    picked &= (predicted == want_predicted) if want_predicted is not None else True
    if want_true is None or want_predicted is None:
        picked &= true != predicted  # a row or column as a filter shows its mistakes
    return pd.DataFrame(
        {
            "true": names[true],
            "predicted": names[predicted],
            "count": counts.reshape(-1),
            "share": share.reshape(-1),
            "right": true == predicted,
            "strength": strength.reshape(-1),
            "shown": np.where(counts.reshape(-1) > 0, counts.reshape(-1).astype(str), ""),
            "picked": picked,
        }
    )


def heatmap(table: pd.DataFrame, classes: tuple[str, ...], text: str, side: int = 420) -> alt.LayerChart:
    """The chart of `rows`; `text` is the colour of the counts, `side` its height in pixels.

    A click on a cell selects it: `{"cell": [{"true": name, "predicted": name}]}`.
    """
    names = list(classes)
    cell = alt.selection_point(name=SELECTION, fields=["true", "predicted"], on="click", clear="dblclick")
    base = alt.Chart(table).encode(
        x=alt.X("predicted:N", sort=names, title="predicted class", scale=_bands(names), axis=_axis("top")),
        y=alt.Y("true:N", sort=names, title="true class", scale=_bands(names), axis=_axis("left")),
    )
    cells = base.mark_rect(cursor="pointer", cornerRadius=2).encode(
        color=alt.Color(
            "right:N",
            scale=alt.Scale(domain=[True, False], range=[palette.TRUE, palette.PREDICTED]),
            legend=None,
        ),
        opacity=alt.Opacity(
            "strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, STRONGEST], clamp=True), legend=None
        ),
        tooltip=[
            alt.Tooltip("true:N", title="true class"),
            alt.Tooltip("predicted:N", title="predicted"),
            alt.Tooltip("count:Q", title="images", format=","),
            alt.Tooltip("share:Q", title="of the true class", format=".1%"),
        ],
    )
    frames = (
        base.transform_filter("datum.picked")
        .mark_rect(fill=None, stroke=text, strokeWidth=2, cornerRadius=2)
        .encode()
    )
    numbers = base.mark_text(fontSize=11, color=text).encode(text="shown:N")
    return (
        (cells.add_params(cell) + frames + numbers).properties(height=side).resolve_scale(color="independent")
    )


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
