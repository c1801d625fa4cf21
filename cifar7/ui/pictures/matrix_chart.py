"""The confusion matrix as an Altair heatmap: green where class and prediction agree, purple elsewhere.

Errors have a scale of their own: beside a diagonal near 100 % they would all look like nothing. Of two runs
the difference is drawn: orange where it happens more often, blue where less. Strength is opacity, and so one
drawing does for light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cifar7.results.figures import By, normalised
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

Chosen = tuple[int | None, int | None]  # the true and predicted class that are filtered for; None is any


@dataclass(frozen=True, slots=True)
class Look:
    """What of a matrix is shown: counts, shares of the true class or of the predictions; all or errors."""

    by: By = "counts"
    errors_only: bool = False


def rows(
    counts: NDArray[np.int64],
    classes: tuple[str, ...],
    chosen: Chosen = (None, None),
    look: Look = Look(),
    other: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """One row a cell of `counts` (K, K), [true, predicted]; with `other`, of the difference to those counts.

    `strength` is 0..1: on the diagonal the share of the class, of errors their share over the largest.
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
        counted = wrong if look.errors_only else np.ones_like(wrong)
        strength = np.abs(values) / max(np.abs(values[counted]).max(initial=0.0), 1e-9)
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
            "shown": _words(values, look.by, signed=other is not None),
            "picked": _picked(true, predicted, chosen),
        }
    )
    return table[true != predicted].reset_index(drop=True) if look.errors_only else table


def _shares(counts: NDArray[np.int64], by: By) -> NDArray[np.float64]:
    """The normalised matrix; nought where there is nothing to divide by."""
    return np.nan_to_num(normalised(counts, by))


def _words(values: NDArray[np.float64], by: By, signed: bool) -> list[str]:
    """What stands in the cells: counts, or whole percent; a nought is left out."""
    whole = np.rint(values if by == "counts" else 100 * values).astype(int).reshape(-1)
    form = "{:+d}" if signed else "{:d}"
    return [form.format(value).replace("-", "−") if value else "" for value in whole]


def _picked(true: NDArray[np.int64], predicted: NDArray[np.int64], chosen: Chosen) -> NDArray[np.bool_]:
    """The cells that are filtered for; a row or column as a filter shows its mistakes."""
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
    """The chart of `rows`, the classes in this order; `text` is the colour of the numbers.

    A click on a cell selects it, if `clickable`: `{"cell": [{"true": name, "predicted": name}]}`.
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
