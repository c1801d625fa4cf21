"""How much each thing that varies matters for being among the best: bars, worked out at a press.

That loads Optuna, which no page does before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cifar7.sweeps import importance
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import SweepFolder
from cifar7.sweeps.learned.phrases import Named
from cifar7.sweeps.outcome import Judged, Trial
from cifar7.ui.explore import reading
from cifar7.ui.explore.pareto import BLUE
from cifar7.ui.shell import charts
from cifar7.ui.shell.charts import Drawing, Rows, quantity, tooltip
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import percent
from cifar7.wording import capital

COLUMNS = ("thing", "importance")
_ASKED = "explore_importance"  # key of session state: the sweeps for which it was asked


def show(
    sweep: SweepFolder, definition: Definition, trials: Sequence[Trial], judged: Judged,
    axes: Mapping[str, Named],
) -> None:  # fmt: skip
    """The bars, or the button that asks for them. Nothing where only one thing varies."""
    if len(definition.axes) < 2:
        return
    asked = st.session_state.get(_ASKED, ())
    if sweep.id not in asked:
        st.button(
            "How much does each matter?", icon=":material/bar_chart:", key="explore_importance_ask",
            on_click=callback(_ask), args=(sweep.id,),
            help="The importance of each thing that varies, by Optuna's PED-ANOVA. Takes a moment.",
        )  # fmt: skip
        return
    shares = _importances(str(sweep.path), len(trials), judged, trials)
    if not shares:
        st.caption(f"With fewer than {importance.FEWEST} finished designs nothing can be said of importance.")
        return
    values = rows(shares, axes)
    drawn = drawing(values)
    said = "; ".join(f"{row['thing']} {percent(row['importance'], 0)}" for row in values)
    charts.show("sweep-importance", drawn, values, COLUMNS, key=f"explore_importance_{sweep.id}", alt=said)
    st.caption(
        "Importance for being among the best tenth (PED-ANOVA, Watanabe et al. 2023): shares without an "
        "error. What is more than luck is said in the sentences."
    )


def _ask(sweep: str) -> None:
    st.session_state[_ASKED] = (*st.session_state.get(_ASKED, ()), sweep)


@st.cache_data(max_entries=16, show_spinner="Weighing what matters")
def _importances(path: str, version: int, judged: Judged, _trials: Sequence[Trial]) -> dict[str, float]:
    return importance.importances(reading.definition_at(path), _trials, judged)


def rows(shares: Mapping[str, float], axes: Mapping[str, Named]) -> Rows:
    """A row a thing, the most important first."""
    return [
        {"thing": capital(axes[name].words), "importance": round(share, 4)} for name, share in shares.items()
    ]


def drawing(values: Rows) -> Drawing:
    """The drawing of `rows`."""
    return {
        "height": {"step": 24},
        "padding": {"left": 4, "right": 16, "top": 4, "bottom": 4},
        "data": {"values": values},
        "mark": {"type": "bar", "color": BLUE, "height": {"band": 0.6}},
        "encoding": {
            "y": {"field": "thing", "type": "nominal", "sort": None, "title": None,
                  "axis": {"labelLimit": 260, "ticks": False, "domain": False}},
            "x": quantity("importance", "importance", axis={"format": ".0%", "tickCount": 5}),
            "tooltip": tooltip(("thing", "what"), ("importance", "importance", ".0%")),
        },
    }  # fmt: skip
