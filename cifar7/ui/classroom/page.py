"""Class: how small, and how accurate? Everybody's tested runs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from cifar7 import paths
from cifar7.data.library import OFFICIAL, OFFICIAL_TITLE
from cifar7.runs.people import names
from cifar7.ui.assignment import card as assignment_card
from cifar7.ui.classroom import chart, learners, opened, reading, results_table
from cifar7.ui.classroom.standings import Images, Line, best_first, drawn, filtered, image_sets, on_front
from cifar7.ui.example import invitation
from cifar7.ui.files import take_away
from cifar7.ui.shell import choices, pages, state
from cifar7.ui.shell.controls import callback
from cifar7.ui.words.wording import count, percent, plain

TICK_SECONDS = 5.0
DATA = "class_data"  # key of the chooser, whose memory the projector reads
UNSCROLLED = 12  # rows of the table
MOST_LISTED, MOST_DRAWN = 100, 300  # runs in the table and in the drawing
VERDICTS = {"all": "All", "yes": "Fulfilled", "no": "Not yet"}
_FULFILLED = {"all": None, "yes": True, "no": False}
_RESETS = "class_resets"  # key of session state: how often the chart's own selection was made void

SHEET = """<style>
.c7-class-marks b { font-size: 1.35em; line-height: 1; }
.c7-class-marks { display: flex; align-items: baseline; flex-wrap: wrap; gap: .15rem 1.3rem;
  font-size: .85rem;
  color: var(--c7-muted); }
.st-key-class_profile { max-width: 44rem; }
.st-key-class_table td:nth-child(6) { min-width: 17rem; }
</style>"""


def page() -> None:
    """The controls, the drawing, the chosen run, the table."""
    st.html(SHEET)
    standings = reading.standings()
    st.fragment(_watch, run_every=TICK_SECONDS)(standings.listing().ended)
    lines, damaged = standings.lines(state.profile())
    if not lines:
        invitation.invite(
            "Nobody has a result yet",
            "Every run that has been tested stands here: how many parameters, and how accurate.",
            "Train your own",
            key="class_invite",
        )
    sets = image_sets(lines)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="class_head"):
        images = _choose_images(sets)
        text, fulfilled = _choose_runs() if lines else ("", None)
        st.page_link(pages.PROJECTOR, label="Projector view", icon=":material/cast:")
    with st.container(key="class_profile"):
        assignment_card.choose_profile()
    of_set = [line for line in lines if line.images == images]
    shown = best_first(filtered(of_set, text, fulfilled))
    st.markdown(_sentence(of_set, shown))
    picked = opened.picked(shown)
    _draw(shown, images, picked)
    if older := standings.older():
        st.caption(f"{count(older, 'older run')} {'is' if older == 1 else 'are'} left out.")
    if damaged:
        st.caption(f"{count(damaged, 'folder')} of runs cannot be read and are left out.")
    if shown:
        opened.show(standings, shown, picked, on_change=_void)
        st.markdown("##### All results")
        _table(shown, _title(images))
    _lesson()


def _table(shown: list[Line], title: str) -> None:
    """The best ones; its file has all."""
    profile = state.profile()
    table = results_table.table(shown[:MOST_LISTED], profile, title)
    with st.container(key="class_table", height="content" if len(shown) <= UNSCROLLED else 460):
        st.html(table.html())
    if len(shown) > MOST_LISTED:
        st.caption(f"The {MOST_LISTED} most accurate of {len(shown):,}; the CSV file has all.")
    take_away.files("class-results", table.png, lambda: results_table.table(shown, profile, title).csv())


def _lesson() -> None:
    """Who is where in the lesson, where somebody is in one."""
    there = reading.learners()
    if there:
        table = learners.table(there, names(paths.runs_dir()))
        st.markdown(f"##### {plain(table.title)}")
        st.html(table.html())
        take_away.files("class-lesson", table.png, table.csv)


def _choose_runs() -> tuple[str, bool | None]:
    """A part of a name, and whether the assignment is to be fulfilled; None for either."""
    text = st.text_input("Person or design", key="class_text", placeholder="part of a name", width=200)
    verdict = choices.segments(
        "Verdict", VERDICTS, "all", key="class_verdict",
        help="Whether the run meets every requirement of the version of the assignment chosen here.",
    )  # fmt: skip
    return text, _FULFILLED[verdict]


def _watch(seen: int) -> None:
    """Draw the page anew when somebody's run has come to its end."""
    if reading.standings().listing().ended != seen:
        st.rerun()


def _choose_images(sets: dict[Images, str]) -> Images | None:
    """The set whose results are shown: one at a time, as accuracies on different ones say nothing."""
    if not sets:
        return None
    return choices.box(
        "Data set", sets, next(iter(sets)), key=DATA, width=220,
        help="One at a time: accuracies on different images cannot be compared.",
    )  # fmt: skip


def _title(images: Images | None) -> str:
    return images.title if images else OFFICIAL_TITLE


def _sentence(lines: list[Line], shown: list[Line]) -> str:
    """What the drawing says, in words."""
    if not lines:
        return (
            "No run has been tested on this server yet. Drawn are the limits of the assignment and two "
            "networks of the literature."
        )
    people = Counter(line.by or line.person for line in lines if line.by or line.person)
    whose = f" of {count(len(people), 'person').replace('persons', 'people')}" if people else ""
    if not shown:
        return f"**{count(len(lines), 'run')}**{whose}, and none that suits the choice above."
    best = shown[0]
    part = (
        f"{count(len(shown), 'run')} of {len(lines)}" if len(shown) < len(lines) else count(len(lines), "run")
    )
    words = f"**{part}**{whose}. Most accurate: **{percent(best.accuracy)}** ({plain(best.who)})"
    small = min((line for line in shown if line.fulfilled), key=lambda line: line.parameters, default=None)
    if small is None:
        return f"{words}. None fulfils the assignment so far."
    return f"{words}. Smallest that fulfils the assignment: **{small.parameters:,}** ({plain(small.who)})."


def _draw(shown: list[Line], images: Images | None, picked: str | None) -> None:
    """The drawing, its legend and its downloads."""
    references = chart.references(images is None or images.name == OFFICIAL)
    part = drawn(shown, picked, MOST_DRAWN)
    values, profile = chart.rows(part, picked), state.profile()
    drawing = chart.drawing(values, profile, references)
    key = f"class_chart_{st.session_state.get(_RESETS, 0)}"

    def clicked() -> None:
        points: list[dict[str, Any]] = st.session_state[key]["selection"].get(chart.SELECTION) or [{}]
        opened.pick(points[0].get("run"))

    st.vega_lite_chart(
        None, drawing, key=key, alt=_alt(part), on_select=callback(clicked),
        selection_mode=chart.SELECTION,
    )  # fmt: skip
    st.html(chart.legend(bool(references)))
    st.caption(_caption(images, part, bool(references), len(shown) - len(part)))
    if shown:
        titled = {**drawing, "title": f"{_title(images)}: {profile.title}"}
        take_away.rows("class", titled, values, chart.COLUMNS)


def _void() -> None:
    """A choice that was made elsewhere: the chart's own selection would contradict it."""
    st.session_state[_RESETS] = st.session_state.get(_RESETS, 0) + 1


def _caption(images: Images | None, shown: list[Line], references: bool, hidden: int) -> str:
    """`hidden`: how many more are not drawn."""
    parts = []
    if hidden:
        parts.append(f"Drawn are the Pareto front and the newest; {count(hidden, 'older run')} not.")
    if images and images.synthetic:
        parts.append("These images are synthetic: a score on them says nothing about photographs.")
    if images and not images.official:
        parts.append(f"The assignment means CIFAR-10; this is {plain(images.title)}.")
    if any(not line.honest for line in shown):
        parts.append(
            "The Pareto front is of the runs whose test set was read once: who reads it after every epoch, "
            "as in the original protocol, chooses by it."
        )
    if references:
        parts.append(
            "ResNet-20 and ResNet-56 are figures of their authors (He et al. 2016, table 6), of the original "
            "images and their own protocol of 64,000 steps; nobody here has trained them."
        )
    return " ".join(parts)


def _alt(shown: list[Line]) -> str:
    front = "; ".join(
        f"{line.who}: {line.parameters:,} parameters, {percent(line.accuracy)}" for line in on_front(shown)
    )
    return f"Parameters against test accuracy of {count(len(shown), 'run')}. Pareto front: {front or 'none'}."


page()
