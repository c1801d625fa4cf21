"""A GPU that is not used, and why, on a screen and on a phone. The worker's word is a stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import browser
import pytest
from browser import Site, until
from playwright.sync_api import Browser, Page

from cifar7.runs.queue import worker_lock
from cifar7.runs.workers.published import Published, of_workers, publish, read
from cifar7.ui.shell import pages

pytestmark = pytest.mark.browser

WHY = (
    "The GPU NVIDIA GeForce RTX 3060 Laptop GPU is not used: this torch, 2.15.0+cpu, is built without CUDA. "
    "Reinstall: pip install --force-reinstall torch torchvision --index-url https://download.pytorch.org/whl/cu130"
)

# What lies over the words or under them, and how far they stick out of their box.
AROUND = """() => {
  const box = element => element.getBoundingClientRect();
  const words = [...document.querySelectorAll('[data-testid="stAlert"]')]
    .find(element => element.innerText.includes("is not used"));
  words.scrollIntoView({block: "center"});
  const own = box(words);
  const apart = other => box(other).bottom <= own.top + 1 || box(other).top >= own.bottom - 1
    || box(other).right <= own.left + 1 || box(other).left >= own.right - 1;
  const others = [...document.querySelectorAll('[data-testid="stElementContainer"]')]
    .filter(other => !other.contains(words) && box(other).height > 0 && box(other).width > 0)
    .filter(other => other.innerText.trim() !== "")  // what is folded away shows none
    .filter(other => !other.closest(".st-key-pages_bar, .st-key-strip, .st-key-who"));
  return {over: others.filter(other => !apart(other)).map(other => other.innerText),
          left: own.left, right: own.right, beyond: words.scrollWidth - words.clientWidth,
          page: document.documentElement.scrollWidth};
}"""


@pytest.fixture
def told(site: Site, page: Page) -> Iterator[None]:
    """Once the worker has told what it has, something else stands there."""
    page.goto(f"{site.url}/train")
    until(lambda: of_workers(site.runs), "the worker's waking")
    lock = worker_lock(site.runs, "auto")
    before = read(lock)
    publish(lock, Published("CPU, 2 cores", "cpu", WHY))
    yield
    publish(lock, before)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize("path", ["train", f"{pages.SERVER.path}?teacher={browser.TEACHER}"])
def test_it_is_read_whole_and_nothing_overlaps(
    site: Site, chromium: Browser, path: str, width: int, height: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(1000 * browser.PATIENCE)
    page = context.new_page()
    page.goto(f"{site.url}/{path}")
    page.get_by_text("Reinstall: pip install --force-reinstall").wait_for()
    until(lambda: page.evaluate(AROUND)["over"] == [], "a page that stands still", 20)
    around = page.evaluate(AROUND)
    assert (around["page"], around["beyond"]) == (width, 0)
    assert 0 <= around["left"] < around["right"] <= width
    context.close()
