"""Choosers offer the newest runs: an older one stays chosen, and can be found."""

from __future__ import annotations

import pytest
from laid import lay_tested

from cifar7.runs.files import replace_json
from cifar7.runs.folder import RunFolder
from cifar7.ui.words import run_list


@pytest.fixture
def laid(home, monkeypatch) -> list[RunFolder]:
    """Five tested runs, the oldest first, by people A to E; two are offered."""
    monkeypatch.setattr(run_list, "MOST_OFFERED", 2)
    runs = []
    for number, name in enumerate("ABCDE"):
        run = lay_tested(home)
        replace_json(run.path / "status.json", {**run.status(), "by_name": f"Person {name}"})
        runs.append(RunFolder(run.path.rename(run.path.with_name(f"2025010{number}-000000-tiny-{number}"))))
    return runs


def offered(box) -> list[str]:
    """By whom are the runs in a chooser."""
    return [label.split("Person ")[1][0] for label in box.options]


def test_the_newest_are_offered_and_the_chosen_one_stays(pages, laid):
    app = pages.open("mistakes", run=laid[0].id)
    box = app.selectbox(key="mistakes_run")
    assert (offered(box), box.value) == (["E", "D", "A"], laid[0].id)

    app.text_input(key="mistakes_run_find").set_value("person b").run()
    box = app.selectbox(key="mistakes_run")
    assert (offered(box), box.value) == (["B", "A"], laid[0].id)
    box.set_value(laid[1].id).run()
    assert not app.exception
    assert app.query_params["run"] in (laid[1].id, [laid[1].id])
    assert app.selectbox(key="mistakes_run").value == laid[1].id


def test_older_runs_can_be_compared(pages, laid):
    app = pages.open("compare")
    app.text_input(key="compare_runs_find").set_value(laid[2].id).run()
    box = app.multiselect(key="compare_runs")
    assert offered(box) == ["E", "D", "C"]
    box.set_value([laid[2].id, laid[4].id]).run()
    app.text_input(key="compare_runs_find").set_value("").run()
    assert not app.exception
    box = app.multiselect(key="compare_runs")
    assert (offered(box), box.value) == (["E", "D", "C"], [laid[2].id, laid[4].id])


def test_where_all_are_offered_there_is_nothing_to_find(pages, laid, monkeypatch):
    monkeypatch.setattr(run_list, "MOST_OFFERED", 5)
    app = pages.open("handin")
    assert offered(app.selectbox(key="handin_run")) == ["E", "D", "C", "B", "A"]
    assert "handin_run_find" not in [field.key for field in app.text_input]
