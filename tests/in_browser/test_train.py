"""In a real browser, with a real worker: train on shapes, reload, stop, kill; then look at the mistakes."""

from __future__ import annotations

import os
import re
import signal

import pytest
from browser import until
from watching import POLLING, PROGRESS, another, badge, beyond, progress, see_tested, start, the_gallery_shows

pytestmark = pytest.mark.browser


def test_the_whole_way_from_start_to_the_mistakes(site, page):
    run = start(site, page)
    page.wait_for_function(f"() => ({PROGRESS})() > 0", polling=POLLING)
    first = progress(page)

    page.reload()
    badge(page, "training")
    assert site.run(page.url) == run, "the address finds the run again"
    page.wait_for_function(f"() => ({PROGRESS})() >= 0", polling=POLLING)
    seen = [progress(page)]
    assert seen[0] >= first, "the bar goes on where it was"
    while (now := beyond(page, seen[-1])) >= 0:
        seen.append(now)
    assert len(seen) >= 3, f"the bar moved through {seen}"
    badge(page, "finished")
    accuracy = 100 * run.status()["result"]["test_accuracy"]
    page.get_by_text(re.compile(f"It recognises {accuracy:.1f}.% of the test images")).wait_for()

    page.get_by_role("button", name="Look at its mistakes").click()
    predictions = run.predictions()
    page.get_by_text(f"{len(predictions.mistakes()):,} mistakes").wait_for()
    assert site.run(page.url) == run
    the_gallery_shows(page, predictions.mistakes()[:50])

    true, predicted, number, _ = predictions.confused_pairs(1)[0]
    names = predictions.classes
    cell = page.locator(
        f'path[aria-label*="true class: {names[true]};"][aria-label*="predicted: {names[predicted]};"]'
    )
    cell.click()
    page.get_by_text(f"{number:,} pictures of {names[true]}, taken for {names[predicted]}").wait_for()
    the_gallery_shows(page, predictions.mistakes(true, predicted)[:50])


def test_stop_stops(site, page):
    run = start(site, page, epochs=1000)
    until(lambda: run.status()["progress"], "the first step")
    page.get_by_role("button", name="Stop", exact=True).click()
    badge(page, "stopped early")
    assert run.status()["state"] == "stopped"
    see_tested(page, run)
    page.get_by_role("button", name="Look at its mistakes").wait_for()


def test_a_run_goes_on_after_one_death_and_fails_at_the_second_and_the_next_one_starts(site, page):
    run = start(site, page, epochs=1000)
    until(lambda: run.status()["progress"], "the first step")
    first = run.status()["pid"]
    os.kill(first, signal.SIGKILL)
    until(lambda: run.status()["state"] == "running" and run.status()["pid"] != first, "the taking up")
    os.kill(run.status()["pid"], signal.SIGKILL)
    badge(page, "failed")
    failure = page.get_by_role("alert").filter(has_text="This run failed")
    assert "SIGKILL" in failure.inner_text()
    assert run.events()[0], "what was written stays"

    page.get_by_role("button", name="Train again").click()
    another(page, run)
    badge(page, "training")
    following = site.run(page.url)
    until(lambda: following.status()["progress"], "the first step of the next run")
    page.get_by_role("button", name="Stop", exact=True).click()
    badge(page, "stopped early")


def test_a_learning_rate_is_tested_and_used(site, page):
    laid = site.lay(lr=0.0123)
    page.goto(f"{site.url}/train?run={laid.id}")
    rate = page.get_by_label("Learning rate", exact=True)
    until(lambda: rate.input_value() == "0.0123", "the settings of the link")
    page.get_by_text("Not sure about the learning rate? Test it").click()
    page.wait_for_timeout(500)  # as a person takes: while the panel opens, the button below is drawn anew
    page.get_by_role("button", name="Test the learning rate").click()
    page.get_by_role("button", name="Test again").wait_for()
    page.reload()
    use = page.get_by_role("button", name=re.compile(r"^Use [0-9.]+$"))
    suggested = use.inner_text().split()[-1]
    use.click()
    until(lambda: rate.input_value() == suggested, "the suggestion among the settings")
    with page.expect_download() as taken:
        page.locator(".st-key-png_learning-rate-test button:visible").first.click()
    assert taken.value.path().read_bytes().startswith(b"\x89PNG\r\n")


def test_a_download_without_a_network_fails_in_words(site, page):
    page.goto(f"{site.url}/train")
    page.get_by_text("CIFAR-10", exact=True).first.click()
    page.get_by_role("button", name="Download CIFAR-10").click()
    failure = page.get_by_role("alert").filter(has_text="The download did not work")
    failure.wait_for()
    assert "other data sets still work" in failure.inner_text()
    page.get_by_role("button", name="Try again").wait_for()
    page.get_by_text("Shapes (synthetic)", exact=True).last.click()
    failure.wait_for(state="detached")
    assert page.get_by_role("button", name="Start training").is_enabled()


@pytest.mark.parametrize("path", ["", "train", "explore", "mistakes", "compare", "handin", "class"])
def test_nothing_is_wider_than_a_phone(site, page, path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/{path}")
    page.locator(".c7-strip").wait_for()
    page.wait_for_timeout(1000)
    main = "document.querySelector('[data-testid=\"stMain\"]')"
    assert page.evaluate(f"{main}.scrollWidth - {main}.clientWidth") <= 0
