"""The reliability diagram: how sure the network was, against how often it was right. No streamlit calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cifar7.results.calibration import Bin
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import Drawing, Rows, quantity, tooltip

HEIGHT = 300  # pixels
MUTED = "#8A939C"
COLUMNS = ("low", "high", "confidence", "accuracy", "count")


def rows(bins: Sequence[Bin]) -> Rows:
    """One row for each bin that has pictures."""
    return [{name: getattr(one, name) for name in COLUMNS} for one in bins if one.count]


def diagram(values: Rows) -> Drawing:
    """The drawing of `rows`: bars as high as the accuracy; on the dashed line it equals the confidence."""

    def share(field: str, title: str) -> dict[str, Any]:
        axis = {"format": ".0%", "tickCount": 5, "grid": field == "accuracy"}
        return quantity(field, title, axis=axis, scale={"domain": [0, 1], "nice": False})

    x, y = share("low", "how sure it was"), share("accuracy", "how often it was right")
    lines = tooltip(
        ("confidence", "sure on average", ".1%"), ("accuracy", "right", ".1%"), ("count", "pictures", ",")
    )
    return {
        "height": HEIGHT,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "color": palette.TEST, "opacity": 0.8, "binSpacing": 1},
                "encoding": {"x": {**x, "bin": "binned"}, "x2": {"field": "high"}, "y": y, "tooltip": lines},
            },
            {
                "mark": {"type": "circle", "size": 45, "color": palette.TRAINING, "opacity": 1},
                "encoding": {"x": {**x, "field": "confidence"}, "y": y},
            },
            {
                "data": {"values": [{"low": 0, "accuracy": 0}, {"low": 1, "accuracy": 1}]},
                "mark": {"type": "line", "strokeDash": [6, 4], "color": MUTED, "strokeWidth": 1.5},
                "encoding": {"x": x, "y": y},
            },
        ],
    }
