"""In a real browser, with a real worker: pause, resume, and come to the end."""

from __future__ import annotations

import pytest
from browser import until
from watching import badge, progress, see_tested, start

pytestmark = pytest.mark.browser


def test_a_paused_run_waits_and_goes_on_to_its_end(site, page):
    run = start(site, page, epochs=30)
    until(lambda: run.status()["progress"], "the first step")
    page.get_by_role("button", name="Pause", exact=True).click()
    badge(page, "paused")
    page.locator(".c7-run", has_text="paused in epoch").wait_for()
    left, at = run.status()["progress"]["step"], progress(page)
    page.wait_for_timeout(2000)
    assert (run.status()["progress"]["step"], progress(page)) == (left, at), "it stands still"
    assert run.checkpoint_path() is not None

    page.get_by_role("button", name="Resume", exact=True).click()
    badge(page, "training")
    until(lambda: run.status()["progress"]["step"] > left, "the next step")
    page.get_by_role("button", name="Stop", exact=True).click()
    badge(page, "stopped early")
    see_tested(page, run)
    page.get_by_role("button", name="Resume", exact=True).wait_for()


def test_a_finished_run_goes_on_for_another_epoch(site, page):
    run = start(site, page, epochs=1)
    badge(page, "finished")
    field = page.get_by_role("spinbutton", name="More epochs")
    field.fill("1")
    field.press("Enter")
    page.get_by_role("button", name="Train 1\u00a0more epoch").click()
    until(lambda: (run.status()["result"] or {}).get("epochs") == 2, "the end of the second epoch")
    badge(page, "finished")
    assert run.status()["progress"]["epochs"] == 2
