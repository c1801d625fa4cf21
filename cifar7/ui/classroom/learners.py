"""Who is where in the lesson that the class goes through. No streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from cifar7.tutorials.progress import Progress, lessons_begun, progress_of
from cifar7.ui.files.tables import Column, Table

RECENT_SECONDS = 2 * 3600.0  # somebody who was there longer ago has left the lesson
MOST_SHOWN = 8  # people on the projector
SOMEBODY = "somebody without a name"


def current(home: Path, now: float) -> tuple[Progress, ...]:
    """Those who are in the lesson that somebody was in last, who did most first; empty where nobody is."""
    recent = (
        tuple(progress for progress in progress_of(home, lesson) if now - progress.seen < RECENT_SECONDS)
        for lesson in lessons_begun(home)
    )
    return max((each for each in recent if each), key=lambda each: max(p.seen for p in each), default=())


def name(progress: Progress, names: Mapping[str, str]) -> str:
    """What the person is called now, or was when he was there."""
    return names.get(progress.person) or progress.name or SOMEBODY


def lines_html(learners: Sequence[Progress], names: Mapping[str, str]) -> str:
    """A line a person, for the projector."""
    lines = "".join(
        f"<li><span><b>{escape(name(each, names))}</b></span>"
        f'<span class="more">{each.steps_done} of {each.steps} done</span></li>'
        for each in learners[:MOST_SHOWN]
    )
    more = len(learners) - MOST_SHOWN
    return f"<ul>{lines}</ul>" + (f'<p class="more">and {more} more</p>' if more > 0 else "")


def table(learners: Sequence[Progress], names: Mapping[str, str]) -> Table:
    """Everybody in the lesson."""
    columns = (Column("Person", text=True), Column("At step"), Column("Steps done"))
    values = tuple((name(each, names), each.at, each.steps_done) for each in learners)
    shown = tuple(
        (name(each, names), str(each.at), f"{each.steps_done} of {each.steps}") for each in learners
    )
    return Table(f"In the lesson: {learners[0].title}", columns, shown, values)
