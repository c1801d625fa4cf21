"""In a real browser, on a server of its own: nothing is asked from outside, and odd class names are drawn."""

from __future__ import annotations

import numpy as np
import pytest
import tiny
from browser import serving
from playwright.sync_api import expect

from cifar7.data import store
from cifar7.data.imageset import RawSet, Split
from cifar7.data.library import open_set
from cifar7.results.predictions import Predictions
from cifar7.runs import queue

pytestmark = pytest.mark.browser

ODD = ("__proto__", "constructor", "飞机")
# Each page by its address, and texts to press there one after the other.
VISITS = {
    "": (),
    "train": ("Not sure about the learning rate? Test it",),
    "mistakes": ("Class by class", "Your own picture"),
    "compare": (),
    "handin": (),
}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server with a finished run on three classes with odd names, and one on two hundred."""
    with serving(tmp_path_factory.mktemp("own")) as site:
        yield site


def lay(site, name: str, classes: tuple[str, ...]):
    """A finished run that takes the last class for the first, and every other for itself."""
    labels = np.repeat(np.arange(len(classes)), 2).astype(np.int64)
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 3, 32, 32), dtype=np.uint8)
    data = site.home / "data"
    with store.exclusive(data, name):
        split = Split(images, labels)
        store.write_set(data, name, RawSet(name, classes, split, split, "made by a test", True, ()), name)
    said = np.where(labels == len(classes) - 1, 0, labels)
    spec = tiny.SPEC.with_classes(len(classes))
    claim = queue.start_here(site.runs, spec, tiny.config(), name)
    claim.save_environment({"data": {"fingerprint": open_set(name, data_dir=data).fingerprint}})
    claim.save_predictions(Predictions(np.eye(len(classes), dtype=np.float32)[said], labels, classes))
    claim.end("finished", result={"test_accuracy": 1 - 1 / len(classes)})
    claim.release()
    return claim.run


@pytest.fixture(scope="module")
def odd(own):
    return lay(own, "odd", ODD)


@pytest.mark.parametrize("path", VISITS)
def test_no_page_asks_anything_from_outside(own, odd, page, path):
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(f"{own.url}/{path}?run={odd.id}")
    page.locator(".c7-strip").wait_for()
    for text in VISITS[path]:
        page.get_by_text(text, exact=True).first.click()
        page.wait_for_timeout(500)
    page.wait_for_load_state("networkidle")
    icon = page.locator('link[rel="shortcut icon"], link[rel="icon"]').first.get_attribute("href")
    assert icon.startswith("data:image/svg+xml")
    assert any(url.startswith(own.url) for url in asked)
    assert [url for url in asked if not url.startswith((own.url, "data:", "blob:"))] == []


def cells(page) -> set[str]:
    """The labels of the matrix's cells."""
    drawn = page.locator('path[aria-label^="true class: "]')
    drawn.first.wait_for()
    return {label.split("; images")[0] for label in drawn.evaluate_all("all => all.map(e => e.ariaLabel)")}


def test_a_class_may_have_the_name_of_something_in_javascript(own, odd, page):
    page.goto(f"{own.url}/mistakes?run={odd.id}")
    assert cells(page) == {f"true class: {true}; predicted: {said}" for true in ODD for said in ODD}
    page.locator('path[aria-label^="true class: 飞机; predicted: __proto__;"]').click()
    expect(page.get_by_text("2 pictures of 飞机, taken for")).to_be_visible()
    names = page.locator(".vega-embed text, .stVegaLiteChart text").evaluate_all(
        "all => all.map(e => e.textContent)"
    )
    assert [names.count(name) for name in ODD] == [2, 2, 2]


def test_of_two_hundred_classes_the_confused_ones_are_shown_and_all_on_request(own, page):
    classes = tuple(f"n{at:08d}" for at in range(200))
    run = lay(own, "many", classes)
    page.goto(f"{own.url}/mistakes?run={run.id}")
    first, last = classes[0], classes[-1]
    part = cells(page)
    assert part == {
        f"true class: {true}; predicted: {said}" for true in (first, last) for said in (first, last)
    }
    page.get_by_text("All 200", exact=True).click()
    page.locator(f'path[aria-label^="true class: {classes[100]};"]').wait_for()
    # The former drawing is there for a moment beside it.
    page.locator(f'path[aria-label^="true class: {first}; predicted: {last};"]').wait_for(state="detached")
    # The diagonal but for the last class, which is taken for the first.
    assert len(cells(page)) == 200
