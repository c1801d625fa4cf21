"""Growth of the receptive field over the layers, against the assignment's requirement and the image's size.

The chart's description is one constant and only its data change, so the browser updates it in place.
"""

from __future__ import annotations

from typing import Any

from cifar7.network.arithmetic import Analysis
from cifar7.network.profiles import Requirement
from cifar7.ui.shell import charts
from cifar7.ui.shell.palette import HELD_OUT, OTHER, TRAINING, TRUE
from cifar7.ui.words.lines import Line, lines
from cifar7.ui.words.summary import square
from cifar7.ui.words.ways import layout

CLOSE = 0.11  # of the axis: labels nearer to each other would overlap
HEIGHT = 200  # pixels
ROOM = 1.06  # of the highest value, so that its label has room above it
INK = charts.INK
POOLING_COUNTS = {"receptive_field": ", pooling counted"}
DESIGN, COMPARED = TRAINING, OTHER
STRIPES = [0.1, 0.0]  # opacity of the stages' stripes, in turns

_COLUMNS = ("what", "x", "x2", "y", "label", "stage", "layer", "working", "map", "way")


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
        [row for row in out if row["what"] == "compared"][-1]["label"] = compared[0]
    columns = lines(analysis.rows)
    points = _points("design", columns)
    top = max(row["y"] for row in [*out, *points] if row["y"])
    row = [point for point in points if point["what"] == "design"]
    main = [line for line in columns if not line.row.layer.beside]
    pooling = next((at for at, line in enumerate(main, 1) if line.row.layer.head), 0)
    if pooling:
        _label_pooling(row, pooling, top)
    else:
        row[-1]["label"] = f"{row[-1]['y']}"
    return [*out, *_bands(columns), *points, _row("room", x=0, y=ROOM * top)]


def _points(what: str, columns: list[Line]) -> list[dict[str, Any]]:
    """The image itself is step 0; each layer of the row a step further, those beside it at the same steps.

    What stands on a second way is drawn from where the ways part to where they meet.
    """
    laid = layout(columns)
    places = [
        _row(what, x=0, y=1, layer="the image", label=""),
        *(_point(what, at, line) for at, line in zip(laid.columns, columns, strict=True)),
    ]
    points = [point for point, line in zip(places[1:], columns, strict=True) if not line.row.layer.beside]
    beside = [
        {**point, "what": f"{what} beside", "way": number}
        for number, way in enumerate(laid.ways)
        if way.turn < way.end
        for point in (places[way.first], *places[way.turn + 1 : way.end + 1], places[way.end + 1])
    ]
    return [*beside, places[0], *points]


def _point(what: str, at: float, line: Line) -> dict[str, Any]:
    return _row(
        what,
        x=at,
        y=line.row.receptive_field,
        label="",
        stage=line.stage,
        layer=f"{line.stage} {line.name}",
        working=line.working or "unchanged",
        map=square(line.row.output[1]),
    )


def _label_pooling(points: list[dict[str, Any]], pooling: int, top: float) -> None:
    """Labels at the steps before the pooling and with it; one for both where they would overlap."""
    before, total = points[pooling - 1]["y"], points[pooling]["y"]
    if total - before < CLOSE * top:
        points[pooling]["label"] = f"{before} before pooling, {total} with it"
    else:
        points[pooling - 1]["label"] = f"{before} before pooling"
        points[pooling]["label"] = f"{total} with pooling"


def _bands(columns: list[Line]) -> list[dict[str, Any]]:
    """The stages as stripes in the background."""
    return [
        _row("band", x=first - 0.5, x2=last + 0.5, label=stage, stage="odd" if number % 2 else "even")
        for number, (stage, first, last) in enumerate(layout(columns).stages)
    ]


def _row(what: str, **values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(_COLUMNS), "what": what, **values}


def _layer(of: str, kind: str, encoding: dict[str, Any], **mark: Any) -> dict[str, Any]:
    """One layer of the chart, of the rows whose `what` is this."""
    return {
        "transform": [{"filter": f"datum.what === '{of}'"}],
        "mark": {"type": kind, **mark},
        "encoding": encoding,
    }


def _text(of: str, encoding: dict[str, Any], **mark: Any) -> dict[str, Any]:
    return _layer(of, "text", {**encoding, "text": {"field": "label"}}, fontWeight=600, **mark)


_X = charts.quantity("x", axis=None, scale={"nice": False, "padding": 14})
_Y = charts.quantity("y", "receptive field, pixels", axis={"tickCount": 6, "grid": True, "minExtent": 28})
_XY = {"x": _X, "y": _Y}
_WAY = {**_XY, "detail": charts.category("way")}  # a line of its own for each second way
_MIDDLE, _EDGE = {**_X, "field": "middle"}, {"value": 0}
_STRIPE = charts.category("stage", **charts.scale(["even", "odd"], STRIPES))
_LIMIT = charts.category("stage", **charts.scale(["required", "image"], [HELD_OUT, TRUE]))
_TOOLTIP = charts.tooltip(
    ("layer", "layer"), ("y", "receptive field"), ("working", "r + d·(k−1)·jump"), ("map", "map")
)

SPEC: dict[str, Any] = {
    "height": HEIGHT,
    "config": {"text": {"color": INK}, "mark": {"tooltip": None}},
    "padding": {"top": 20, "left": 0, "right": 4, "bottom": 0},
    "transform": [{"calculate": "(datum.x + datum.x2) / 2", "as": "middle"}],
    "layer": [
        _layer("band", "rect", {"x": _X, "x2": {"field": "x2"}, "opacity": _STRIPE}, color=COMPARED),
        _text("band", {"x": _MIDDLE, "y": _EDGE}, baseline="bottom", dy=-4),
        _layer("limit", "rule", {"y": _Y, "color": _LIMIT}, strokeDash=[6, 4], strokeWidth=1.5),
        _text("limit", {"x": _EDGE, "y": _Y, "color": _LIMIT}, align="left", dy=-7, dx=4),
        _layer("room", "point", _XY, opacity=0),  # nothing to see: keeps room above the highest label
        _layer("compared", "line", _XY, color=COMPARED, strokeDash=[3, 3], strokeWidth=2),
        _layer("compared beside", "line", _WAY, color=COMPARED, strokeDash=[2, 4], strokeWidth=1.5),
        _text("compared", _XY, color=COMPARED, align="right", dy=13),
        _layer("design beside", "line", _WAY, color=DESIGN, strokeWidth=1.5),
        _layer(
            "design beside",
            "point",
            {**_XY, "tooltip": _TOOLTIP},
            color=DESIGN,
            filled=False,
            size=40,
            opacity=1,
        ),
        _layer("design", "line", _XY, color=DESIGN, strokeWidth=2.5),
        _layer(
            "design", "point", {**_XY, "tooltip": _TOOLTIP}, color=DESIGN, filled=True, size=60, opacity=1
        ),
        _text("design", _XY, align="right", dx=-6, dy=-10, fontSize=13),
    ],
}
