"""In a real browser: from a marked toggle to a finished sweep, a click on a point of its chart, its run."""

from __future__ import annotations

import pytest
from browser import until

from cifar7.runs.folder import RunFolder
from cifar7.sweeps.folder import SweepFolder

pytestmark = pytest.mark.browser


def test_from_a_marked_toggle_to_a_run_that_is_opened(site, page):
    laid = site.lay(epochs=1, batch_size=256)
    page.goto(f"{site.url}/explore?run={laid.id}")
    page.get_by_text("Many designs at once").wait_for()
    page.get_by_role("radio", name="C1", exact=True).click()
    page.get_by_role("button", name="Dropout", exact=True).click()
    page.get_by_text("C1 dropout").first.wait_for()
    page.get_by_role("radio", name="1", exact=True).click()  # seed
    page.locator(".st-key-explore_ahead").get_by_text("3", exact=True).first.wait_for()
    page.get_by_role("button", name="Start the sweep").click()

    page.wait_for_url("**sweep=**")
    sweep = SweepFolder.open(site.runs, page.url.split("sweep=")[1].split("&")[0])
    page.locator(".c7-sweep", has_text="of 3\u00a0designs").wait_for()
    until(lambda: sweep.status()["state"] == "finished", "the end of the sweep")
    status = sweep.status()
    assert (status["tried"], status["left_out"]) == (3, 0)
    page.get_by_text("the test images were read for the winner only").wait_for()

    page.locator('[data-testid="stVegaLiteChart"] path[aria-label*="dropout"]').first.click(force=True)
    page.get_by_role("button", name="Open the run").first.click()
    page.wait_for_url("**/train?**run=**")
    run = RunFolder.open(site.runs, page.url.split("run=")[1].split("&")[0])
    assert run.id in {repeat.run for trial in sweep.trials()[0] for repeat in trial.repeats}
    page.get_by_role("heading", name="pocket · trial").wait_for()
