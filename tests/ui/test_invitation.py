"""A page without a result: the example is one for all, followed right there, and then the page shows it."""

from __future__ import annotations

import handmade
import pytest
from conftest import Pages

from cifar7.runs import queue
from cifar7.ui.example import example


def bars(app) -> list[str]:
    return [one.proto.text.replace("\u00a0", " ") for one in app.get("progress")]


@pytest.mark.parametrize(
    ("page", "key", "names"),
    [
        ("mistakes", "mistakes_invite", ["Example"]),
        ("handin", "handin_invite", ["Example"]),
        ("compare", "compare_invite", ["Example", "Example, short-sighted"]),
    ],
)
def test_a_click_queues_what_the_page_needs_and_follows_it(home, page, key, names):
    app = Pages().open(page)
    app.button(key=f"{key}_example").click().run()
    assert not app.exception
    assert [run.spec().name for run in queue.line(home / "runs")] == names
    assert [bar.split(": ")[:2] for bar in bars(app)] == [[name, "waiting for its turn"] for name in names]
    other = Pages().open(page)
    assert bars(other) == bars(app), "a second visitor sees the first one's"
    assert key + "_example" not in [button.key for button in other.button]
    assert len(queue.line(home / "runs")) == len(names)


def test_the_page_shows_the_example_and_says_what_it_is(home, pages, monkeypatch):
    handmade.make_set(home / "data")
    run = handmade.make_run(home)
    monkeypatch.setattr(example, "side_of", lambda one: "wide" if one == run else None)
    for page in ("mistakes", "handin"):
        app = pages.open(page)
        assert any("not anybody's work" in one.value for one in app.caption), page


def test_a_failed_example_says_why_and_is_offered_again(home, pages):
    example.start(home / "runs", ["wide"])
    example.newest(home / "runs")["wide"].run._change(state="failed", reason="The *disk* is full.")
    app = pages.open("mistakes")
    assert any("The \\*disk\\* is full" in one.value for one in app.error)
    app.button(key="mistakes_invite_example").click().run()
    assert len(queue.line(home / "runs")) == 1
