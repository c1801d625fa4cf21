"""In a real browser: a toggle changes the figures."""

from __future__ import annotations

import pytest

from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset

pytestmark = pytest.mark.browser


def test_dilation_then_depthwise_change_the_figures(site, page):
    page.goto(site.url)
    strip = page.locator(".c7-strip")
    starter = preset("starter")
    before = analyse(starter)
    strip.get_by_text(f"{before.parameters:,}").wait_for()

    card = page.locator(".st-key-card_C1")
    card.get_by_role("radiogroup", name="Dilation").get_by_role("radio", name="2").click()
    dilated = edits.set_dilation(starter, "C1", 2)
    # Two 3x3 at jump 1: each sees 2 (3-1) = 4 pixels more instead of 2, so 4 in all; weights stay.
    wider = analyse(dilated)
    assert wider.receptive_field_before == before.receptive_field_before + 4
    assert wider.parameters == before.parameters
    strip.get_by_text("4 px wider").wait_for()
    assert str(wider.receptive_field_before) in strip.inner_text()

    card = page.locator(".st-key-card_C2")
    card.get_by_role("radiogroup", name="Convolution").get_by_role("radio", name="separable").click()
    lighter = analyse(edits.set_kind(dilated, "C2", "separable"))
    assert lighter.parameters < wider.parameters
    strip.get_by_text(f"{lighter.parameters:,}").wait_for()
    strip.get_by_text(f"{wider.parameters - lighter.parameters:,} fewer").wait_for()
    assert str(lighter.receptive_field_before) in strip.inner_text()
