"""The open lesson beside the pages: its steps, its ticks, its answers, its ways, and the choice of one."""

import json

import pytest
import tiny
from streamlit.testing.v1 import AppTest
from tutorials.written import lay_run, lesson, tutorial
from where import APP

from cifar7.errors import UserError
from cifar7.network.presets import preset
from cifar7.training.config import TrainConfig
from cifar7.tutorials import progress
from cifar7.tutorials.builtin import NAMES
from cifar7.tutorials.builtin import tutorial as builtin
from cifar7.ui.shell.link import LONGEST, Link, decode_tutorial, encode, encode_tutorial

ME = "m" * 32  # the token of a person: two sessions with it are the same one
FIELD = {"id": "receptive_field_before_pooling", "is": "above", "limit": 44}


def open_lesson(text: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params.update(lesson=text, me=ME, **query)
    app.run()
    assert not app.exception, app.exception
    return app


def own(*tasks) -> str:
    return encode_tutorial(tutorial([list(task) for task in tasks]))


def html(app: AppTest, name: str) -> list[str]:
    return [e.value for e in app.html if f'class="{name}' in e.value and "<style" not in e.value]


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def edit_c3(app: AppTest, dilation: int) -> AppTest:
    return app.segmented_control(key="C3_dilation").set_value(dilation).run()


def test_the_design_decides_with_every_toggle(empty_home):
    """The starter sees 76 pixels; its dilation of 2, at a jump of 4, adds 16 of them, a plain 3x3 8."""
    app = open_lesson(own([{**FIELD, "limit": 70}], [FIELD]))
    edit_c3(app, 1)
    assert "✗" in html(app, "c7-tick")[0]
    assert "68 px" in html(app, "c7-tick")[0]
    edit_c3(app, 2)  # of both of its convolutions: 8 more
    assert "✓" in html(app, "c7-tick")[0]
    assert "84 px" in html(app, "c7-tick")[0]
    assert app.button(key="tutorial_next").label == "Next"
    edit_c3(app, 1)  # what is done stays done
    assert app.button(key="tutorial_next").label == "Next"
    found = progress.progress_of(empty_home, "mine")
    assert [(p.steps_done, p.at) for p in found] == [(1, 1)]


def test_what_is_missing_is_told_and_the_step_can_be_skipped(empty_home):
    app = open_lesson(own([{**FIELD, "limit": 90}], [{"id": "parameters", "is": "below", "limit": 10}]))
    assert "76 px" in html(app, "c7-tick")[0]
    assert "✗" in html(app, "c7-tick")[0]
    assert app.button(key="tutorial_next").label == "Skip"
    assert app.button(key="tutorial_back").disabled
    app = press(app, "tutorial_next")
    assert app.query_params["step"] == "2"
    assert "153,306" in html(app, "c7-tick")[0]
    assert "tutorial_next" not in [button.key for button in app.button]  # the last one
    assert progress.progress_of(empty_home, "mine")[0].at == 2
    app = press(app, "tutorial_back")
    assert app.query_params["step"] == "1"


def test_an_answer_is_taken_and_what_was_done_stays_done(empty_home):
    question = {"ask": "How wide?", "answer": 5, "hint": "More.", "because": "3 + 2."}
    choice = {"ask": "Which?", "choices": ["this", "that"], "answer": "that"}
    text = own([question, choice], [FIELD])
    app = open_lesson(text)
    (number,) = [n for n in app.number_input if n.key.startswith("tutorial_answer")]
    number.set_value(4.0).run()
    assert "More." in html(app, "c7-tick")[0]
    (number,) = [n for n in app.number_input if n.key.startswith("tutorial_answer")]
    number.set_value(5.0).run()
    assert "3 + 2." in html(app, "c7-tick")[0]
    assert app.button(key="tutorial_next").label == "Skip"
    (radio,) = [r for r in app.radio if r.key.startswith("tutorial_answer")]
    radio.set_value("that").run()
    assert app.button(key="tutorial_next").label == "Next"
    # A refresh: the address has the lesson, the record what was done.
    again = open_lesson(text, step="1")
    assert again.button(key="tutorial_next").label == "Next"
    assert open_lesson(text).query_params["step"] == "2"  # without a step, the first that is not done


def test_a_step_starts_only_when_asked_and_undo_brings_the_own_design_back(empty_home):
    data = lesson()
    data["steps"][0]["start"]["design"] = "featherweight"
    from cifar7.tutorials.reading import read_tutorial

    app = open_lesson(encode_tutorial(read_tutorial(data)))
    state = app.session_state
    assert state["cifar7_design"].name == "starter"
    app = press(app, "tutorial_start")
    assert state["cifar7_design"] == preset("featherweight")
    assert (state["cifar7_config"].epochs, app.button(key="tutorial_start").disabled) == (2, True)
    app = press(app, "undo")
    assert state["cifar7_design"] == preset("starter")
    assert not app.button(key="tutorial_start").disabled


def test_leaving_brings_back_what_was_there_before(empty_home):
    data = lesson()
    data["steps"][0]["start"]["design"] = "featherweight"
    from cifar7.tutorials.reading import read_tutorial

    app = open_lesson(encode_tutorial(read_tutorial(data)))
    app = press(app, "tutorial_start")
    app.session_state["tutorial_more"] = True
    app.run()
    app = press(app, "tutorial_leave_back")
    assert app.session_state["cifar7_design"] == preset("starter")
    assert app.session_state["cifar7_config"].epochs == 8
    assert "lesson" not in app.query_params
    assert not html(app, "c7-lesson-step")


def test_runs_decide_on_train_as_well(pages, home):
    wants = [{"id": "class_accuracy", "classes": ["blue"], "is": "at least", "limit": 0.9}]
    text = own([{"run": wants}])
    app = pages.open("train", lesson=text)
    assert "Needs a run" in html(app, "c7-tick")[0]
    lay_run(home, right=(8, 10, 10))
    app.run()
    assert "80 %" in html(app, "c7-tick")[0]
    lay_run(home, tiny.SPEC, right=(9, 0, 0))
    app.run()
    assert "90 %" in html(app, "c7-tick")[0]
    assert html(app, "c7-lesson-done") == ['<div class="c7-lesson-done">The whole lesson is done.</div>']
    handin = pages.open("handin", lesson=text)
    assert not html(handin, "c7-lesson-step")


@pytest.mark.parametrize("text", ["no-such", "1.garbage"])
def test_a_hostile_address_opens_no_lesson_and_says_so(empty_home, text):
    app = open_lesson(text, step="99999999999999999999")
    assert not html(app, "c7-lesson-step")
    assert any("lesson" in toast.value.lower() for toast in app.toast)


@pytest.mark.parametrize(
    "text", ["2.x", "1." + "A" * 7000, "../x", "1.", encode(Link(preset("starter"), TrainConfig()))]
)
def test_no_hostile_text_is_a_lesson(text):
    with pytest.raises(UserError):
        decode_tutorial(text)


def test_a_lesson_is_the_same_behind_a_link():
    for found in [builtin(name) for name in NAMES]:
        text = encode_tutorial(found)
        assert len(text) < LONGEST / 2
        assert decode_tutorial(text) == found


@pytest.mark.parametrize("step", ["77", "²"])
def test_a_step_that_there_is_not_is_brought_into_range(empty_home, step):
    app = open_lesson("dropout", step=step)
    assert 1 <= int(app.query_params["step"]) <= len(builtin("dropout").steps)


def test_texts_are_shown_as_they_are_written(empty_home):
    data = lesson()
    data["title"] = "<b>bold</b>"
    data["steps"][0]["text"] = (
        "<img src=x onerror=alert(1)> **bold** *so* 2 * 3 * 4 `a*b` [link](javascript:1)\n\nNext."
    )
    from cifar7.tutorials.reading import read_tutorial

    app = open_lesson(encode_tutorial(read_tutorial(data)))
    (step,) = html(app, "c7-lesson-step")
    assert (
        "&lt;img src=x onerror=alert(1)&gt; <b>bold</b> <i>so</i> 2 * 3 * 4 <code>a*b</code> "
        "[link](javascript:1)</p><p>Next."
    ) in step
    assert "&lt;b&gt;bold&lt;/b&gt;" in html(app, "c7-lesson-head")[0]


def test_four_are_offered_with_what_is_done_and_a_file_is_opened(empty_home):
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    app.session_state["tutorials"] = True
    app.run()
    assert [b.key for b in app.button if b.key.startswith("open_tutorial_")] == [
        f"open_tutorial_{n}" for n in NAMES
    ]
    app.get("file_uploader")[-1].set_value(
        ("mine.json", json.dumps(lesson()).encode(), "application/json")
    ).run()
    assert not app.exception
    assert "My lesson" in html(app, "c7-lesson-head")[0]
