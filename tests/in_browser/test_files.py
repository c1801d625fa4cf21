"""In a real browser: a chart and a table come as files, also while a training goes on; a camera's picture."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from pathlib import Path

import pytest
from browser import FLAGS, PATIENCE, until
from playwright.sync_api import expect

from cifar7.data.library import open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.runs.execute import execute
from cifar7.training.events import EpochEnd

pytestmark = pytest.mark.browser
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def pressed(page, name: str, kind: str) -> bytes:
    """What the browser receives."""
    button = page.locator(f".st-key-{kind}_{name}").get_by_role("button", name=kind.upper(), exact=True)
    button.wait_for()
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == f"{name}.{kind}"
    return Path(download.value.path()).read_bytes()


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_layers_come_as_picture_and_numbers(site, page):
    page.goto(site.url)
    assert pressed(page, "layers", "png").startswith(b"\x89PNG")
    told = lines(pressed(page, "layers", "csv"))
    rows = analyse(preset("starter")).rows
    assert [int(line["parameters"]) for line in told] == [row.parameters for row in rows]


@pytest.fixture
def going_on(site, page):
    """A training, with its page open."""
    laid = site.lay(epochs=1000)
    page.goto(f"{site.url}/train?run={laid.id}")
    page.get_by_role("button", name="Train again").click()
    page.wait_for_function("old => !location.search.includes(old)", arg=laid.id, polling=300)
    run = site.run(page.url)
    until(lambda: run.status()["progress"], "the first step")
    yield run
    run.request_stop()
    until(lambda: run.status()["state"] == "stopped", "the end")


def test_the_curves_of_a_run_that_goes_on_are_those_of_the_moment(page, going_on):
    """The page's part ticks each second; the buttons stay, and each press reads anew."""
    run = going_on
    marked = page.locator(".st-key-csv_accuracy").get_by_role("button", name="CSV", exact=True)
    expect(marked).to_have_count(1)  # those of the run before go when the page is drawn anew
    marked.evaluate("button => { button.dataset.seen = 'before the ticks' }")
    first = lines(pressed(page, "accuracy", "csv"))
    known = len(epochs(run))
    until(lambda: len(epochs(run)) > known, "another epoch")
    second = lines(pressed(page, "accuracy", "csv"))
    ends = [line for line in second if line["series"] == "held-out images"]
    assert len(ends) > known, "the newest epoch is in it"
    assert len(ends) > len([line for line in first if line["series"] == "held-out images"])
    told = epochs(run)
    assert all(float(line["accuracy"]) == told[int(float(line["epoch"]))] for line in ends)
    assert pressed(page, "loss", "png").startswith(b"\x89PNG")
    assert marked.get_attribute("data-seen") == "before the ticks", "the very same button"


def epochs(run) -> dict[int, float]:
    """What was written so far: the accuracy on held-out images after each epoch."""
    return {end.epoch: end.heldout_accuracy for end in run.events()[0] if isinstance(end, EpochEnd)}


@pytest.fixture(scope="module")
def trained(site):
    """A trained run of a pocket network on `shapes`."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    laid = site.lay(epochs=1)
    with queue.start_here(site.runs, laid.spec(), laid.config(), "shapes") as claim:
        execute(claim, lambda name, progress: open_set(name, progress, data_dir=site.home / "data"))
    return claim.run


@pytest.fixture
def with_camera(site, chromium):
    """A tab of a browser that has a camera, a drawn one, and may use it."""
    opened = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *CAMERA])
    context = opened.new_context(viewport={"width": 390, "height": 844}, permissions=["camera"])
    context.set_default_timeout(1000 * PATIENCE)
    yield context.new_page()
    opened.close()


def test_the_pictures_that_are_shown_come_with_their_probabilities(site, page, trained):
    said = trained.predictions()
    page.goto(f"{site.url}/mistakes?run={trained.id}")
    assert pressed(page, "pictures", "png").startswith(b"\x89PNG")
    told = lines(pressed(page, "pictures", "csv"))
    found = said.mistakes()
    assert [int(line["number"]) for line in told] == found, "all of them, in the gallery's order"
    assert [line["predicted"] for line in told] == [said.classes[said.predicted[at]] for at in found]
    assert [float(line["probability of predicted"]) for line in told] == pytest.approx(
        said.confidence[found].tolist()
    )
    assert [float(line["probability of true"]) for line in told] == pytest.approx(
        said.probabilities[found, said.labels[found]].tolist()
    )


def test_a_picture_from_the_camera_is_classified(site, with_camera, trained):
    page = with_camera
    page.goto(f"{site.url}/mistakes?run={trained.id}")
    page.get_by_role("radio", name="Your own picture").click()
    page.get_by_role("radio", name="Camera").click()
    press = page.get_by_role("button", name="Take photo")
    seen = page.get_by_role("img", name="Your picture as the network sees it")
    page.locator("video").evaluate(
        "film => new Promise(go => film.readyState > 2 ? go() : film.addEventListener('playing', go))"
    )
    press.click()
    seen.wait_for()
    expect(page.get_by_text(re.compile("pocket says"))).to_be_visible()
    expect(page.locator('path[aria-roledescription="bar"]')).to_have_count(10)
    page.get_by_role("img", name="Grad-CAM").wait_for()
