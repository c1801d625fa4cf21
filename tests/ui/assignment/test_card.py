"""Lessons, the assignment card, its versions, and what a run adds to it: on the page and as text."""

import json

import handmade
import pytest
from streamlit.testing.v1 import AppTest
from ui.opened import design

from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import Achieved, card
from cifar7.network.presets import PRESETS, preset
from cifar7.network.profiles import PROFILES, ProfileError, read_profile
from cifar7.network.spec import SpecError
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig
from cifar7.ui.assignment.achievement import runs_of, standing
from cifar7.ui.assignment.card_html import card_html, counted, marks_html, sentence
from cifar7.ui.design import lesson_list
from cifar7.ui.files.uploads import LARGEST, UploadError, read_assignment, read_design
from cifar7.ui.shell.link import decode_profile

USUAL = PROFILES["three-max-pools"]


def view(app: AppTest, name: str) -> None:
    app.segmented_control(key="side_view").set_value(name).run()
    assert not app.exception


def html(app: AppTest, css_class: str) -> list[str]:
    return [piece.value for piece in app.html if f'class="{css_class}' in piece.value]


# Lessons


def test_the_starter_has_no_lesson_and_says_so(app):
    assert app.segmented_control(key="side_view").options[2] == "Pitfalls: none"
    view(app, "lessons")
    assert "None of the classic mistakes" in html(app, "c7-lesson")[-1]


def test_a_click_mends_and_undo_takes_it_back(app):
    app.selectbox(key="preset").set_value("shrimali").run()
    assert app.segmented_control(key="side_view").options[2] == "Pitfalls: 4"
    view(app, "lessons")
    before = design(app)
    logits = next(button for button in app.button if button.label == "Take ReLU off")
    logits.click().run()
    assert not app.exception
    assert not design(app).output.units[-1].activation
    assert app.segmented_control(key="side_view").options[2] == "Pitfalls: 3"
    assert app.session_state["side_view"] == "lessons"  # one stays where one was
    assert any("O: take ReLU off" in piece for piece in html(app, "c7-said"))
    app.button(key="undo").click().run()
    assert design(app) == before


@pytest.mark.parametrize("name", PRESETS)
def test_every_mend_of_every_preset_can_be_clicked(app, name):
    app.selectbox(key="preset").set_value(name).run()
    view(app, "lessons")
    for at in range(len([button for button in app.button if button.key.startswith("mend_")])):
        app.button(key=f"mend_{at}").click().run()
        assert not app.exception
        assert design(app) != preset(name)
        app.button(key="undo").click().run()
        assert design(app) == preset(name).with_classes(design(app).classes)


def test_a_lesson_of_a_design_that_is_gone_mends_nothing(app):
    """A click that was on its way while the design changed."""
    app.selectbox(key="preset").set_value("shrimali").run()
    view(app, "lessons")
    app.session_state["cifar7_design"] = edits.set_dilation(design(app), "C1", 2)
    changed = design(app)
    app.button(key="mend_0").click().run()
    assert design(app) == changed
    assert "has changed since" in app.toast[0].value


def test_the_same_mend_is_offered_once():
    """velasoka-simple shrinks twice in C3; one padding mends both."""
    groups = lesson_list.grouped(preset("velasoka-simple"), USUAL)
    assert [(group[0].id, len(group)) for group in groups] == [
        ("map-shrinks", 2),
        ("small-receptive-field", 1),
    ]
    text = lesson_list.lesson_html(groups[0])
    assert "from 8 to 6" in text
    assert "from 6 to 4" in text


# The card


def test_marks_have_a_sentence_as_text_alternative():
    """velasoka-simple: three max-pools, global pooling and parameters hold; RF is exactly 44."""
    verdicts = card(analyse(preset("velasoka-simple")), USUAL)
    assert counted(verdicts) == "3 of 8"
    assert sentence(verdicts) == (
        "Assignment: 3 of 8 fulfilled. Not fulfilled: Receptive field, pooling head counted, "
        "Depthwise separable convolutions, Dilated convolutions. "
        "Open until a run: Trained on a GPU, Test accuracy."
    )
    marks = marks_html(verdicts)
    assert [marks.count(sign) for sign in ("✓", "✗", "·</span>")] == [3, 3, 2]
    assert sentence(verdicts) in marks


def test_the_card_says_limit_value_verdict_and_cure():
    verdicts = card(analyse(preset("velasoka-simple")), USUAL)
    line = next(line for line in card_html(verdicts).split("<tr>") if "Receptive field" in line)
    for part in ("&gt; 44 px", "44 px<small>36 before pooling", "not fulfilled", "It is exactly the limit"):
        assert part in line
    hostile = read_profile({"title": "<i>", "requirements": [{"id": "parameters", "title": "<b>few"}]})
    assert "<b>few" not in card_html(card(analyse(preset("starter")), hostile))


def test_another_version_changes_marks_line_and_address(app):
    view(app, "assignment")
    app.selectbox(key="profile_choice").set_value("strict").run()
    assert not app.exception
    assert "52 px" in html(app, "c7-verdicts")[0]
    assert app.query_params["profile"] == "strict"
    assert app.session_state["cifar7_profile"] == PROFILES["strict"]


def test_a_teachers_own_version(app):
    profile = {
        "name": "strict",
        "title": "Mine",
        "requirements": [{"id": "max_pools", "is": "exactly", "limit": 4}],
    }
    view(app, "assignment")
    app.file_uploader(key="profile_file").upload(
        "mine.json", json.dumps(profile).encode(), "application/json"
    ).run()
    assert not app.exception
    assert app.selectbox(key="profile_choice").value == "own"  # though it bears a built-in one's name
    assert "Give one more stage its max-pool" in html(app, "c7-verdicts")[0]
    text = app.query_params["profile"]  # all of it, for a refresh and for a link
    assert decode_profile(text[0] if isinstance(text, list) else text) == read_profile(profile)
    app.file_uploader(key="profile_file").upload("bad.json", b"[1]", "application/json").run()
    assert "a profile is an object" in app.toast[0].value
    assert app.session_state["cifar7_profile"].title == "Mine"


def test_a_profile_written_and_read_again_is_the_same():
    for profile in PROFILES.values():
        assert read_profile(json.loads(json.dumps(profile.to_dict()))) == profile


# What a run adds


@pytest.fixture
def run(tmp_path) -> RunFolder:
    handmade.make_set(tmp_path / "data")
    return handmade.make_run(tmp_path)


def test_a_run_of_the_design_brings_accuracy_and_device(tmp_path, run):
    result = standing(tmp_path / "runs", run.id, handmade.SPEC)
    assert result.achieved == Achieved(
        21 / 30, "test set read once, on Colours, not CIFAR-10", False, handmade.DEVICE
    )
    verdicts = {v.requirement.id: v for v in card(analyse(handmade.SPEC), USUAL, result.achieved)}
    assert verdicts["accuracy"].passed is False
    assert verdicts["gpu"].words == handmade.DEVICE


def test_a_run_of_another_design_brings_nothing_and_says_so(tmp_path, run):
    other = edits.set_dilation(handmade.SPEC, "C1", 3)
    result = standing(tmp_path / "runs", run.id, other)
    assert result.achieved is None
    assert "another design (Handmade)" in result.explanation
    assert runs_of(tmp_path / "runs", other) == []
    assert [match.id for match in runs_of(tmp_path / "runs", handmade.SPEC)] == [run.id]


def test_a_run_that_has_not_ended_brings_nothing_yet(tmp_path):
    run = RunFolder.create(tmp_path / "runs", handmade.SPEC, TrainConfig(), "colours")
    assert "goes on" in standing(tmp_path / "runs", run.id, handmade.SPEC).explanation
    run.request_stop()
    assert "ended before its test" in standing(tmp_path / "runs", run.id, handmade.SPEC).explanation
    assert "need a run" in standing(tmp_path / "runs", None, handmade.SPEC).explanation
    assert standing(tmp_path / "runs", "../x", handmade.SPEC).achieved is None


# Files


def test_a_design_comes_back_from_its_file(app):
    changed = edits.set_dilation(preset("shrimali"), "C1", 3)
    assert read_design(json.dumps(changed.to_dict()).encode()) == changed


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UploadError),
        (b"\xff\xfe\x00", UploadError),
        (b"[" * 100_000, UploadError),
        (b" " * (LARGEST + 1), UploadError),
        (b"[]", SpecError),
        (json.dumps({**preset("starter").to_dict(), "version": 99}).encode(), SpecError),
        (
            json.dumps(edits.set_pool(preset("starter"), "C4", 4).to_dict() | {"image_size": 8}).encode(),
            SpecError,
        ),
        (b'{"version": NaN}', SpecError),
    ],
    ids=["empty", "binary", "deep", "large", "list", "version", "impossible", "nan"],
)
def test_what_is_no_design_is_refused_in_words(content, error):
    with pytest.raises(error):
        read_design(content)


def test_what_is_no_profile_is_refused_in_words():
    with pytest.raises(ProfileError):
        read_assignment(b"{}")
