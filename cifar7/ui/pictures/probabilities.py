"""The probabilities that a network gives the classes for one picture, as one bar for each."""

from __future__ import annotations

from collections.abc import Sequence

from cifar7.ui.shell import charts, palette
from cifar7.ui.shell.charts import Drawing, Rows, category, quantity, scale
from cifar7.ui.words.wording import probability

_ROW = 21  # pixels
_ROLES = {"true": palette.TRUE, "predicted": palette.PREDICTED, "other": palette.OTHER}


def show(name: str, values: Rows, *, key: str) -> None:
    """The bars of `rows` with their downloads; `name` is that of the files."""
    alt = f"Probabilities: {words(values, len(values))}"
    charts.show(name, bars(values), values, ("class", "probability"), key=key, alt=alt)


def rows(classes: Sequence[str], probabilities: Sequence[float], true: int | None = None) -> Rows:
    """One row for each class, in their order. `true`: the index of the true class, if there is one."""
    best = max(range(len(classes)), key=lambda index: (probabilities[index], -index))
    return [
        {
            "class": name,
            "probability": float(value),
            "shown": probability(float(value)),
            "role": "true" if index == true else "predicted" if index == best else "other",
        }
        for index, (name, value) in enumerate(zip(classes, probabilities, strict=True))
    ]


def bars(values: Rows) -> Drawing:
    """The drawing of `rows`, from 0 to 1: green the true class, purple the predicted one."""
    axis = {"ticks": False, "domain": False, "labelLimit": 110, "labelPadding": 6, "labelOverlap": False}
    classes = category(
        "class",
        sort=[row["class"] for row in values],
        scale={"paddingInner": 0.25, "paddingOuter": 0.35},
        title=None,
        axis=axis,
    )
    room = {"domain": [0, 1.27]}  # for the number beside a full bar
    colour = category("role", **scale(list(_ROLES), list(_ROLES.values())))
    return {
        "height": _ROW * len(values),
        "data": {"values": values},
        "encoding": {"y": classes, "x": quantity("probability", scale=room, axis=None)},
        "layer": [
            {"mark": {"type": "bar", "cornerRadiusEnd": 3}, "encoding": {"color": colour}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": palette.OTHER},
                "encoding": {"text": {"field": "shown"}},
            },
        ],
    }


def words(values: Rows, most: int = 3) -> str:
    """The likeliest classes in a line, as a text alternative of the bars."""
    likeliest = sorted(values, key=lambda row: -row["probability"])[:most]
    return ", ".join(f"{row['class']} {row['shown']}" for row in likeliest)
