"""How long a gallery of 500 mistakes takes, in a real browser. Not a test: it prints figures.

    PYTHONPATH=. python tests/trials/gallery_latency.py [--times 10]

A server and a browser are started on this machine, with a run of which 800 of 2,000 pictures are mistaken.
The clock runs in the browser: from the choice in a select box to the frame after the gallery changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import browser
import numpy as np

from cifar7.data.library import open_set
from cifar7.results.predictions import Predictions
from cifar7.runs import queue
from cifar7.training.config import TrainConfig

CLOCK = """() => {
  const pictures = () => {
    const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.gallery'))
    return host ? [...host.shadowRoot.querySelectorAll('button.pic')] : []
  }
  const state = () => { const all = pictures(); return all.length + ':' + (all[0]?.ariaLabel ?? '') }
  window.c7 = { count: () => pictures().length }
  document.addEventListener('pointerup', () => {
    window.c7.start = performance.now(); window.c7.before = state(); window.c7.end = null
    const look = () => {
      if (state() === window.c7.before) return requestAnimationFrame(look)
      requestAnimationFrame(() => requestAnimationFrame(() => { window.c7.end = performance.now() }))
    }
    requestAnimationFrame(look)
  }, true)
}"""


def lay(site: browser.Site) -> str:
    """A run on `shapes` that takes 800 of the 2,000 test pictures for the class after theirs."""
    with queue.start_here(site.runs, browser.POCKET, TrainConfig(device="cpu"), "shapes") as claim:
        images = open_set("shapes", data_dir=site.home / "data")
        dice = np.random.default_rng(1)
        predicted = np.array(images.test.labels)
        wrong = dice.permutation(len(predicted))[:800]
        predicted[wrong] = (predicted[wrong] + dice.integers(1, 10, len(wrong))) % 10
        shares = dice.dirichlet(np.ones(10), len(predicted)).astype(np.float32)
        shares[np.arange(len(predicted)), predicted] += 1
        shares /= shares.sum(axis=1, keepdims=True)
        claim.save_environment({"data": {"fingerprint": images.fingerprint}})
        claim.save_predictions(Predictions(shares, np.array(images.test.labels), images.classes))
        claim.end("finished", result={"test_accuracy": 0.6})
        return claim.run.id


def choose(page: browser.Any, label: str, option: str) -> float:
    """Milliseconds from the choice of the option to the changed gallery."""
    page.get_by_role("combobox", name=label).scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # a list closes when the page scrolls
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
    page.wait_for_function("() => window.c7.end", timeout=30_000)
    page.wait_for_timeout(600)
    return float(page.evaluate("() => window.c7.end - window.c7.start"))


def summary(what: str, milliseconds: list[float]) -> str:
    """Median and the extremes."""
    return (
        f"{what}: median {statistics.median(milliseconds):.0f} ms, "
        f"fastest {min(milliseconds):.0f} ms, slowest {max(milliseconds):.0f} ms ({len(milliseconds)} times)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory(prefix="cifar7-latency-") as folder,
        browser.serving(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        run = lay(site)
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(browser.FLAGS)
        )
        page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(f"{site.url}/mistakes?run={run}")
        page.locator(".gallery button.pic").first.wait_for(timeout=60_000)
        page.evaluate(CLOCK)
        load = os.getloadavg()[0]
        first, filtered = [], []
        for _ in range(times):
            first.append(choose(page, "Pictures a page", "500"))
            assert page.evaluate("() => window.c7.count()") == 500
            filtered.append(choose(page, "True class", "disc"))
            filtered.append(choose(page, "True class", "any class"))
            choose(page, "Pictures a page", "50")
        chromium.close()
    print(summary("500 mistakes on the screen", first))
    print(summary("Another filter, among them from few to 500", filtered))
    print(f"{os.cpu_count()} cores, load {load:.1f} before")


if __name__ == "__main__":
    main()
