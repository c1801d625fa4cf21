"""In a real browser: a link opens the same design elsewhere, a refresh loses nothing, Back goes back."""

import re

import pytest
from playwright.sync_api import expect

from cifar7.ui.shell.link import decode

pytestmark = pytest.mark.browser


def toggle(page, card: str, group: str, button: str) -> None:
    radios = page.locator(f".st-key-card_{card}").get_by_role("radiogroup", name=group)
    radios.get_by_role("radio", name=button, exact=True).click()


def figures(page) -> list[str]:
    return page.locator(".c7-strip .value").all_inner_texts()


def test_a_link_made_on_one_page_opens_identically_in_a_new_browser(site, page, chromium):
    page.goto(site.url)
    toggle(page, "C2", "Dilation", "3")
    page.locator(".c7-strip").get_by_text("wider").wait_for()
    toggle(page, "C4", "Convolution", "standard")
    page.locator(".c7-strip").get_by_text("more").first.wait_for()
    page.get_by_role("button", name="Link and files").click()
    shown = page.locator("[data-testid=stCode]").first
    expect(shown).to_contain_text("net=1.")
    link = "".join(shown.inner_text().split())
    assert link.startswith(site.url + "/?net=")
    expect(page).to_have_url(re.compile(re.escape(link.partition("?")[2])))  # the address says the same

    other = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = other.new_page()
    opened.goto(link)
    opened.locator(".c7-table").wait_for()
    assert figures(opened) == figures(page)
    table = ".c7-table"
    assert opened.locator(table).inner_text() == page.locator(table).inner_text()
    other.close()


def test_a_refresh_keeps_the_design_on_every_page(site, page):
    page.goto(site.url)
    toggle(page, "C2", "Dilation", "3")
    page.locator(".c7-strip").get_by_text("wider").wait_for()
    for name in ("Train", "Hand in"):
        page.get_by_role("link", name=name).click()
        expect(page).to_have_url(re.compile("net=1"))
        before = figures(page)
        page.reload()
        page.locator(".c7-strip").wait_for()
        expect(page.locator(".c7-strip .value").first).to_have_text(before[0])
        assert figures(page)[:3] == before[:3]


def test_back_goes_to_the_design_before(site, page):
    page.goto(site.url)
    for dilation in ("2", "3"):
        toggle(page, "C2", "Dilation", dilation)
        page.wait_for_function(
            f"() => document.querySelector('.c7-said').innerText.includes('dilation {dilation}')"
        )
    expect(page).to_have_url(re.compile("net=1"))
    page.go_back()
    page.get_by_text("Back to another design").wait_for()
    link = page.url.partition("net=")[2].partition("&")[0]
    assert [unit.dilation for unit in decode(link).spec.stage("C2").units] == [2, 2]
    radios = page.locator(".st-key-card_C2").get_by_role("radiogroup", name="Dilation")
    expect(radios.get_by_role("radio", name="2", exact=True)).to_be_checked()


def test_two_quick_toggles_both_stay(site, page):
    """The second is sent before the address of the first has come back: it must not be taken for Back."""
    page.goto(site.url)
    page.locator(".c7-table").wait_for()
    toggle(page, "C1", "Dilation", "2")
    toggle(page, "C2", "Dilation", "2")
    # C1: two 3×3 at jump 1, 2·2 px more; C2: two at jump 2, 2·4 px more
    page.locator(".c7-strip").get_by_text("12 px wider").wait_for()
    page.wait_for_timeout(1500)
    expect(page.locator(".c7-strip")).to_contain_text("12 px wider")
    link = page.url.partition("net=")[2].partition("&")[0]
    spec = decode(link).spec
    assert [spec.stage(name).units[0].dilation for name in ("C1", "C2")] == [2, 2]


def test_a_hostile_address_gives_a_friendly_page(site, page):
    page.goto(f"{site.url}/?net=1.%3Cscript%3Ealert(1)%3C/script%3E")
    page.get_by_text("Link not opened").wait_for()
    page.locator(".c7-strip").get_by_text("not changed yet").wait_for()
    assert "net=" not in page.url


def test_a_design_goes_out_as_files_and_comes_back_in(site, page, tmp_path):
    page.goto(site.url)
    toggle(page, "C2", "Dilation", "3")
    page.locator(".c7-strip").get_by_text("wider").wait_for()
    wide = figures(page)
    page.get_by_role("button", name="Link and files").click()
    files = {}
    for name in ("model.py", "spec.json"):
        with page.expect_download() as coming:
            page.get_by_role("button", name=name).click()
        files[name] = tmp_path / name
        coming.value.save_as(files[name])
    assert "dilation=3" in files["model.py"].read_text()

    page.goto(site.url)  # a fresh session with the starter
    page.locator(".c7-strip").get_by_text("not changed yet").wait_for()
    page.get_by_role("button", name="Link and files").click()
    page.locator("[data-testid=stFileUploader] input").set_input_files(files["spec.json"])
    page.get_by_text("Opened starter from a file").wait_for()
    assert figures(page)[:3] == wide[:3]
    page.locator("[data-testid=stFileUploader] input").set_input_files(
        {"name": "bad.json", "mimeType": "application/json", "buffer": b"{"}
    )
    page.get_by_text("The file is not JSON").wait_for()
