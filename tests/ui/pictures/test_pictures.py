"""A picture opened, a run class by class, and a picture of one's own, on the Mistakes page."""

from __future__ import annotations

import io
import re

import handmade
import numpy as np
import pytest
from laid import gallery, lay_tested, table, texts
from PIL import Image

from cifar7.data.library import open_set
from cifar7.ui.mistakes import paste_box
from cifar7.ui.pictures import inference


@pytest.fixture
def run(home):
    """A finished run with weights, on 30 test images of three colours."""
    handmade.make_set(home / "data")
    return handmade.make_run(home)


def images_of(app) -> list[str]:
    """The text alternatives of the pictures in the open dialog."""
    matches = [re.findall(r'<img [^>]*alt="([^"]*)"', element.value) for element in app.html]
    return [alt for alts in matches for alt in alts]


def captions(app) -> str:
    return " ".join(element.value for element in app.caption).replace("\u00a0", " ")


def test_a_picture_opens_by_its_number(run, pages):
    app = pages.open("mistakes", run=run.id)
    app.number_input(key="mistakes_number").set_value(8).run()
    assert not app.exception
    # Of the blue ones, 0 to 9, the last is called red and the two before it green: with 0.8, the rest 0.1.
    assert "**blue**, taken for **green** with a probability of 80 %; blue itself got 10 %." in texts(app)
    assert images_of(app)[0] == "Test picture 8: blue"
    assert images_of(app)[1].startswith("Grad-CAM: where")
    assert "No other run was tested on these pictures yet" in captions(app)
    app.segmented_control(key="picture_target").set_value(0).run()
    assert images_of(app)[1].endswith("speaks for blue")


def test_what_other_runs_predict_for_it(run, pages, home):
    other = handmade.make_run(home)
    app = pages.open("mistakes", run=run.id)
    app.number_input(key="mistakes_number").set_value(9).run()
    assert "0 of 1 recognised it." in texts(app)
    rows = table(app, "What runs said of picture 9")
    assert rows[1][1:] == ["red", "80\u00a0%", "10\u00a0%", "✗ mistaken"]
    assert other.id


def test_buttons_lead_through_the_gallery(run, pages):
    app = pages.open("mistakes", run=run.id)
    order = gallery(app)
    app.number_input(key="mistakes_number").set_value(order[0]).run()
    assert app.button(key="picture_previous").disabled
    app.button(key="picture_next").click().run()
    assert images_of(app)[0].startswith(f"Test picture {order[1]}:")
    assert "2 of 9" in captions(app)


def test_a_number_that_is_none_opens_nothing(run, pages):
    app = pages.open("mistakes", run=run.id)
    app.session_state["mistakes_open"] = 10**9
    app.run()
    assert not app.exception
    assert images_of(app) == []


def test_the_highest_loss_comes_first_when_asked_for(home, pages):
    app = pages.open("mistakes", run=lay_tested(home).id)
    app.selectbox(key="mistakes_order").set_value("loss").run()
    assert not app.exception
    # Of the true class each mistake left (1 - sure) / 2, and the later in the set the surer it was.
    assert gallery(app) == [29, 28, 27, 26, 19, 9, 8]


def test_matrix_controls_draw_without_a_fault(run, pages, home):
    other = handmade.make_run(home)
    app = pages.open("mistakes", run=run.id)
    for by in ("recall", "precision"):
        app.segmented_control(key="matrix_by").set_value(by).run()
    app.toggle(key="matrix_errors").set_value(True).run()
    app.toggle(key="matrix_similar").set_value(True).run()
    app.selectbox(key="matrix_other").set_value(other.id).run()
    assert not app.exception
    assert "percentage points" in captions(app)
    app.segmented_control(key="mistakes_view").set_value("classes").run()
    app.segmented_control(key="mistakes_view").set_value("pictures").run()
    assert app.segmented_control(key="matrix_by").value == "precision", "kept while something else was shown"
    assert app.toggle(key="matrix_errors").value


def test_class_by_class(run, pages):
    app = pages.open("mistakes", run=run.id)
    app.segmented_control(key="mistakes_view").set_value("classes").run()
    assert not app.exception
    # Of 10 a class 7, 5 and 9 are right; blue is said 11 times, green 8, red 11.
    rows = table(app, "Figures per class")
    assert rows[1] == ["blue", "63.6\u00a0%", "70.0\u00a0%", "66.7\u00a0%", "10"]
    assert rows[2] == ["green", "62.5\u00a0%", "50.0\u00a0%", "55.6\u00a0%", "10"]
    assert rows[3] == ["red", "81.8\u00a0%", "90.0\u00a0%", "85.7\u00a0%", "10"]
    assert "Of **red** it recognises most, 90.0 %; of **green** fewest, 50.0 %." in texts(app)
    # Always 80 % sure, and right on 21 of 30: a gap of 10 points.
    assert "Expected calibration error: **10.0 %**" in captions(app)


def open_own(pages, run):
    app = pages.open("mistakes", run=run.id)
    return app.segmented_control(key="mistakes_view").set_value("own").run()


def photo(size=(300, 200), form="JPEG") -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, format=form)
    return out.getvalue()


def test_a_photo_is_shown_as_the_network_sees_it_and_classified(run, pages):
    app = open_own(pages, run)
    app.file_uploader(key="own_file").set_value(("photo.png", photo(), "image/png")).run()
    assert not app.exception
    assert not app.error
    assert images_of(app)[0] == "Your picture as the network sees it"
    assert "Its centre square, 200 pixels wide, was reduced to 32 x 32" in captions(app).replace("\\", "")
    answer = texts(app)
    assert re.search(r"\*\*Handmade\*\* says \*\*(blue|green|red)\*\*", answer)
    assert images_of(app)[1].startswith("Grad-CAM")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"I am a picture.", "cannot be read as an image"),
        (b"", "is empty"),
        (b"x" * 5_000_001, "5.0 MB, more than 5 MB"),
        (photo()[:500], "cannot be read as an image"),
    ],
    ids=["text", "nothing", "too large", "cut off"],
)
def test_what_is_no_picture_is_refused_in_words(run, pages, content, words):
    app = open_own(pages, run)
    app.file_uploader(key="own_file").set_value(("cat.png", content, "image/png")).run()
    assert not app.exception
    assert words in app.error[0].value.replace("\\", "")
    assert images_of(app) == []


def test_a_name_that_is_markup_stays_text(run, pages):
    app = open_own(pages, run)
    name = "<img src=x onerror=alert(1)>.png"
    app.file_uploader(key="own_file").set_value((name, b"no", "image/png")).run()
    assert "<img" not in app.error[0].value.replace("\\<", "")


@pytest.mark.parametrize("sent", [None, 7, "not base64!", "A" * 300, ""])
def test_a_pasted_message_is_checked(sent):
    assert paste_box._content(sent, 200) is None


def test_several_runs_answer_beside_each_other(run, pages, home):
    other = handmade.make_run(home)
    app = open_own(pages, run)
    app.file_uploader(key="own_file").set_value(("photo.png", photo(), "image/png")).run()
    app.multiselect(key="own_runs").set_value([run.id, other.id]).run()
    assert not app.exception
    assert len(re.findall(r"\*\*Handmade\*\* says", texts(app))) == 2


def test_a_test_picture_gets_the_probabilities_that_were_recorded(home, run):
    """The page classifies a picture of the set as the network itself does."""
    import torch

    from cifar7.network.module import build

    images = open_set("colours")
    picture = np.array(images.test.images[3])
    module = build(handmade.SPEC, seed=3).eval()  # the weights that handmade.make_run stores
    mean, std = (torch.tensor(side)[:, None, None] for side in (images.mean, images.std))
    with torch.no_grad():
        wanted = module((torch.from_numpy(picture).float() / 255 - mean)[None] / std).softmax(1)[0]
    answer = inference.classify(run.id, picture)
    assert answer.classes == ("blue", "green", "red")
    assert answer.probabilities == pytest.approx(wanted.tolist(), abs=1e-5)


def test_the_map_is_that_of_the_run_and_of_its_set(home, run, monkeypatch):
    import torch

    from cifar7.data.augment import normalise
    from cifar7.network.module import build
    from cifar7.results.gradcam import grad_cam

    images = open_set("colours")
    picture = np.array(images.test.images[3])
    pixels = normalise(torch.from_numpy(picture[None]), images.mean, images.std, torch.float32)
    wanted = grad_cam(build(handmade.SPEC, seed=3).eval(), pixels, 5, [1])[0]
    assert wanted.any()
    opened: list[str] = []
    monkeypatch.setattr(inference, "open_set", lambda name: opened.append(name) or open_set(name))
    assert inference.attention(run.id, picture, 5, 1) == pytest.approx(wanted, abs=1e-5)
    assert opened == ["colours"], "another set has another mean"
