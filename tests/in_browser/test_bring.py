"""In a real browser: a network is pasted, its figures are seen, a mistake is mended, and it learns."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from watching import badge

from cifar7.imports.graph import Fork
from cifar7.imports.networks import imported
from cifar7.imports.reading import read
from cifar7.imports.wiring import forks, rewired, summed
from cifar7.network.arithmetic import analyse
from cifar7.network.lessons import lessons
from cifar7.ui.words.summary import stage_words

pytestmark = pytest.mark.browser

# The second convolution has no padding: 12 instead of 14 pixels a side behind it.
MINE = """
import torch.nn as nn
import torch.nn.functional as F

class Mine(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 12, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(12, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = self.gap(x).view(-1, 12)
        return F.log_softmax(self.fc(x), dim=-1)
"""


def paste(page, text: str) -> None:
    page.get_by_role("button", name="Bring your own").click()
    page.get_by_role("dialog").locator("textarea").fill(text)
    page.get_by_role("button", name="Read it").click()


def test_a_pasted_network_is_seen_mended_and_trained(site, page):
    laid = site.lay(epochs=1)  # for its settings
    page.goto(f"{site.url}/?run={laid.id}")
    page.locator(".c7-strip").wait_for()
    paste(page, MINE)
    spec = read(MINE).readings[0].spec
    found = analyse(spec)
    # 3*8*9 + 8 = 224, 8*12*9 + 12 = 876, 12*10 + 10 = 130
    assert found.parameters == 1230
    brought = page.locator(".c7-brought")
    brought.get_by_text("1,230").wait_for()
    brought.get_by_text(f"{found.receptive_field_before} / {found.receptive_field_total} px").wait_for()

    page.get_by_role("button", name="Take it as my design").click()
    strip = page.locator(".c7-strip")
    strip.get_by_text("1,230").wait_for()
    shrinks = next(lesson for lesson in lessons(spec) if lesson.id == "map-shrinks")
    page.get_by_role("radio", name="Pitfalls").click()
    page.get_by_role("button", name=shrinks.fix).click()
    mended = analyse(shrinks.fixed)
    strip.get_by_text(f"{mended.receptive_field_total} with pooling").wait_for()
    assert mended.receptive_field_total > found.receptive_field_total

    page.get_by_role("button", name="Train this network").click()
    page.get_by_role("button", name="Train again").click()
    badge(page, "finished")
    run = site.run(page.url)
    assert run.id != laid.id
    assert run.spec() == shrinks.fixed
    assert run.status()["result"]["test_accuracy"] >= 0


# Main has 8*8*9 + 8 = 584, the other way 8*8 + 8 = 72, and may begin at several rows, behind several others.
TABLE = """
Conv2d-1    [-1, 8, 32, 32]   224
ReLU-2      [-1, 8, 32, 32]     0
Conv2d-3    [-1, 8, 32, 32]   584
ReLU-4      [-1, 8, 32, 32]     0
Conv2d-5    [-1, 8, 32, 32]    72
Branches-6  [-1, 8, 32, 32]     0
Conv2d-7    [-1, 8, 32, 32]   584
Conv2d-8   [-1, 10, 32, 32]    90
AdaptiveAvgPool2d-9  [-1, 10, 1, 1]  0
"""


def choose(page, label: str, option: str) -> None:
    """Choose, and wait until the page has answered: the next box may be another one then."""
    box = page.get_by_role("combobox", name=label)
    page.wait_for_timeout(700)  # while its fold opens, it forgets what is typed
    box.fill(option)
    page.wait_for_timeout(400)  # what it offers follows what is typed
    expect(box).to_have_value(option)
    page.keyboard.press("Enter")
    page.wait_for_timeout(700)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")


def test_where_ways_part_and_a_sum_without_a_row_are_chosen(site, page):
    read_as = read(TABLE).readings[0]
    fork = Fork(0, 3)  # behind Conv2d-1, the other way with ReLU-4
    graph = rewired(read_as.graph, {5: forks(read_as.graph)[5].index(fork)})
    mine = imported(summed(graph, {6: 5})).spec
    assert stage_words(mine, "C1") != stage_words(read_as.spec, "C1")
    page.goto(site.url)
    page.locator(".c7-strip").wait_for()
    paste(page, TABLE)
    brought = page.locator(".c7-brought")
    brought.get_by_text(stage_words(read_as.spec, "C1")).wait_for()
    page.get_by_text("What a table cannot tell").click()
    choose(page, "Branches-6: ways part behind", "Conv2d-1")
    choose(page, "Branches-6: the other way begins with", "ReLU-4")
    page.get_by_text("Does yours add an earlier map").click()
    choose(page, "Behind which layers something is added", "Conv2d-7")
    brought.get_by_text(stage_words(mine, "C1")).wait_for()


def test_what_cannot_be_read_is_said_and_loses_nothing(site, page):
    page.goto(site.url)
    strip = page.locator(".c7-strip")
    strip.wait_for()
    before = strip.inner_text()
    paste(page, MINE.replace("nn.Conv2d(8", "nn.ConvTranspose2d(8"))
    said = page.get_by_role("dialog").get_by_role("alert")
    said.get_by_text("ine 9").wait_for()
    assert "ConvTranspose2d" in said.inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert strip.inner_text() == before
