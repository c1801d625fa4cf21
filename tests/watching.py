"""What a browser shows: the run on the Train page, the gallery of mistakes."""

from __future__ import annotations

import re

from browser import until

# Asked a few times a second, not at every frame: the worker is niced, and the browser would take its cores.
POLLING = 300  # milliseconds

PROGRESS = """() => {
  const bar = document.querySelector('[data-testid="stProgress"] [role="progressbar"]');
  return bar ? Number(bar.getAttribute("aria-valuenow")) : -1;
}"""
BADGE = """word => {
  const heading = document.querySelector(".st-key-run_heading h4");
  return heading !== null && heading.innerText.trim().endsWith(word);
}"""


def progress(page) -> int:
    """What the progress bar shows, in percent; -1 where there is none."""
    return page.evaluate(PROGRESS)


def beyond(page, percent: int) -> int:
    """Wait until the bar has gone beyond so many percent, or away; returns what it shows then."""
    page.wait_for_function(
        f"least => {{ const at = ({PROGRESS})(); return at < 0 || at > least; }}",
        arg=percent,
        polling=POLLING,
    )
    return progress(page)


def badge(page, word: str) -> None:
    """Wait until the run's heading ends with this word."""
    page.wait_for_function(BADGE, arg=word, polling=POLLING)


def another(page, run) -> None:
    """Wait until the address names another run."""
    page.wait_for_function("old => !location.search.includes(old)", arg=run.id, polling=POLLING)


def start(site, page, **settings):
    """Open the design of a pocket network by its link and press the button; returns the new run."""
    laid = site.lay(**settings)
    page.goto(f"{site.url}/train?run={laid.id}")
    page.get_by_role("button", name="Train again").click()
    another(page, laid)
    badge(page, "training")
    return site.run(page.url)


def see_tested(page, run) -> None:
    """See that what a stopped run has learnt is tested: a busy machine leaves no time for it in a stop."""
    if not run.has_predictions():
        page.get_by_role("button", name="Test it").click()
        until(run.has_predictions, "its test")
        badge(page, "stopped early")


def shown(page) -> list[int]:
    """The numbers of the pictures in the gallery, in its order."""
    labels = page.locator(".gallery button.pic").evaluate_all("all => all.map(one => one.ariaLabel)")
    return [int(re.match(r"Picture (\d+):", label)[1]) for label in labels]


def the_gallery_shows(page, indices: list[int]) -> None:
    """Wait until exactly these pictures are there, in this order: what was there before may be as many."""
    until(lambda: shown(page) == indices, f"a gallery of {indices[:5]} …", 30)
