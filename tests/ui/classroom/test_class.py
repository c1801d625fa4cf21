"""The Class page and the projector view, as they are opened."""

from __future__ import annotations

from dataclasses import replace

import pytest
from laid import lay_result, table, texts

from cifar7.network.presets import preset
from cifar7.runs.queue import enqueue
from cifar7.training.config import TrainConfig

EVIL = "<b>*Ada*</b>"


@pytest.fixture
def runs(home):
    """Three results on CIFAR-10, the newest ones, and one on shapes."""
    laid = [
        lay_result(home / "runs", preset("starter"), 0.81, name=EVIL),
        lay_result(home / "runs", preset("champion"), 0.88, name="Grace", device_type="cpu"),
        lay_result(home / "runs", replace(preset("featherweight"), name="light"), 0.7),
    ]
    lay_result(home / "runs", preset("starter"), 0.95, data="shapes", seconds_ago=1000)
    return laid


def results(app) -> list[list[str]]:
    return table(
        app, next(e.value.split('aria-label="')[1].split('"')[0] for e in app.html if "Results on" in e.value)
    )


def test_results_verdicts_and_filters(home, pages, runs):
    app = pages.open("classroom")
    said = texts(app)
    assert "**3 runs** of 2 people. Most accurate: **88.0 %** (Grace · champion)" in said
    assert r"fulfils the assignment: **153,306** (\<b\>\*Ada\*\</b\> · starter)" in said
    rows = results(app)[1:]
    assert [row[0] for row in rows] == ["champion", "starter", "light"]
    assert [row[1] for row in rows] == ["Grace", "&lt;b&gt;*Ada*&lt;/b&gt;", "–"]
    assert [row[4] for row in rows] == ["★", "★", "★"], "each smaller one is worse"
    assert [row[5] for row in rows] == ["missing: Trained on a GPU", "fulfilled", "missing: Test accuracy"]

    app.segmented_control(key="class_verdict").set_value("yes").run()
    assert [row[0] for row in results(app)[1:]] == ["starter"]
    app.segmented_control(key="class_verdict").set_value("all").run()
    app.text_input(key="class_text").set_value("grace").run()
    assert [row[0] for row in results(app)[1:]] == ["champion"]
    app.text_input(key="class_text").set_value("nobody of this name").run()
    assert "none that suits" in texts(app)
    app.text_input(key="class_text").set_value("").run()
    box = app.selectbox(key="class_data")
    box.select_index(1).run()
    assert [row[3] for row in results(app)[1:]] == ["95.0\u00a0%"]
    assert any("synthetic" in one.value for one in app.caption)
    assert not any("ResNet" in one.value for one in app.caption), "published figures are of CIFAR-10"
    assert not app.exception


def test_a_point_opens_its_run_and_its_design(home, pages, runs):
    app = pages.open("classroom")
    app.session_state["class_picked"] = runs[1].id  # as a click on its point does: see tests/in_browser
    app.run()
    assert "#### champion by Grace" in texts(app)
    assert app.selectbox(key="class_run").value == runs[1].id
    assert any("7 of 8 requirements fulfilled" in one.value for one in app.markdown)
    app.button(key="class_go_on").click().run()
    assert not app.exception
    assert app.session_state["cifar7_design"].name == "champion"


def test_the_keyboard_s_way_leads_to_the_run(home, pages, runs):
    app = pages.open("classroom")
    app.selectbox(key="class_run").set_value(runs[0].id).run()
    assert r"#### starter by \<b\>\*Ada\*\</b\>" in texts(app)
    app.button(key="class_look").click().run()
    assert not app.exception
    assert app.query_params["run"] in (runs[0].id, [runs[0].id])


def test_what_is_no_run_here_opens_nothing(home, pages, runs):
    app = pages.open("classroom")
    for picked in ("../../etc", 7, None, {"run": 1}):
        app.session_state["class_picked"] = picked
        app.run()
        assert not app.exception
        assert app.selectbox(key="class_run").value is None


def test_an_empty_class_shows_the_limits_and_offers_an_example(home, pages):
    app = pages.open("classroom")
    assert "Nobody has a result yet" in texts(app)
    assert app.button(key="class_invite_example")
    assert len(app.get("vega_lite_chart")) == 1


def test_the_projector_tells_who_trains_and_what_is_new(home, pages, runs):
    waiting = [enqueue(home / "runs", preset("starter"), TrainConfig(), "shapes") for _ in range(3)]
    beat = {"event": "beat", "epoch": 2, "epochs": 8, "step": 10, "steps": 40, "seconds_left": 65.0}
    waiting[0]._change(state="running", by_name=EVIL, progress=beat)
    pages.app.run()
    app = pages.app.switch_page("cifar7/ui/classroom/projector.py").run()
    assert not app.exception
    html = " ".join(one.value for one in app.html).replace("\u00a0", " ")
    assert "c7-strip" not in html.replace(".c7-strip", ""), "no strip"
    assert "&lt;b&gt;*Ada*&lt;/b&gt; · starter" in html
    assert "epoch 2 of 8 · 1 min 05 s left" in html
    assert "width: 25.0%" in html
    assert "<b>2 runs</b>" in html
    assert "<b>88.0 %</b> Grace · champion" in html
    assert "95.0 %" not in html, "of other images"
    assert len(app.get("page_link")) == 1
