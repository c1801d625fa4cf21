"""What a network says of one picture: a bar a class. No streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cifar7.ui.shell import palette
from cifar7.ui.words.wording import probability

OTHER = "#8A939C"
_ROW = 21  # pixels
_ROLES = {"true": palette.TRUE, "predicted": palette.PREDICTED, "other": OTHER}


def rows(
    classes: Sequence[str], probabilities: Sequence[float], true: int | None = None
) -> list[dict[str, Any]]:
    """One row a class, in the classes' order. `true`: its index, where it is known."""
    best = max(range(len(classes)), key=lambda at: (probabilities[at], -at))
    return [
        {
            "class": name,
            "probability": float(share),
            "shown": probability(float(share)),
            "role": "true" if at == true else "predicted" if at == best else "other",
        }
        for at, (name, share) in enumerate(zip(classes, probabilities, strict=True))
    ]


def bars(values: list[dict[str, Any]], title: str | None = None) -> dict[str, Any]:
    """The drawing of `rows`, from 0 to 1: green the true class, purple the predicted one."""
    names = [row["class"] for row in values]
    share = {
        "field": "probability",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, 1.27]},  # room for the number beside a full bar
        "axis": None,
    }
    order: dict[str, Any] = {
        "field": "class",
        "type": "nominal",
        "sort": names,
        "scale": {"paddingInner": 0.25, "paddingOuter": 0.35},
        "title": None,
        "axis": {
            "ticks": False,
            "domain": False,
            "labelLimit": 110,
            "labelPadding": 6,
            "labelOverlap": False,
        },
    }
    colour = {"domain": list(_ROLES), "range": list(_ROLES.values())}
    return {
        **({"title": title} if title else {}),
        "height": _ROW * len(values),
        "data": {"values": values},
        "encoding": {"y": order, "x": share},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 3},
                "encoding": {"color": {"field": "role", "type": "nominal", "scale": colour, "legend": None}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": OTHER},
                "encoding": {"text": {"field": "shown"}},
            },
        ],
    }


def words(values: list[dict[str, Any]], most: int = 3) -> str:
    """The likeliest classes in a line, for those who do not see the bars."""
    best = sorted(values, key=lambda row: -row["probability"])[:most]
    return ", ".join(f"{row['class']} {row['shown']}" for row in best)
