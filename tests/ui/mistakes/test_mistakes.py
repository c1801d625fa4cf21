"""The Mistakes page: what it says of a run's predictions, and that a filter shows exactly its own."""

from __future__ import annotations

import re
import shutil

import tiny
from laid import gallery, lay_tested
from streamlit.testing.v1 import AppTest

from cifar7.data import store
from cifar7.data.imageset import RawSet
from cifar7.data.library import open_set
from cifar7.runs import queue
from cifar7.ui.mistakes.confused import ANY
from cifar7.ui.words import run_list


def headline(app: AppTest) -> str:
    """The line above the pictures."""
    lines = [element.value.replace("\u00a0", " ") for element in app.markdown]
    return next(line for line in reversed(lines) if re.match(r"\*\*\d+ (mistake|picture)", line))


def test_without_a_run_the_page_invites(home, pages):
    app = pages.open("mistakes")
    assert "no mistakes to look at yet" in app.markdown[0].value
    app.button(key="mistakes_invite").click().run()
    assert not app.exception


def test_the_sentence_counts_what_the_gallery_shows(home, pages):
    app = pages.open("mistakes", run=lay_tested(home).id)
    sentence = app.markdown[0].value.replace("\u00a0", " ")
    # 8 + 9 + 6 of 30 are right: 76.7 %, and 7 are wrong.
    assert "**76.7 %** of the 30 test images of Tiny colours" in sentence
    assert "on **7** it is mistaken" in sentence
    # Wrong are 8 and 9 (blue), 19 (green), 26 to 29 (red); the surest, which are the last, come first.
    assert gallery(app) == [29, 28, 27, 26, 19, 9, 8]
    assert headline(app) == "**7 mistakes**"


def test_select_boxes_filter(home, pages):
    app = pages.open("mistakes", run=lay_tested(home).id)
    app.selectbox(key="mistakes_true").set_value(2).run()
    assert gallery(app) == [29, 28, 27, 26]
    assert headline(app) == "**4 mistakes** on pictures of red"
    app.selectbox(key="mistakes_true").set_value(ANY).run()
    app.selectbox(key="mistakes_predicted").set_value(1).run()
    assert gallery(app) == [29, 28, 27, 26, 9, 8]
    app.selectbox(key="mistakes_order").set_value("index").run()
    assert gallery(app) == [8, 9, 26, 27, 28, 29]


def test_most_often_confused_is_a_filter_too(home, pages):
    app = pages.open("mistakes", run=lay_tested(home).id)
    pair = app.button(key="pair_2_1")
    assert pair.label == "Two red pictures in five are called green (4\u00a0pictures)"  # 4 of 10
    pair.click().run()
    assert gallery(app) == [29, 28, 27, 26]
    assert (app.selectbox(key="mistakes_true").value, app.selectbox(key="mistakes_predicted").value) == (2, 1)


def test_right_pictures_of_a_class_are_shown_for_the_diagonal(home, pages):
    app = pages.open("mistakes", run=lay_tested(home).id)
    app.selectbox(key="mistakes_true").set_value(0).run()
    app.selectbox(key="mistakes_predicted").set_value(0).run()
    assert gallery(app) == [7, 6, 5, 4, 3, 2, 1, 0]
    assert headline(app) == "**8 pictures** of blue, rightly recognised"


def test_hundreds_of_mistakes_come_in_pages(home, pages):
    with store.exclusive(home / "data", "many"):
        split = tiny._split(100, 3)
        store.write_set(
            home / "data", "many", RawSet("Many", tiny.CLASSES, split, split, "test", True, ()), "test"
        )
    run = lay_tested(home, predicted=[(label + 1) % 3 for label in split.labels], data="many")
    app = pages.open("mistakes", run=run.id)
    assert headline(app) == "**300 mistakes**"
    first = gallery(app)
    assert len(first) == 50
    paging = app.get("pagination")[0]
    app.session_state[paging.key] = 6
    app.run()
    last = gallery(app)
    assert len(last) == 50
    assert not set(first) & set(last)
    app.selectbox(key="mistakes_true").set_value(1).run()
    assert len(gallery(app)) == 50
    assert headline(app) == "**100 mistakes** on pictures of green"


def test_a_perfect_run_has_an_empty_gallery(home, pages):
    app = pages.open("mistakes", run=lay_tested(home, predicted=[0] * 10 + [1] * 10 + [2] * 10).id)
    assert gallery(app) == []
    assert headline(app) == "**0 mistakes**"


def test_pictures_of_another_set_of_that_name_are_not_shown(home, pages):
    run = lay_tested(home)
    tiny.make_set(home / "data", each=40)
    images = open_set("tiny")
    assert len(images.test) == 30
    app = pages.open("mistakes", run=run.id)
    assert "is another one now" in app.warning[0].value
    assert gallery(app) == []


def test_pictures_that_are_gone_leave_the_matrix(home, pages):
    run = lay_tested(home)
    shutil.rmtree(home / "data" / "tiny")
    app = pages.open("mistakes", run=run.id)
    assert "cannot be shown" in app.warning[0].value
    assert app.get("vega_lite_chart")


def test_runs_that_look_alike_can_be_told_apart(home):
    runs = {lay_tested(home).id for _ in range(2)}
    labels = run_list.labels(run_list.offered())
    assert set(labels) == runs
    assert len(set(labels.values())) == 2, "a select box goes by what it shows"


def test_another_run_is_chosen_by_the_box_and_kept_in_the_address(home, pages):
    first, second = lay_tested(home), lay_tested(home, predicted=[0] * 30)
    app = pages.open("mistakes", run=second.id)
    assert "on **20** it is mistaken" in app.markdown[0].value
    app.selectbox(key="mistakes_run").set_value(first.id).run()
    assert app.query_params["run"] == first.id
    assert "on **7** it is mistaken" in app.markdown[0].value


def test_a_run_that_has_no_result_yet_is_not_passed_over_silently(home, pages):
    lay_tested(home)
    waiting = queue.enqueue(home / "runs", tiny.SPEC, tiny.config(), "tiny")
    app = pages.open("mistakes", run=waiting.id)
    assert "no result yet" in app.info[0].value
    assert app.query_params["run"] == waiting.id, "the page looks at another run, the address does not"
