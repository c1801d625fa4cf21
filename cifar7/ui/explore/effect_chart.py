"""Each choice's effect with its spread: a dot and its 95 % interval, against the choice of the design.

Vega-Lite, without streamlit calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cifar7.sweeps.learned.phrases import FIGURE_NOUNS, Named
from cifar7.sweeps.words import Finding
from cifar7.ui.explore.pareto import BLUE
from cifar7.ui.shell import palette
from cifar7.ui.shell.charts import Drawing, Rows, category, quantity, scale, tooltip
from cifar7.wording import capital

ROW = 26  # pixels
TITLE = "accuracy points, 95 % interval"
MOST = 24  # choices that are drawn
CLAIMED, OPEN = "more than luck", "may be luck"
COLOURS = {CLAIMED: BLUE, OPEN: palette.OTHER}
COLUMNS = ("choice", "points", "low", "high", "standing", "says")


def rows(findings: Sequence[Finding], judged: str, axes: Mapping[str, Named]) -> Rows:
    """A row a choice, the largest effects first where there are many; then in the order of the axes."""
    known = [
        finding for finding in findings
        if finding.axis not in FIGURE_NOUNS and finding.judged == judged and finding.points is not None
    ][:MOST]  # fmt: skip
    order = {name: place for place, name in enumerate(axes)}
    found: Rows = []
    for finding in sorted(known, key=lambda one: order.get(one.axis, len(order))):
        assert finding.points is not None
        named = axes[finding.axis]
        words = named.choice(finding.choice) if finding.cut is None else named.above(finding.cut)
        margin = finding.margin or 0.0
        found.append(
            {
                "choice": capital(words),
                "points": round(finding.points, 3),
                "low": round(finding.points - margin, 3),
                "high": round(finding.points + margin, 3),
                "standing": CLAIMED if finding.claimed else OPEN,
                "says": finding.text,
            }
        )
    return found


def drawing(values: Rows) -> Drawing:
    """The drawing of `rows`."""
    choice = {"field": "choice", "type": "nominal", "sort": None, "title": None,
              "axis": {"labelLimit": 260, "ticks": False, "domain": False}}  # fmt: skip
    colour = category("standing", **scale(list(COLOURS), list(COLOURS.values())))
    tip = tooltip(("says", "in words"), ("standing", "standing"))
    return {
        "height": {"step": ROW},
        "padding": {"left": 4, "right": 16, "top": 4, "bottom": 4},
        "data": {"values": values},
        "encoding": {"y": choice},
        "layer": [
            {
                "mark": {"type": "rule", "color": palette.OTHER, "strokeDash": [4, 3]},
                "encoding": {"x": {"datum": 0, "title": TITLE, "axis": {"tickCount": 6}}, "y": None},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2.5},
                "encoding": {
                    "x": quantity("low", TITLE),
                    "x2": {"field": "high"},
                    "color": colour,
                    "tooltip": tip,
                },
            },
            {
                "mark": {"type": "point", "size": 90, "opacity": 1, "strokeWidth": 2},
                "encoding": {
                    "x": quantity("points", TITLE),
                    "color": colour,
                    "fill": {
                        "condition": {"test": f"datum.standing === '{CLAIMED}'", "value": BLUE},
                        "value": "transparent",
                    },
                    "tooltip": tip,
                },
            },
        ],
    }


def legend() -> str:
    """One line of HTML that says what the marks are."""
    marks = "".join(
        f'<span><b style="color:{COLOURS[words]}" aria-hidden="true">{mark}</b> {words}</span>'
        for mark, words in (("●", CLAIMED), ("○", OPEN))
    )
    return f'<div class="c7-marks-line">{marks}</div>'
