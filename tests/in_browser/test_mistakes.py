"""In a real browser, with trained runs: the matrix, the pictures, one's own picture, two runs compared."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from browser import PATIENCE, POCKET, until
from PIL import Image
from playwright.sync_api import expect
from watching import the_gallery_shows

from cifar7.data.library import open_set
from cifar7.network import edits
from cifar7.results.compare import only_one_right
from cifar7.runs import queue
from cifar7.runs.execute import execute
from cifar7.training.config import TrainConfig

pytestmark = pytest.mark.browser
expect.set_options(timeout=1000 * PATIENCE)
RECIPE = TrainConfig(epochs=2, batch_size=64, lr=0.1, train_sample=500, device="cpu")


@pytest.fixture(scope="module")
def runs(site):
    """Two trained runs of different designs on `shapes`, trained in this process."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    made = []
    for spec in (POCKET, edits.set_channels(POCKET, "C1", 12)):
        claim = queue.start_here(site.runs, spec, RECIPE, "shapes")
        execute(claim, lambda name, progress: open_set(name, progress, data_dir=site.home / "data"))
        assert claim.run.status()["state"] == "finished", claim.run.status()
        made.append(claim.run)
    return made


def a_cell(predictions) -> tuple[int, int]:
    true, predicted, *_ = predictions.confused_pairs(1)[0]
    return true, predicted


def test_a_click_on_a_cell_shows_exactly_its_images_sorted(site, page, runs):
    predictions = runs[0].predictions()
    page.goto(f"{site.url}/mistakes?run={runs[0].id}")
    the_gallery_shows(page, predictions.mistakes()[:50])
    true, predicted = a_cell(predictions)
    names = predictions.classes
    page.locator(
        f'path[aria-label*="true class: {names[true]};"][aria-label*="predicted: {names[predicted]};"]'
    ).click()
    found = predictions.mistakes(true, predicted)
    sure = predictions.confidence[found]
    assert (np.diff(sure) <= 0).all(), "the surest first"
    the_gallery_shows(page, found[:50])
    expect(page.get_by_text(f"{len(found):,} pictures of {names[true]}, taken for")).to_be_visible()


def choose(page, label: str, option: str) -> None:
    """In a select box, by keyboard alone."""
    box = page.get_by_role("combobox", name=label)
    box.focus()
    page.keyboard.type(option)
    page.keyboard.press("Enter")


def test_the_same_by_keyboard(site, page, runs):
    predictions = runs[0].predictions()
    page.goto(f"{site.url}/mistakes?run={runs[0].id}")
    the_gallery_shows(page, predictions.mistakes()[:50])
    true, predicted = a_cell(predictions)
    choose(page, "True class", predictions.classes[true])
    the_gallery_shows(page, predictions.mistakes(true)[:50])
    choose(page, "Predicted class", predictions.classes[predicted])
    the_gallery_shows(page, predictions.mistakes(true, predicted)[:50])
    choose(page, "Order", "Highest loss")
    by_loss = sorted(
        predictions.mistakes(true, predicted, "index"),
        key=lambda at: predictions.probabilities[at, true],
    )
    the_gallery_shows(page, by_loss[:50])


def ten_probabilities_and_a_map(page, predictions, index: int) -> None:
    opened = page.get_by_role("dialog")
    opened.get_by_text(f"Test picture {index:,}", exact=True).wait_for()
    bars = opened.locator('path[aria-roledescription="bar"]')
    expect(bars).to_have_count(10)

    def shares() -> list[float]:
        told = bars.evaluate_all("all => all.map(one => one.ariaLabel)")
        return [float(re.search(r"probability: ([\d.eE-]+)", label)[1]) for label in told]

    wanted = pytest.approx(predictions.probabilities[index].tolist(), abs=1e-6)
    until(lambda: shares() == wanted, "the bars of this picture")  # those of the one before stand a moment
    opened.get_by_role("img", name="Grad-CAM").wait_for()


def test_a_picture_opens_with_ten_probabilities_and_grad_cam(site, page, runs):
    predictions = runs[0].predictions()
    page.goto(f"{site.url}/mistakes?run={runs[0].id}")
    page.locator(".gallery button.pic").nth(2).click()
    index = predictions.mistakes()[2]
    ten_probabilities_and_a_map(page, predictions, index)
    opened = page.get_by_role("dialog")
    expect(opened.get_by_text("What other runs said of it")).to_be_visible()
    map_before = opened.get_by_role("img", name="Grad-CAM").get_attribute("src")
    opened.get_by_role("radio", name=predictions.classes[int(predictions.labels[index])]).click()
    until(lambda: opened.get_by_role("img", name="Grad-CAM").get_attribute("src") != map_before, "a new map")
    opened.get_by_role("button", name="Next").click()
    ten_probabilities_and_a_map(page, predictions, predictions.mistakes()[3])
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    the_gallery_shows(page, predictions.mistakes()[:50])


def test_a_picture_opens_by_keyboard(site, page, runs):
    predictions = runs[0].predictions()
    found = predictions.mistakes()
    page.goto(f"{site.url}/mistakes?run={runs[0].id}")
    the_gallery_shows(page, found[:50])
    page.locator(".gallery button.pic").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    ten_probabilities_and_a_map(page, predictions, found[1])
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    number = page.get_by_role("spinbutton", name="Open number")
    number.focus()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    ten_probabilities_and_a_map(page, predictions, 7)


def own_picture(site, page, runs) -> None:
    page.goto(f"{site.url}/mistakes?run={runs[0].id}")
    page.get_by_role("radio", name="Your own picture").click()
    page.get_by_text("What does it say of a picture that you bring?").wait_for()


def photo() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(out, format="JPEG")
    return out.getvalue()


def test_an_uploaded_photo_is_classified(site, page, runs):
    own_picture(site, page, runs)
    # A name and a type that are not true: what counts are the bytes.
    page.locator("input[type=file]").set_input_files(
        {"name": "holiday.png", "mimeType": "image/png", "buffer": photo()}
    )
    page.get_by_role("img", name="Your picture as the network sees it").wait_for()
    expect(page.get_by_text("was reduced to 32 x 32")).to_be_visible()
    expect(page.locator('path[aria-roledescription="bar"]')).to_have_count(10)
    expect(page.get_by_text(re.compile("pocket says"))).to_be_visible()
    page.get_by_role("img", name="Grad-CAM").wait_for()


def test_a_text_file_named_png_is_refused_in_words(site, page, runs):
    own_picture(site, page, runs)
    page.locator("input[type=file]").set_input_files(
        {"name": "cat.png", "mimeType": "image/png", "buffer": b"I am a cat, believe me.\n" * 40}
    )
    refused = page.get_by_role("alert").filter(has_text="That is no picture")
    refused.wait_for()
    assert "cat.png cannot be read as an image (not an image)" in refused.inner_text()


def test_a_pasted_picture_is_classified(site, page, runs):
    own_picture(site, page, runs)
    page.get_by_role("radio", name="Paste").click()
    box = page.get_by_placeholder("Click here, then paste")
    box.wait_for()
    box.evaluate(
        """(box, bytes) => {
          const data = new DataTransfer()
          data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }))
          const how = { clipboardData: data, bubbles: true, cancelable: true }
          box.dispatchEvent(new ClipboardEvent("paste", how))
        }""",
        list(photo()),
    )
    page.get_by_role("img", name="Your picture as the network sees it").wait_for()
    expect(page.locator('path[aria-roledescription="bar"]')).to_have_count(10)


def test_two_runs_beside_each_other_show_their_difference(site, page, runs):
    a, b = (run.predictions() for run in runs)
    page.goto(f"{site.url}/compare?runs={runs[0].id},{runs[1].id}")
    page.locator(".c7-table").get_by_text("C1, unit 1: channels").wait_for()
    row = page.locator(".c7-table tr").filter(has_text="C1, unit 1: channels").locator("td")
    assert row.all_inner_texts() == ["6", "12"]
    accuracies = page.locator(".c7-table tr").filter(has_text="test accuracy").locator("td").all_inner_texts()
    assert [text.replace("\u00a0", " ") for text in accuracies] == [
        f"{100 * a.accuracy:.1f} %",
        f"{100 * b.accuracy:.1f} %",
    ]
    page.get_by_role("radio", name="Confusions and pictures").click()
    only = only_one_right(a, b)
    the_pictures_are(page, only.only_a)
    page.get_by_role("radio", name="Only B right").click()
    the_pictures_are(page, only.only_b)
    change = b.confusion() - a.confusion()
    cells = page.locator('path[aria-label*="true class:"]')
    expect(cells.first).to_be_visible()
    said = page.locator('g[aria-roledescription="text mark container"] text').all_text_contents()
    numbers = sorted(int(text.replace("−", "-")) for text in said if re.fullmatch(r"[+−]\d+", text))
    assert numbers == sorted(int(value) for value in change.reshape(-1) if value)


def the_pictures_are(page, indices: tuple[int, ...]) -> None:
    the_gallery_shows(page, list(indices[:100]))


def test_the_compared_runs_are_found_again_after_a_refresh(site, page, runs):
    page.goto(f"{site.url}/compare?runs={runs[1].id},{runs[0].id}")
    heads = page.locator(".c7-table thead th")
    heads.first.wait_for()
    page.reload()
    heads.first.wait_for()
    row = page.locator(".c7-table tr").filter(has_text="C1, unit 1: channels").locator("td")
    assert row.all_inner_texts() == ["12", "6"]
    assert runs[1].id in page.url


def test_everything_downloads(site, page, runs):
    page.goto(f"{site.url}/mistakes?run={runs[0].id}")
    for view, name in (("Confused pictures", "confusion-matrix"), ("Class by class", "classes")):
        page.get_by_role("radio", name=view).click()
        for kind, begins in (("png", b"\x89PNG"), ("csv", b"\xef\xbb\xbf")):
            button = page.locator(f".st-key-{kind}_{name}").get_by_role(
                "button", name=kind.upper(), exact=True
            )
            button.wait_for()
            with page.expect_download() as download:
                button.click()
            assert download.value.suggested_filename == f"{name}.{kind}"
            assert Path(download.value.path()).read_bytes().startswith(begins)
