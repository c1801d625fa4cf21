"""The confusion matrix as a heatmap: green where class and prediction agree, purple elsewhere.

Errors have a scale of their own, because beside a diagonal near 100 % all of them would be invisible. The
difference of two runs is orange where the cell is more frequent and blue where it is less. Strength is
opacity, so one drawing serves the light and the dark theme.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cifar7.results.figures import By, normalised
from cifar7.ui.files import take_away
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import Drawing, Rows, category, quantity, scale, tooltip

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
NAMED = 40  # classes, up to which their names fit beside the drawing
DOWNLOAD_SIDE = 460  # pixels of the picture

Chosen = tuple[int | None, int | None]  # the filter's true and predicted class; None is any class


def show(
    cells: Rows, order: Sequence[str], *, key: str, alt: str, on_select: Callable[[], None] | None = None
) -> None:
    """The heatmap of `rows` in the page's theme; a click on a cell calls `on_select`."""
    drawing = heatmap(cells, order, INK[st.context.theme.type or "light"], clickable=on_select is not None)
    st.vega_lite_chart(
        None, drawing, key=key, alt=alt, on_select=on_select or "ignore", selection_mode=SELECTION
    )


def downloads(name: str, cells: Rows, order: Sequence[str], columns: tuple[str, ...]) -> None:
    """The heatmap as PNG and these columns of its rows as CSV."""
    drawing = heatmap(cells, order, INK["light"], DOWNLOAD_SIDE, clickable=False)
    take_away.rows(name, drawing, cells, columns)


def rows(
    counts: NDArray[np.int64],
    classes: tuple[str, ...],
    chosen: Chosen = (None, None),
    by: By = "counts",
    errors_only: bool = False,
    other: NDArray[np.int64] | None = None,
) -> Rows:
    """One row for each cell of `counts` (K, K), [true, predicted], or of their difference to `other`.

    `errors_only` leaves the diagonal out. `strength` is 0..1: on the diagonal the share of the class,
    elsewhere the share over the largest error's.
    """
    values, of_true, of_predicted = (_shares(counts, of) for of in (by, "recall", "precision"))  # (K, K)
    wrong = ~np.eye(len(classes), dtype=bool)
    if other is None:
        share = of_true if by == "counts" else values
        strength = np.where(wrong, share / max(share[wrong].max(initial=0.0), 1e-9), share)
        kind = np.where(wrong, "wrong", "right")
    else:
        values = values - _shares(other, by)
        kind = np.where(values > 0, "more", "fewer")
        visible = wrong if errors_only else np.ones_like(wrong)
        strength = np.abs(values) / max(np.abs(values[visible]).max(initial=0.0), 1e-9)
    # In the cells stand counts or whole percent.
    whole = np.rint(values if by == "counts" else 100 * values).astype(int)
    form = "{:d}" if other is None else "{:+d}"
    return [
        {
            "true": classes[at[0]],
            "predicted": classes[at[1]],
            "count": int(counts[at]),
            "of_true": float(of_true[at]),
            "of_predicted": float(of_predicted[at]),
            "value": float(values[at]),
            "kind": str(kind[at]),
            "strength": float(np.clip(strength[at], 0, 1)),
            "shown": form.format(whole[at]).replace("-", "−") if whole[at] else "",
            "picked": _is_picked(at, chosen),
        }
        for at in np.ndindex(*counts.shape)
        if wrong[at] or not errors_only
    ]


def _shares(counts: NDArray[np.int64], by: By) -> NDArray[np.float64]:
    """The normalised matrix; 0 where a row or column has no pictures."""
    return np.nan_to_num(normalised(counts, by))


def _is_picked(cell: tuple[int, ...], chosen: Chosen) -> bool:
    """Whether a cell is inside the filter; a filter of one class alone means its mistakes."""
    if None not in chosen:
        return cell == chosen
    return cell[0] != cell[1] and any(index == want for index, want in zip(cell, chosen))


def heatmap(cells: Rows, order: Sequence[str], ink: str, side: int = 420, clickable: bool = True) -> Drawing:
    """The drawing of those of `rows` whose classes are in this order; `ink` is the colour of the numbers.

    Of more classes than are legible only the cells with something in them, their names at the pointer. If
    `clickable`, a click on a cell selects it: `{"cell": [{"true": name, "predicted": name}]}`.
    """
    names = list(order)
    # Vega keeps values as keys of objects, where a name such as __proto__ is lost: places are numbers.
    place = {name: at for at, name in enumerate(names)}
    drawn = [
        {**cell, "row": place[cell["true"]], "column": place[cell["predicted"]], "words": _words(cell)}
        for cell in cells
        if cell["true"] in place and cell["predicted"] in place
    ]
    if len(names) > LEGIBLE:
        drawn = [cell for cell in drawn if cell["value"] or cell["picked"]]
    bands = {"domain": list(place.values()), "paddingInner": 0.06, "paddingOuter": 0}
    axis = {
        "labels": len(names) <= NAMED,
        # Behind a space, as the browser's Vega stumbles over a text such as "constructor" in an expression.
        "labelExpr": f"slice({json.dumps([f' {name}' for name in names])}[datum.value], 1)",
        **dict.fromkeys(("domain", "ticks", "grid", "labelOverlap", "labelFlush"), False),
        "labelLimit": 110,
        "labelPadding": 4,
    }
    slanted = {**axis, "orient": "top", "labelAngle": -45, "labelAlign": "left"}
    click = {"type": "point", "fields": ["true", "predicted"], "on": "click", "clear": "dblclick"}
    opacity = {"domain": [0, 1], "range": [0.04, STRONGEST], "clamp": True}
    layers: list[dict[str, Any]] = [
        {
            "params": [{"name": SELECTION, "select": click}] if clickable else [],
            "mark": {"type": "rect", "cursor": "pointer" if clickable else "default", "cornerRadius": 2},
            "encoding": {
                "color": category("kind", **scale(list(KINDS), list(KINDS.values()))),
                "opacity": quantity("strength", scale=opacity, legend=None),
                "description": {"field": "words"},
                "tooltip": tooltip(
                    ("true", "true class"),
                    ("predicted", "predicted"),
                    ("count", "images", ","),
                    ("of_true", "of the true class", ".1%"),
                    ("of_predicted", "of the predictions", ".1%"),
                ),
            },
        },
        {
            "transform": [{"filter": "datum.picked"}],
            "mark": {"type": "rect", "fill": None, "stroke": ink, "strokeWidth": 2, "cornerRadius": 2},
        },
        {
            "mark": {"type": "text", "fontSize": 11, "color": ink},
            "encoding": {"text": {"field": "shown"}},
        },
    ]
    return {
        "height": side,
        "data": {"values": drawn},
        "encoding": {
            "x": category("column", sort=None, title="predicted class", scale=bands, axis=slanted),
            "y": category("row", sort=None, title="true class", scale=bands, axis={**axis, "orient": "left"}),
        },
        "layer": layers if len(names) <= LEGIBLE else layers[:-1],
    }


def _words(cell: dict[str, Any]) -> str:
    """A cell for those who do not see it."""
    return f"true class: {cell['true']}; predicted: {cell['predicted']}; images: {cell['count']:,}"
