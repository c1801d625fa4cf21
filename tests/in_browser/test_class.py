"""In a real browser: the class's runs, a click on a point, the projector; the example on an empty server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from browser import serving, until
from laid import lay_result

from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.ui.example import example

pytestmark = pytest.mark.browser


def test_two_people_are_shown_and_a_click_goes_on_from_a_design(site, page):
    spec = replace(preset("featherweight"), name="light as a feather")
    for name, accuracy in (("Ada", 0.84), ("Grace", 0.79)):
        lay_result(site.runs, spec if name == "Ada" else preset("champion"), accuracy, name=name)
    page.goto(f"{site.url}/class")
    page.get_by_text("2 runs of 2 people").wait_for()
    for words in ("ResNet-20, published", "≥ 80 %", "< 1,000,000 parameters"):
        page.locator('[data-testid="stVegaLiteChart"]').get_by_text(words).wait_for()
    page.locator('path[aria-label*="Ada · light as a feather"]').first.click(force=True)
    page.get_by_role("heading", name="light as a feather by Ada").wait_for()
    page.get_by_role("button", name="Go on from its design").click()
    until(lambda: "light as a feather" in page.locator(".c7-strip .name").inner_text(), "the design")

    page.goto(f"{site.url}/projector")
    page.locator(".c7-hall h1").get_by_text("CIFAR-10").wait_for()
    newest = page.locator(".c7-hall section").filter(has_text="Newest results")
    newest.get_by_text("Grace · champion").wait_for()
    assert page.locator(".c7-strip").count() == 0
    assert not page.locator('[data-testid="stHeader"]').is_visible()
    lay_result(site.runs, preset("starter"), 0.91, name="Noor")
    newest.get_by_text("Noor · starter").wait_for()
    page.get_by_role("link", name="Back to the Class page").click()
    page.get_by_text("3 runs of 3 people").wait_for()


def test_on_an_empty_server_an_example_is_trained_while_one_looks(chromium, page, tmp_path):
    with serving(tmp_path) as empty:
        page.goto(f"{empty.url}/mistakes")
        page.get_by_role("button", name="Train an example").click()
        page.get_by_role("progressbar").first.wait_for()
        other = chromium.new_context().new_page()
        other.goto(f"{empty.url}/handin")
        other.get_by_role("progressbar").first.wait_for()
        assert other.get_by_role("button", name="Train an example").count() == 0
        other.context.close()
        run = example.newest(empty.runs)["wide"].run
        until(lambda: run.status()["progress"], "its first step")
        run.request_pause()  # what it has learnt by now is tested: half a minute need not be waited for
        until(lambda: run.status()["state"] == "paused", "the pause")
        run.request_stop()
        page.get_by_text("not anybody's work").wait_for()
        page.get_by_text("it is mistaken").wait_for()
        assert queue.line(empty.runs) == []
