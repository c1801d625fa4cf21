"""Where a waiting run stands, and whose a run is, in words."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cifar7 import paths
from cifar7.runs import people, queue
from cifar7.runs.folder import Status
from cifar7.runs.people import Person
from cifar7.runs.queue import Place
from cifar7.ui.words.wording import NO_BREAK, count

SOON = 10  # seconds


def place(run_id: str) -> Place | None:
    """Where the run stands; None for one that does not wait."""
    return _places(str(paths.runs_dir())).get(run_id)


@st.cache_data(ttl=1.0, show_spinner=False)
def _places(runs_dir: str) -> dict[str, Place]:
    """All of the line, read at most once a second however many browsers wait."""
    return queue.places(Path(runs_dir))


def place_words(place: Place | None) -> str:
    """As in "2 runs before it, begins in about 4 min"."""
    if place is None or (not place.before and place.seconds is None):
        return "next in the queue"
    before = f"{count(place.before, 'run')} before it" if place.before else "next in the queue"
    return before if place.seconds is None else f"{before}, {begin_words(place.seconds)}"


def begin_words(seconds: float) -> str:
    """When it will begin. An estimate: no seconds beside minutes."""
    if seconds < SOON:
        return "begins in a moment"
    if seconds < 55:
        return f"begins in about {10 * round(seconds / 10)}{NO_BREAK}s"
    minutes = round(seconds / 60)
    about = f"{minutes}{NO_BREAK}min" if minutes < 60 else f"{seconds / 3600:.1f}{NO_BREAK}h"
    return f"begins in about {about}"


def owner(status: Status) -> str:
    """The name of the run's owner; empty where there is none."""
    return people.owner(paths.runs_dir(), status)


def whose_words(status: Status, person: Person) -> str:
    """As in "Ada’s run"; empty for one's own, and where runs without an owner are anybody's."""
    if not status["by"]:
        return "" if people.may_touch(Person(""), "") else "A run without an owner"
    if status["by"] == person.id:
        return ""
    name = owner(status)
    return f"{name}’s run" if name else "Somebody else’s run"


def hands_off_words(status: Status, person: Person) -> str:
    """Who alone can stop or change the run, where the person cannot; empty where he can."""
    if people.may_touch(person, status["by"]):
        return ""
    others = [owner(status) or "who started it"] if status["by"] else []
    others.append("the teacher" if people.has_teacher() else "the command line")
    return f"You can look at everything; only {' or '.join(others)} can stop or change it."
