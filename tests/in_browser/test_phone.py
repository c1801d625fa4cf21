"""On a phone: every page is one tap away, from a bar that is always in sight."""

import pytest
from playwright.sync_api import expect

from cifar7.ui.shell import pages

SHOWN = [page for page in pages.ALL if not page.bare]

pytestmark = pytest.mark.browser


def test_every_page_is_one_tap_away(site, chromium):
    phone = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.new_page()
    page.goto(site.url)
    page.locator(".c7-strip").wait_for()
    for one in (*SHOWN[1:], SHOWN[0]):
        link = page.locator(".st-key-pages_bar").get_by_role("link", name=one.title)
        box = link.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 844
        assert min(box["width"], box["height"]) >= 44  # pixels: a finger
        link.tap()
        expect(page).to_have_url(f"{site.url}/{one.path}")
        page.locator(".c7-strip").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390  # nothing to scroll sideways
    phone.close()


def test_a_wide_screen_has_the_pages_at_the_top_alone(site, page):
    page.goto(site.url)
    page.locator(".c7-strip").wait_for()
    expect(page.get_by_role("link", name="Compare", exact=True)).to_have_count(1)
    expect(page.locator(".st-key-pages_bar")).to_be_hidden()
