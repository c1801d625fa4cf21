"""Two people at two machines, and the teacher."""

from __future__ import annotations

from collections.abc import Iterator

import browser
import pytest
from browser import until
from playwright.sync_api import Browser, Page, expect
from watching import another

from cifar7.runs.folder import RunFolder
from cifar7.runs.people import public_id

pytestmark = pytest.mark.browser


def me(page: Page) -> str:
    """The token in the browser's cookie."""
    return next((c["value"] for c in page.context.cookies() if c["name"] == "cifar7_me"), "")


@pytest.fixture
def people(chromium: Browser) -> Iterator[list[Page]]:
    """Fresh tabs of three browsers that know nothing of each other."""
    contexts = [chromium.new_context(viewport={"width": 1280, "height": 900}) for _ in range(3)]
    for context in contexts:
        context.set_default_timeout(1000 * browser.PATIENCE)
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def begin(site, page: Page) -> RunFolder:
    """Press the button in this browser; the new run, which may have to wait."""
    laid = site.lay(epochs=1000)
    page.goto(f"{site.url}/train?run={laid.id}")
    page.get_by_role("button", name="Train again").click()
    another(page, laid)
    return site.run(page.url)


def test_each_stops_only_his_own_and_the_teacher_both(site, people):
    ada, bob, teacher = people
    adas, bobs = begin(site, ada), begin(site, bob)
    assert adas.status()["by"] == public_id(me(ada)) != public_id(me(bob)) == bobs.status()["by"]

    bob.goto(f"{site.url}/train?run={adas.id}")
    bob.get_by_text("Somebody else’s run").wait_for()
    expect(bob.get_by_role("button", name="Stop", exact=True)).to_have_count(0)

    known = me(ada)
    ada.reload()
    ada.get_by_role("button", name="Stop", exact=True).wait_for()
    assert me(ada) == known, "a reload keeps who one is"
    ada.get_by_role("button", name="Stop", exact=True).click()
    until(lambda: adas.status()["state"] == "stopped", "ada's stop")

    teacher.goto(f"{site.url}/train?run={bobs.id}&teacher={browser.TEACHER}")
    teacher.get_by_role("button", name="Stop", exact=True).click()
    until(lambda: bobs.status()["state"] == "stopped", "the teacher's stop")
    teacher.wait_for_url(lambda url: "teacher" not in url)
    assert not [page.url for page in people if me(page) in page.url]


def test_a_personal_link_makes_another_browser_the_same_person(site, people):
    ada, other, without = people
    ada.goto(f"{site.url}/train")
    until(lambda: me(ada), "the cookie")
    other.goto(f"{site.url}/train?me={me(ada)}")
    until(lambda: me(other) == me(ada), "the same person")
    other.wait_for_url(lambda url: "me=" not in url)

    without.add_init_script("Object.defineProperty(document, 'cookie', {get: () => '', set: () => {}})")
    without.goto(f"{site.url}/train")
    without.wait_for_url("**/train?me=*")  # where no cookie is taken
    token = without.url.split("me=")[1].split("&")[0]
    without.get_by_role("link", name="Compare").click()
    without.wait_for_url(f"**/compare?*me={token}*")
