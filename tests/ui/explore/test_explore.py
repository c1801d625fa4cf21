"""The Explore page as it is opened, and what its buttons do; no sweep is carried out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from laid import texts
from ui.explore import made_up

from cifar7.runs.people import Person
from cifar7.sweeps import driver
from cifar7.sweeps.folder import SweepFolder, list_sweeps


@pytest.fixture(autouse=True)
def _no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "ensure", lambda *_, **__: None)


def metrics(app) -> dict[str, str]:
    return {one.label: one.value.replace("\u00a0", " ") for one in app.metric}


def only(home: Path) -> SweepFolder:
    (sweep,) = list_sweeps(home / "runs")
    return sweep


def test_an_empty_page_says_what_to_do_and_starts_nothing(home, pages) -> None:
    app = pages.open("explore")
    assert "Many designs at once" in texts(app)
    assert app.button(key="explore_start").disabled
    assert metrics(app) == {}


def test_a_question_is_counted_started_and_followed(home, pages) -> None:
    app = pages.open("explore")
    app.session_state["cifar7_data"] = "shapes"
    app.button(key="explore_ask_dilation").click().run()
    assert not app.exception
    assert (metrics(app)["Combinations"], metrics(app)["Runs"]) == ("16", "32")  # 2 · 2 · 2 · 2, two seeds
    app.multiselect(key="explore_values_c3.dilation").set_value(["1", "2", "3"]).run()
    app.segmented_control(key="explore_seeds").set_value(1).run()
    assert (metrics(app)["Combinations"], metrics(app)["Runs"]) == ("24", "24")
    app.button(key="explore_start").click().run()
    assert not app.exception
    plan = only(home).definition()
    assert plan.title == "Which dilation?"
    assert {axis.name: axis.values for axis in plan.axes} == {
        "c3.dilation": (1, 2, 3), "c3.kind": ("standard", "separable"),
        "c4.dilation": (1, 2), "c4.kind": ("standard", "separable"),
    }  # fmt: skip
    assert app.query_params["sweep"] in (only(home).id, [only(home).id])
    assert "Which dilation?" in texts(app)
    assert any("of 24\u00a0designs" in one.value for one in app.html)


@pytest.mark.parametrize("question", ["small", "dropout"])
def test_each_question_is_a_sweep_that_can_be(home, pages, question: str) -> None:
    app = pages.open("explore")
    app.session_state["cifar7_data"] = "shapes"
    app.button(key=f"explore_ask_{question}").click().run()
    app.button(key="explore_start").click().run()
    assert not app.exception
    plan = only(home).definition()
    if question == "small":
        assert (plan.sampler, plan.trials) == ("tpe", 30)
        assert plan.requirements[0].limit == 153_306 // 2
    else:
        assert (plan.axes[0].values, plan.seeds) == ((0.0, 0.05, 0.1, 0.2), 3)


def test_a_mark_begins_with_the_design_s_own_value_and_goes_again(home, pages) -> None:
    app = pages.open("explore")
    marks = app.get("button_group") and app.pills(key="explore_marks_C3")
    marks.set_value(["c3.dilation"]).run()
    assert app.multiselect(key="explore_values_c3.dilation").value == ["1", "2", "3"]
    app.button(key="explore_remove_c3.dilation").click().run()
    assert not app.multiselect
    assert app.pills(key="explore_marks_C3").value == []


def test_what_does_not_fit_is_said_and_kept(home, pages) -> None:
    app = pages.open("explore")
    app.pills(key="explore_marks_C3").set_value(["c3.channels"]).run()
    app.button(key="explore_form_c3.channels").click().run()  # a range, which has no grid
    assert any("has no grid" in one.value for one in app.warning)
    assert app.button(key="explore_start").disabled
    app.selectbox(key="explore_sampler").set_value("random").run()
    assert not app.button(key="explore_start").disabled
    assert metrics(app)["Combinations"] == "endless"
    app.number_input(key="explore_low_c3.channels").set_value(1024).run()
    assert any("lower first" in one.value.replace("\\", "") for one in app.warning)
    assert app.number_input(key="explore_low_c3.channels").value == 1024, "nothing is lost"


def test_a_number_that_is_none_is_refused_in_words(home, pages) -> None:
    app = pages.open("explore")
    app.pills(key="explore_marks_C3").set_value(["c3.channels"]).run()
    before = app.multiselect(key="explore_values_c3.channels").value
    app.session_state["explore_values_c3.channels"] = [*before, "-5"]
    from cifar7.sweeps.knobs import SweepError
    from cifar7.ui.explore import offered

    with pytest.raises(SweepError, match="whole numbers from 1"):
        offered.value_of("c3.channels", made_up.definition().spec, "-5")


def better_with_dilation(one, seed: int) -> float:
    return 0.5 + 0.1 * (one.values["c3.dilation"] == 2) + 0.002 * seed


def test_a_finished_sweep_says_what_it_found(home, pages) -> None:
    sweep = made_up.lay(home / "runs", made_up.definition(), better_with_dilation)
    app = pages.open("explore", sweep=sweep.id)
    said = texts(app).replace("\\", "")
    assert "Dilation 2 in C3 instead of 1: +10.0" in said
    assert any("the test images were read for the winner only" in one.value for one in app.caption)
    assert len(app.get("vega_lite_chart")) == 3
    assert len(app.dataframe[0].value) == 4
    app.selectbox(key="explore_point").select_index(0).run()
    assert "#### Trial 3" in texts(app)  # the first of the two with dilation 2
    app.button(key="explore_take").click().run()
    assert not app.exception
    assert app.session_state["cifar7_design"].units("C3")[0].dilation == 2


def test_what_stopped_early_and_what_was_left_out_is_shown_as_such(home, pages) -> None:
    plan = made_up.definition(seeds=1, stop="asha")
    trials = [
        made_up.trial(plan, number, values, (made_up.repeat(1, 0.4 + number / 10, early=number == 1),))
        for number, values in enumerate(plan.grid())
    ]
    trials[2] = replace(trials[2], repeats=(), obstacle="Parameters: 1, not < 1")
    sweep = made_up.ended(SweepFolder.create(home / "runs", plan), trials)
    app = pages.open("explore", sweep=sweep.id)
    table = app.dataframe[0].value
    assert list(table["What came of it"]) == [
        "trained", "trained", "stopped early at epoch 2", "left out: Parameters: 1, not < 1",
    ]  # fmt: skip
    html = " ".join(one.value for one in app.html)
    assert "stopped early 1" in html
    assert "left out 1" in html


def test_only_its_owner_stops_a_sweep(home, pages) -> None:
    sweep = SweepFolder.create(home / "runs", made_up.definition(), Person("a" * 20, "Ada"))
    app = pages.open("explore", sweep=sweep.id)
    assert not [one for one in app.button if one.key in ("explore_pause", "explore_stop")]
    assert any("Ada’s sweep" in one.value for one in app.caption)


def test_pause_and_go_on(home, pages) -> None:
    app = pages.open("explore")
    app.session_state["cifar7_data"] = "shapes"
    app.button(key="explore_ask_dropout").click().run()
    app.button(key="explore_start").click().run()
    app.button(key="explore_pause").click().run()
    sweep = only(home)
    assert sweep.asked() == "pause"
    assert app.button(key="explore_pause").disabled
    sweep.update(sweep.status(), state="paused")
    app.run()
    app.button(key="explore_resume").click().run()
    assert (sweep.asked(), sweep.status()["state"]) == (None, "running")


def test_an_address_that_names_no_sweep_says_so(home, pages) -> None:
    app = pages.open("explore", sweep="../../etc")
    assert not app.exception
    assert "Many designs at once" in texts(app)


def test_importances_are_worked_out_at_a_press(home, pages) -> None:
    plan = made_up.definition("c3.dilation=1,2,3", "c4.kind=standard,separable", seeds=1)
    sweep = made_up.lay(home / "runs", plan, lambda one, seed: 0.5 + 0.1 * one.values["c3.dilation"])
    app = pages.open("explore", sweep=sweep.id)
    drawn = len(app.get("vega_lite_chart"))
    app.button(key="explore_importance_ask").click().run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == drawn + 1


def test_what_the_limits_refuse_is_left_out_ahead(home, pages, limit) -> None:
    limit(parameters=200_000)
    app = pages.open("explore")
    app.pills(key="explore_marks_C3").set_value(["c3.channels"]).run()
    app.multiselect(key="explore_values_c3.channels").set_value(["32", "512"]).run()
    assert (metrics(app)["Combinations"], metrics(app)["Left out"]) == ("2", "1")
