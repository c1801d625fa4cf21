"""In a real browser: a network is pasted, its figures are seen, a mistake is mended, and it learns."""

from __future__ import annotations

import pytest
from watching import badge

from cifar7.imports.reading import read
from cifar7.network.arithmetic import analyse
from cifar7.network.lessons import lessons

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
    page.get_by_role("radio", name="Lessons").click()
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
