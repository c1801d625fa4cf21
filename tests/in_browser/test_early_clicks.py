"""In a real browser, slowed down: clicks while the page is still drawn change nothing but what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser import Site
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SLOWER = 4  # times
# Unfolds each card as soon as its "Unit by unit" is there.
UNFOLD = """() => {
  window.unfolded = new Set();
  const line = card => document.querySelector(`.st-key-card_${card} [data-testid=stExpander] summary`);
  new MutationObserver(() => {
    for (const card of ["C1", "C2", "C3", "C4", "O"])
      if (line(card) && !window.unfolded.has(card)) {
        window.unfolded.add(card);
        setTimeout(() => line(card)?.click(), 25 * window.unfolded.size);
      }
  }).observe(document.documentElement, {subtree: true, childList: true});
}"""
IDLE = "() => !document.querySelector('[data-testid=stStatusWidget]')"


@contextmanager
def slow_page(chromium: Browser) -> Iterator[Page]:
    """A fresh browser on a slow machine."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    context.close()


def settle(page: Page) -> None:
    page.wait_for_timeout(1500)
    page.wait_for_function(IDLE)


@pytest.mark.parametrize("load", range(3))
def test_unfolding_cards_while_they_appear_leaves_the_design(site: Site, chromium: Browser, load) -> None:
    with slow_page(chromium) as page:
        page.goto(site.url, wait_until="commit")
        page.evaluate(UNFOLD)
        page.wait_for_function("() => window.unfolded.size === 5")
        page.locator(".c7-table").wait_for()
        settle(page)
        page.locator(".st-key-card_C1 [data-testid=stExpander] summary").click()  # sends all values again
        settle(page)
        expect(page.locator(".c7-said")).to_contain_text("Toggle a stage")
        assert "net=" not in page.url  # the design differs from the starter in nothing
        for card in ("C1", "C2", "C3"):  # and its max-pools are shown
            switch = page.locator(f".st-key-card_{card}").get_by_role("switch", name="Max-pool").first
            expect(switch).to_be_checked()


def test_a_click_right_after_starting_over_takes_nothing_of_it_back(site: Site, chromium: Browser) -> None:
    """The click sends what the controls showed before, at whatever moment of the page's run it comes."""
    with slow_page(chromium) as page:
        page.goto(site.url)
        page.locator(".c7-table").wait_for()
        settle(page)
        for delay in (50, 100, 150, 200, 300):  # milliseconds
            for card in ("C1", "C2", "C3", "C4"):
                radios = page.locator(f".st-key-card_{card}").get_by_role("radiogroup", name="Dilation")
                radios.get_by_role("radio", name="4", exact=True).click()
                expect(page.locator(".c7-said")).to_contain_text(f"{card}: dilation 4")
            page.get_by_role("button", name="Start over").click(trial=True)
            page.evaluate(
                """delay => {
                  document.querySelector('.st-key-reset button').click();
                  const fold = document.querySelector('.st-key-card_O [data-testid=stExpander] summary');
                  setTimeout(() => fold.click(), delay);
                }""",
                delay,
            )
            settle(page)
            page.locator(".st-key-card_O [data-testid=stExpander] summary").click()
            settle(page)
            assert "net=" not in page.url, (delay, page.locator(".c7-said").inner_text())
