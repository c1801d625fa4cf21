"""How long it takes from a click to changed figures, in a real browser. Not a test: it prints figures.

    PYTHONPATH=. python tests/latency.py [--clicks 60] [--training] [--picture]

A server and a browser are started on this machine. Each click toggles something on Design; the clock runs
in the browser, from the click to the first change of the text of the strip's figures. `--training`: while
a run of the starter on `shapes` goes on in a worker. `--picture`: with the view open that follows gradients.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import browser

from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.training.config import TrainConfig

# (stage's card, group of buttons, button): each changes parameters, MACs or the receptive field.
TOGGLES = [(card, "Dilation", str(dilation)) for card in ("C1", "C2", "C4") for dilation in (2, 3, 4, 1)] + [
    (card, "Convolution", kind) for card in ("C1", "C2") for kind in ("grouped", "separable", "standard")
]

CLOCK = """() => {
  const strip = document.querySelector('.c7-strip');
  const text = () => [...document.querySelectorAll('.c7-strip .figure')].map(f => f.textContent).join('|');
  window.c7 = {};
  document.addEventListener('click', () => { window.c7 = {start: performance.now(), before: text()}; }, true);
  new MutationObserver(() => {
    if (window.c7.start && !window.c7.end && text() !== window.c7.before) window.c7.end = performance.now();
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def measure(page: browser.Any, clicks: int) -> list[float]:
    """Milliseconds from each click to changed figures; three clicks to warm up are left out."""
    page.evaluate(CLOCK)
    milliseconds = []
    for number in range(clicks + 3):
        card, group, button = TOGGLES[number % len(TOGGLES)]
        radios = page.locator(f".st-key-card_{card}").get_by_role("radiogroup", name=group)
        radios.get_by_role("radio", name=button, exact=True).click()
        page.wait_for_function("() => window.c7.end", timeout=30_000)
        if number >= 3:
            milliseconds.append(page.evaluate("() => window.c7.end - window.c7.start"))
        page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
        page.wait_for_timeout(250)  # nobody clicks faster and reads the figures
    return milliseconds


def summary(milliseconds: list[float]) -> str:
    """Median and 95th percentile."""
    ordered = sorted(milliseconds)
    p95 = ordered[max(0, round(0.95 * len(ordered)) - 1)]
    return (
        f"{len(milliseconds)} clicks: median {statistics.median(milliseconds):.0f} ms, "
        f"95th percentile {p95:.0f} ms, "
        f"fastest {ordered[0]:.0f} ms, slowest {ordered[-1]:.0f} ms"
    )


def start_training(site: browser.Site) -> None:
    """A long run of the starter, and the wait until it takes its steps."""
    os.environ["CIFAR7_HOME"] = str(site.home)
    run = queue.enqueue(site.runs, preset("starter"), TrainConfig(epochs=200, device="cpu"), "shapes")
    queue.ensure_worker(site.runs)
    browser.until(lambda: (run.status()["progress"] or {}).get("step"), "the first step", 600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--training", action="store_true", help="while a run goes on")
    parser.add_argument("--picture", action="store_true", help="with the receptive field on a picture open")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory(prefix="cifar7-latency-") as folder,
        browser.serving(Path(folder)) as site,
    ):
        if options.training:
            start_training(site)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=list(browser.FLAGS)
            )
            page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(site.url)
            page.locator(".c7-strip").wait_for(timeout=60_000)
            page.locator(".c7-table").wait_for(timeout=60_000)
            if options.picture:
                page.get_by_role("radio", name="On a picture").click()
                page.get_by_text("mainly at about").wait_for(timeout=120_000)
            time.sleep(2)
            load = os.getloadavg()[0]
            milliseconds = measure(page, options.clicks)
            chromium.close()
    while_ = " during a training" if options.training else ""
    where = ", the picture open" if options.picture else ""
    print(f"{summary(milliseconds)}{while_}{where}; {os.cpu_count()} cores, load {load:.1f} before")


if __name__ == "__main__":
    main()
