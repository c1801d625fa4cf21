"""The Compare page: what differs, which pictures one alone gets right, one toggle over several seeds."""

from __future__ import annotations

from dataclasses import replace

import handmade
import pytest
import tiny
from laid import gallery, lay_tested, table, texts

from cifar7.data import store
from cifar7.network import edits
from cifar7.network.presets import preset
from cifar7.network.problems import problems
from cifar7.network.spec import STAGE_NAMES
from cifar7.runs import experiments, queue
from cifar7.runs.claim import claim as take
from cifar7.runs.files import replace_json
from cifar7.runs.folder import RunFolder
from cifar7.ui.compare import experiment_toggles

WIDER = edits.set_channels(tiny.SPEC, "C1", 8)


def lay(home, **changes) -> RunFolder:
    return lay_tested(home, **changes)


def test_without_two_runs_the_page_invites(home, pages):
    app = pages.open("compare")
    assert "Two runs are needed" in app.markdown[0].value
    assert app.button(key="toggle_start")
    lay(home)
    app = pages.open("compare")
    assert "One more run is needed" in app.markdown[0].value
    app.button(key="compare_invite").click().run()
    assert not app.exception


def test_only_what_differs_is_listed_and_then_the_figures(home, pages):
    handmade.make_set(home / "data")
    wider = replace(edits.set_channels(handmade.SPEC, "C2", 12), name="Wider")
    runs = [handmade.make_run(home), handmade.make_run(home, wider, lr=0.1)]
    app = pages.open("compare", runs=",".join(run.id for run in runs))
    rows = table(app, "What differs between the runs")
    assert rows[0][1:] == ["A Handmade", "B Wider"]
    assert rows[1:3] == [["C2, unit 1: channels", "8", "12"], ["peak learning rate", "0.2", "0.1"]]
    named = {row[0]: row[1:] for row in rows[3:]}
    assert named["test accuracy"] == ["70.0\u00a0%", "70.0\u00a0%"]  # handmade: 21 of 30
    assert named["time to train"] == ["2\u00a0min 05\u00a0s"] * 2
    assert set(named) == {
        "parameters", "receptive field before pooling, px", "receptive field with pooling, px",
        "MACs for one image", "test accuracy", "time to train",
    }  # fmt: skip
    assert len(app.get("vega_lite_chart")) == 2
    assert "trained differently too (peak learning rate)" in texts(app)


def test_a_choice_outlives_the_view_that_shows_it(home, pages):
    a, b = lay(home), lay(home)
    app = pages.open("compare", runs=f"{a.id},{b.id}")
    app.segmented_control(key="compare_axis").set_value("time").run()
    for view in ("pictures", "runs"):
        app.segmented_control(key="compare_view").set_value(view).run()
    assert app.segmented_control(key="compare_axis").value == "time"


def test_one_goes_on_from_the_better_design(home, pages):
    handmade.make_set(home / "data")
    wider = replace(edits.set_channels(handmade.SPEC, "C2", 12), name="Wider")
    runs = [handmade.make_run(home), handmade.make_run(home, wider)]
    app = pages.open("compare", runs=",".join(run.id for run in runs))
    app.button(key="compare_go_on").click().run()
    assert not app.exception
    assert app.session_state["cifar7_design"].name == "Handmade", "the first of two that are equal"
    assert app.session_state["cifar7_change"].label == "Start from Handmade, as it was trained"


def test_the_answer_says_who_is_better_and_how_far_to_trust_it(home, pages):
    a, b = lay(home), lay(home, predicted=[0] * 30)
    for run, accuracy in ((a, 23 / 30), (b, 10 / 30)):
        status = run.status()
        status["result"] = {"test_accuracy": accuracy, "seconds": 3.0}
        replace_json(run.path / "status.json", dict(status))
    app = pages.open("compare", runs=f"{b.id},{a.id}")
    answer = texts(app)
    assert "**B** (Tiny Net) recognises most: **76.7 %**, 43.3 points more than **A**" in answer
    assert "seed's luck" in answer


def test_pictures_that_one_alone_gets_right(home, pages):
    # a is right on 0-7, 10-18, 20-25; b says blue (0) of everything: right on 0-9.
    a, b = lay(home), lay(home, predicted=[0] * 30)
    app = pages.open("compare", runs=f"{a.id},{b.id}")
    app.segmented_control(key="compare_view").set_value("pictures").run()
    assert not app.exception
    assert "Both get **8** of 30 pictures right, only A **15**, only B **2**, neither **5**." in texts(app)
    assert gallery(app) == [*range(25, 19, -1), *range(18, 9, -1)], "the surest of A first"
    grid = app.get("bidi_component")[0].proto.json
    # Picture 25 is red and 92.2 % sure, as all are: the surer the later, from 50 % to 99 % in 29 steps.
    assert "Picture 25: red. A says so (92\\u00a0%), B says blue (92\\u00a0%)" in grid
    app.segmented_control(key="compare_side").set_value("B").run()
    assert gallery(app) == [9, 8]


def test_runs_on_different_pictures_are_not_held_against_each_other(home, pages):
    with store.exclusive(home / "data", "other"):
        split = tiny._split(10, 9)
        raw = store.RawSet("Other", tiny.CLASSES, split, split, "test", True, ())
        store.write_set(home / "data", "other", raw, "test")
    a, b = lay(home), lay(home, data="other")
    app = pages.open("compare", runs=f"{a.id},{b.id}")
    assert "tested on different images" in texts(app)
    app.segmented_control(key="compare_view").set_value("pictures").run()
    assert "cannot be held against each other" in app.warning[0].value


def test_hostile_ids_in_the_address_are_passed_over(home, pages):
    a, b = lay(home), lay(home)
    app = pages.open("compare", runs=f"../../etc,{a.id},<b>,{b.id}")
    assert app.multiselect(key="compare_runs").value == [a.id, b.id]


def test_an_experiment_is_queued_in_one_click_and_found_again(home, pages):
    app = pages.open("compare")
    app.segmented_control(key="toggle_repeats").set_value(2).run()
    app.button(key="toggle_start").click().run()
    assert not app.exception
    (experiment,) = experiments.find(home / "runs")
    assert len(experiment.parts) == 4
    sides = {part.with_it: part.run.spec() for part in experiment.parts}
    assert sides[True].name.startswith(sides[False].name + " + C1 ")
    assert replace(sides[True], name="") != replace(sides[False], name="")

    accuracies = iter((0.70, 0.72, 0.60, 0.66))  # +2 and +6 points: the mean 4, the spread 2.8
    for part in experiment.parts:
        claim = take(part.run)
        claim.end("finished", result={"test_accuracy": next(accuracies)})
        claim.release()
    for side in (False, True):  # runs that were stopped early are no fair pair
        early = queue.enqueue(home / "runs", tiny.SPEC, tiny.config(), "tiny")
        record = {"experiment": experiment.id, "toggle": experiment.toggle, "with": side, "seed": 99}
        replace_json(early.path / experiments.FILE, record)
        claim = take(early)
        claim.end("stopped", "Stopped as asked.", {"test_accuracy": 0.1})
        claim.release()
    again = type(pages)().open("compare")
    result = texts(again)
    assert "\\+4\\.0 ± 2\\.8 points over 2 seeds" in result
    rows = table(again, f"{experiment.toggle}, seed by seed")
    assert rows[1][-1] == "+2.0"
    assert rows[-1] == ["mean", "65.0\u00a0%", "69.0\u00a0%", "+4.0"]


def test_the_rest_of_an_experiment_can_be_stopped(home, pages):
    app = pages.open("compare")
    app.button(key="toggle_start").click().run()
    assert len(queue.waiting(home / "runs")) == 6
    app.button(key="toggle_stop").click().run()
    assert not app.exception
    assert queue.waiting(home / "runs") == []
    assert "No pair of runs came to its end" in " ".join(element.value for element in app.caption)


@pytest.mark.parametrize("name", ["starter", "velasoka-separable"])
def test_every_toggle_that_is_offered_can_be_built_and_changes_something(name):
    spec = preset(name)
    places = experiment_toggles.places(spec)
    assert set(places) == {*(n for n in STAGE_NAMES if spec.stage(n).units), experiment_toggles.NETWORK}
    for toggles in places.values():
        for label, after in toggles.items():
            assert after != spec, label
            assert not problems(after), label
