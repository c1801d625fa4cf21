"""Who is where in the lesson, on the projector and on the Class page."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ui.opened import open_app

from cifar7.runs import people
from cifar7.tutorials import builtin, progress
from cifar7.ui.classroom import learners
from cifar7.ui.shell import pages

ADA, BOB = (people.public_id(letter * 32) for letter in "AB")


@pytest.fixture
def home(empty_home: Path) -> Path:
    """Ada has done two steps and is at the third, Bob one; somebody looked into another lesson before."""
    first, other = (builtin.tutorial(name) for name in ("receptive-field", "depthwise"))
    progress.record(empty_home, other, "c" * 20, "", 1)
    time.sleep(0.01)
    progress.record(empty_home, first, BOB, "Bob <b>", 2, (1,))
    progress.record(empty_home, first, ADA, "Ada", 3, (1, 2))
    return empty_home


def test_the_lesson_that_was_seen_last_who_did_most_first(home: Path) -> None:
    there = learners.current(home, time.time())
    assert [(each.person, each.at, each.steps_done) for each in there] == [(ADA, 3, 2), (BOB, 2, 1)]
    assert learners.current(home, time.time() + learners.RECENT_SECONDS + 60) == ()
    assert learners.current(home / "absent", time.time()) == ()


def test_present_names_and_no_markup_of_others(home: Path) -> None:
    there = learners.current(home, time.time())
    html = learners.lines_html(there, {ADA: "Ada Lovelace"})
    assert "Ada Lovelace" in html
    assert "Bob &lt;b&gt;" in html
    assert f"2 of {len(builtin.tutorial('receptive-field').steps)} done" in html
    assert learners.lines_html(there * 5, {}).endswith("and 2 more</p>")


@pytest.mark.parametrize("page", [pages.CLASS, pages.PROJECTOR])
def test_the_pages_show_it(home: Path, page: str) -> None:
    app = open_app().switch_page(page).run()
    assert not app.exception
    texts = " ".join(element.value for element in app.html)
    assert "Ada" in texts
    assert "Bob &lt;b&gt;" in texts
