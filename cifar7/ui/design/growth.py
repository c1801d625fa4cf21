"""Growth of the receptive field over the layers, against the assignment's requirement and the image's size.

The chart's description is one constant and only its data change, so the browser updates it in place.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from cifar7.network.arithmetic import Analysis
from cifar7.network.profiles import Requirement
from cifar7.ui.shell.palette import HELD_OUT, TRAINING, TRUE
from cifar7.ui.words.lines import Line, lines

CLOSE = 0.11  # of the axis: labels nearer to each other would overlap
HEIGHT = 200  # pixels
ROOM = 1.06  # of the highest value, so that its label has room above it
INK = "#1B2430"  # of text: the style sheet turns exactly this colour into the theme's
POOLING_COUNTS = {"receptive_field": ", pooling counted"}
DESIGN, COMPARED = TRAINING, "#8A939C"

_COLUMNS = ("what", "x", "x2", "y", "label", "stage", "layer", "working", "map")


def growth_data(
    analysis: Analysis, compared: tuple[str, Analysis] | None, image_size: int, required: Requirement | None
) -> list[dict[str, Any]]:
    """The rows of the chart; `compared`, a name and its figures, None where nothing differs."""
    out = [_row("limit", y=image_size, label=f"{image_size} px: the image", stage="image")]
    if required is not None:
        label = f"{required.words} required{POOLING_COUNTS.get(required.id, '')}"
        out.append(_row("limit", y=required.limit, label=label, stage="required"))
    if compared is not None:
        out += _points("compared", lines(compared[1].rows))
        out[-1]["label"] = compared[0]
    columns = lines(analysis.rows)
    top = max(analysis.receptive_field_total, *(row["y"] or 0 for row in out))
    out += [*_bands(columns), *_points("design", columns, top)]
    return [*out, _row("room", x=0, y=ROOM * max(row["y"] or 0 for row in out))]


def _pooling_labels(columns: list[Line], pooling: int, top: float) -> dict[int, str]:
    """The labels at the steps before and with the pooling; one for both where they would overlap."""
    before = columns[pooling - 1].row.receptive_field_in
    total = columns[pooling - 1].row.receptive_field
    if total - before < CLOSE * top:
        return {pooling: f"{before} before pooling, {total} with it"}
    return {pooling - 1: f"{before} before pooling", pooling: f"{total} with pooling"}


def _points(what: str, columns: list[Line], top: float = 0.0) -> list[dict[str, Any]]:
    """The image itself is step 0; each layer a step further."""
    out = [_row(what, x=0, y=1, layer="the image", label="")]
    pooling = next((at for at, line in enumerate(columns, 1) if line.is_average_pool), 0)
    labels = _pooling_labels(columns, pooling, top) if what == "design" else {}
    for at, line in enumerate(columns, 1):
        field, side = line.row.receptive_field, line.row.output[1]
        out.append(
            _row(
                what,
                x=at,
                y=field,
                label=labels.get(at, ""),
                stage=line.stage,
                layer=f"{line.stage} {line.name}",
                working=line.working or "unchanged",
                map=f"{side}×{side}",
            )
        )
    return out


def _bands(columns: list[Line]) -> list[dict[str, Any]]:
    """The stages as stripes in the background."""
    out, at = [], 0
    for number, (stage, part) in enumerate(groupby(columns, key=lambda line: line.stage)):
        end = at + len(list(part))
        out.append(_row("band", x=at + 0.5, x2=end + 0.5, label=stage, stage="odd" if number % 2 else "even"))
        at = end
    return out


def _row(what: str, **values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(_COLUMNS), "what": what, **values}


def _only(what: str) -> list[dict[str, Any]]:
    return [{"filter": f"datum.what === '{what}'"}]


_X = {"field": "x", "type": "quantitative", "axis": None, "scale": {"nice": False, "padding": 14}}
_Y = {
    "field": "y",
    "type": "quantitative",
    "title": "receptive field, pixels",
    "axis": {"tickCount": 6, "grid": True, "minExtent": 28},
}
_TOOLTIP = [
    {"field": "layer", "title": "layer"},
    {"field": "y", "title": "receptive field"},
    {"field": "working", "title": "r + d·(k−1)·jump"},
    {"field": "map", "title": "map"},
]
_LIMIT_COLOUR = {
    "field": "stage",
    "type": "nominal",
    "scale": {"domain": ["required", "image"], "range": [HELD_OUT, TRUE]},
    "legend": None,
}

SPEC: dict[str, Any] = {
    "height": HEIGHT,
    "config": {"text": {"color": INK}, "mark": {"tooltip": None}},
    "padding": {"top": 20, "left": 0, "right": 4, "bottom": 0},
    "layer": [
        {
            "transform": _only("band"),
            "mark": {"type": "rect", "color": "#8A939C"},
            "encoding": {
                "x": _X,
                "x2": {"field": "x2"},
                "opacity": {
                    "field": "stage",
                    "type": "nominal",
                    "scale": {"domain": ["even", "odd"], "range": [0.1, 0.0]},
                    "legend": None,
                },
            },
        },
        {
            "transform": [*_only("band"), {"calculate": "(datum.x + datum.x2) / 2", "as": "middle"}],
            "mark": {"type": "text", "baseline": "bottom", "dy": -4, "fontWeight": 600},
            "encoding": {
                "x": {**_X, "field": "middle"},
                "y": {"value": 0},
                "text": {"field": "label"},
            },
        },
        {
            "transform": _only("limit"),
            "mark": {"type": "rule", "strokeDash": [6, 4], "strokeWidth": 1.5},
            "encoding": {"y": _Y, "color": _LIMIT_COLOUR},
        },
        {
            "transform": _only("limit"),
            "mark": {"type": "text", "align": "left", "dy": -7, "dx": 4, "fontWeight": 600},
            "encoding": {"y": _Y, "x": {"value": 0}, "text": {"field": "label"}, "color": _LIMIT_COLOUR},
        },
        {
            # Nothing to see: it keeps some room above the highest label.
            "transform": _only("room"),
            "mark": {"type": "point", "opacity": 0},
            "encoding": {"x": _X, "y": _Y},
        },
        {
            "transform": _only("compared"),
            "mark": {"type": "line", "color": COMPARED, "strokeDash": [3, 3], "strokeWidth": 2},
            "encoding": {"x": _X, "y": _Y},
        },
        {
            "transform": _only("compared"),
            "mark": {"type": "text", "align": "right", "dy": 13, "color": COMPARED, "fontWeight": 600},
            "encoding": {"x": _X, "y": _Y, "text": {"field": "label"}},
        },
        {
            "transform": _only("design"),
            "mark": {"type": "line", "color": DESIGN, "strokeWidth": 2.5},
            "encoding": {"x": _X, "y": _Y},
        },
        {
            "transform": _only("design"),
            "mark": {"type": "point", "color": DESIGN, "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": _X, "y": _Y, "tooltip": _TOOLTIP},
        },
        {
            "transform": _only("design"),
            "mark": {
                "type": "text",
                "align": "right",
                "dx": -6,
                "dy": -10,
                "fontWeight": 600,
                "fontSize": 13,
            },
            "encoding": {"x": _X, "y": _Y, "text": {"field": "label"}},
        },
    ],
}
