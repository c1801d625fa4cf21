"""Two people at two machines, and the teacher."""

from __future__ import annotations

from collections.abc import Iterator

import browser
import pytest
from browser import until
from playwright.sync_api import Browser, Page, expect

from cifar7.runs.people import public_id

pytestmark = pytest.mark.browser
LONG = 1000  # epochs


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


def start(site, page: Page):
    """Press Start in this browser; the run."""
    page.goto(f"{site.url}/train?run={site.lay(epochs=LONG).id}")
    before = page.url
    page.get_by_role("button", name="Train again").click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    until(lambda: page.url != before, "the run in the address")
    return site.run(page.url)


def test_each_stops_only_his_own_and_the_teacher_both(site, people):
    ada, bob, teacher = people
    adas, bobs = start(site, ada), start(site, bob)
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
    assert "teacher" not in teacher.url
    assert not {me(ada), me(bob), me(teacher)} & {part for page in people for part in page.url.split("=")}


def test_a_personal_link_makes_another_browser_the_same_person(site, people):
    ada, other, without = people
    ada.goto(f"{site.url}/train")
    until(lambda: me(ada), "the cookie")
    other.goto(f"{site.url}/train?me={me(ada)}")
    until(
        lambda: me(other) == me(ada) and "me=" not in other.url, "the same person, and nothing in the address"
    )

    without.add_init_script("Object.defineProperty(document, 'cookie', {get: () => '', set: () => {}})")
    without.goto(f"{site.url}/train")
    until(lambda: "me=" in without.url, "where no cookie is taken, the token in the address")
    token = without.url.split("me=")[1].split("&")[0]
    without.get_by_role("link", name="Compare").click()
    until(lambda: "/compare" in without.url and f"me={token}" in without.url, "it stays there")
