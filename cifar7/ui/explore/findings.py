"""What a sweep says: in words first, then drawn, then as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cifar7.errors import UserError
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import ENDED, Standing, SweepFolder
from cifar7.sweeps.learned.phrases import Named, lower, named
from cifar7.sweeps.outcome import ALL_CLASSES, Judged, Trial, judgements
from cifar7.sweeps.words import Report
from cifar7.ui.explore import (
    effect_chart,
    importance_chart,
    opened,
    parallel,
    pareto,
    points,
    reading,
    trial_table,
)
from cifar7.ui.explore.points import PRICES, Point
from cifar7.ui.files import take_away
from cifar7.ui.shell import charts, choices, messages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import count, percent, plain

TICK_SECONDS = 4.0
FEWEST_LINES = 2  # of designs, for lines beside each other to say something
_RESETS = "explore_resets"  # key of session state: how often the chart's own selection was made void

SHEET = """<style>
.c7-marks-line b { font-size: 1.25em; line-height: 1; }
.c7-marks-line { display: flex; align-items: baseline; flex-wrap: wrap; gap: .1rem 1.2rem; font-size: .85rem;
  color: var(--c7-muted); }
/* The values are read in front of the lines. */
.st-key-explore_lines text { paint-order: stroke; stroke: var(--c7-page); stroke-width: 4px; }
</style>"""


def show(sweep: SweepFolder, definition: Definition) -> None:
    """All of it, for what has ended so far; drawn anew by itself while the sweep goes on."""
    opened.go_on()
    try:
        status = sweep.status()
        trials = reading.trials(sweep, status)
    except UserError as error:
        messages.error(error)
        return
    st.html(SHEET)
    judged = _choose_judged(definition)
    found = points.points(trials, judged)
    axes = named([axis.name for axis in definition.axes], definition.spec)
    if not found:
        if status["state"] not in ENDED:
            st.caption("What it says stands here as soon as the first designs have been trained.")
        elif trials:
            _table(sweep, definition, trials, axes, judged)
        return
    report = reading.report(sweep, trials, status, judged)
    left, right = st.columns([6, 5], gap="large")
    with left:
        _says(report, definition, status)
    with right:
        _effects(report, judged, axes, sweep)
        importance_chart.show(sweep, definition, trials, judged, axes)
    best = report.winner.number if report.winner else None
    _pareto(sweep, definition, found, axes, judged, best)
    _parallel(sweep, definition, found, axes, judged, best)
    _table(sweep, definition, trials, axes, judged)


def _choose_judged(definition: Definition) -> Judged:
    """All classes, or a group of them where the images have groups."""
    groups = {judged.title: judged for judged in judgements(definition.data)}
    if len(groups) == 1:
        return ALL_CLASSES
    title = choices.segments(
        "Accuracy on", {name: name for name in groups}, ALL_CLASSES.title, key="explore_judged",
        help="Groups of classes that ask for different things of a network.",
    )  # fmt: skip
    return groups[title]


def _says(report: Report, definition: Definition, status: Standing) -> None:
    """The sentences, how they were come to, and by what was chosen."""
    title = "What it says" if status["state"] in ENDED else "What it says so far"
    st.markdown(f"##### {title}")
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in report.sentences))
    st.caption(_chosen(definition, status))
    with st.expander("How sure is that?", icon=":material/functions:"):
        st.markdown(plain(report.method))
        others = [finding.text for finding in report.findings if not finding.claimed]
        if others:
            st.markdown("**Not claimed:** " + " ".join(plain(text) for text in others[:12]))


def _chosen(definition: Definition, status: Standing) -> str:
    tests = list(status["tests"].values())
    if tests:
        mean = percent(sum(tests) / len(tests))
        over = f", the mean of {count(len(tests), 'run')}" if len(tests) > 1 else ""
        return (
            f"Chosen by held-out accuracy; the test images were read for the winner only: **{mean}**{over}."
        )
    return "Chosen by held-out accuracy; the test images are read for the winner only, at the end."


def _pareto(
    sweep: SweepFolder, definition: Definition, found: Sequence[Point], axes: Mapping[str, Named],
    judged: Judged, best: int | None,
) -> None:  # fmt: skip
    """Accuracy against a price, and the design whose point was clicked on."""
    st.markdown("##### At what price")
    price = choices.segments(
        "Against", PRICES, "parameters", key="explore_price", label_visibility="collapsed"
    )
    current = opened.picked(sweep.id, found)
    front = points.on_front(found, price, judged)
    keep = front | {number for number in (best, current) if number is not None}
    shown = points.drawn(found, keep)
    rows = points.rows(shown, axes, front, best, current)
    who = "all classes" if not judged.classes else lower(judged)
    drawing = pareto.drawing(rows, price, state.profile(), who)
    key = f"explore_pareto_{sweep.id}_{st.session_state.get(_RESETS, 0)}"

    def clicked() -> None:
        selected: list[dict[str, Any]] = st.session_state[key]["selection"].get(pareto.SELECTION) or [{}]
        opened.pick(sweep.id, selected[0].get("trial"))

    def void() -> None:
        """A choice that was made elsewhere: the chart's own selection would contradict it."""
        st.session_state[_RESETS] = st.session_state.get(_RESETS, 0) + 1

    st.vega_lite_chart(
        None, drawing, key=key, on_select=callback(clicked), selection_mode=pareto.SELECTION,
        alt=f"Held-out accuracy against {pareto.TITLES[price]} of {count(len(shown), 'design')}.",
    )  # fmt: skip
    st.html(pareto.legend(rows))
    if len(shown) < len(found):
        st.caption(
            f"{len(shown):,} of {len(found):,} designs are drawn, the front and the best among them; the "
            "table's CSV has all."
        )
    titled = {**drawing, "title": f"{definition.title}: accuracy against {pareto.TITLES[price]}"}
    take_away.rows("sweep-pareto", titled, rows, pareto.COLUMNS)
    opened.choose(sweep.id, found, axes, current, void)
    if current is not None:
        trial = next(point.trial for point in found if point.trial.number == current)
        opened.panel(definition, trial, judged, axes)


def _effects(report: Report, judged: Judged, axes: Mapping[str, Named], sweep: SweepFolder) -> None:
    rows = effect_chart.rows(report.findings, judged.title, axes)
    if not rows:
        return
    st.markdown("##### What each choice does", help="Against the choice that the design has, or the first.")
    drawing = effect_chart.drawing(rows)
    st.vega_lite_chart(
        None, drawing, key=f"explore_effects_{sweep.id}", alt="; ".join(row["says"] for row in rows)
    )
    st.html(effect_chart.legend())
    take_away.rows("sweep-effects", {**drawing, "title": "Effects"}, rows, effect_chart.COLUMNS)


def _parallel(
    sweep: SweepFolder, definition: Definition, found: Sequence[Point], axes: Mapping[str, Named],
    judged: Judged, best: int | None,
) -> None:  # fmt: skip
    whole = [point for point in found if not point.early]
    if len(whole) < FEWEST_LINES or len(definition.axes) < 2:
        return
    st.markdown("##### Every design as a line", help="From its choices to its accuracy: blue is better.")
    keep = points.on_front(whole, "parameters", judged) | ({best} if best is not None else set())
    shown = points.drawn(whole, keep, parallel.MOST_LINES)
    rows = parallel.rows(shown, definition.axes, axes)
    drawing = parallel.drawing(rows, definition.axes, axes)
    with st.container(key="explore_lines"):
        charts.show(
            "sweep-lines", drawing, rows, parallel.COLUMNS, key=f"explore_lines_{sweep.id}",
            alt=f"A line for each of {count(len(shown), 'design')}, through its choices to its accuracy.",
        )  # fmt: skip
    if len(shown) < len(whole):
        st.caption(f"{len(shown):,} of {len(whole):,} designs, the front and the best among them.")


def _table(
    sweep: SweepFolder, definition: Definition, trials: Sequence[Trial], axes: Mapping[str, Named],
    judged: Judged,
) -> None:  # fmt: skip
    st.markdown("##### All designs")
    shown = trial_table.table(trials, axes, judged, definition.title, trial_table.MOST_SHOWN)
    heads = [column.title for column in shown.columns]
    st.dataframe(
        {head: [row[at] for row in shown.shown] for at, head in enumerate(heads)},
        hide_index=True,
        height=min(38 + 35 * len(shown.shown), 420),
        key=f"explore_table_{sweep.id}",
    )
    if len(shown.shown) < len(trials):
        st.caption(f"The first {len(shown.shown):,} of {len(trials):,}; the CSV has all.")
    few = trial_table.table(trials, axes, judged, definition.title, trial_table.ON_PAPER)
    take_away.files(
        "sweep-designs", few.png, lambda: trial_table.table(trials, axes, judged, definition.title).csv()
    )
