"""The drawing of the network and the receptive field on a picture: what is where, to scale."""

import re
from itertools import pairwise

import numpy as np
import pytest

from cifar7.network import edits
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.ui.design.drawing import HEIGHT, TOP, drawing_html
from cifar7.ui.design.field_drawing import (
    HOLE,
    MARGIN,
    OUTSIDE,
    Field,
    looks_at_svg,
    may_see_svg,
    middle_field,
    strong_middle,
    strong_side,
    veil,
    window,
)
from cifar7.ui.words.lines import lines

BLACK = np.zeros((3, 32, 32), dtype=np.uint8)


def drawn(spec: NetSpec) -> str:
    return drawing_html(spec, analyse(spec))


def heights(html: str) -> list[float]:
    return [float(h) for h in re.findall(r'<rect class="map[^"]*" [^>]*? height="([\d.]+)"', html)]


@pytest.mark.parametrize("name", PRESETS)
def test_every_map_is_drawn_to_scale(name):
    spec = preset(name)
    shown = heights(drawn(spec))
    sides = [32, *(line.row.output[1] for line in lines(analyse(spec).rows))]
    assert shown == [pytest.approx(max(3.0, HEIGHT * side / 32), abs=0.05) for side in sides]


def test_dilation_spreads_the_taps():
    """3×3 taps at dilation 1 and 3: the same nine dots, three times as far apart."""
    narrow, wide = (drawn(edits.set_dilation(preset("starter"), "C2", d)) for d in (1, 3))
    taps = r'<path class="taps" stroke-dasharray="0.01 ([\d.]+)"'
    first, spread = (0.01 + float(re.findall(taps, html)[2]) for html in (narrow, wide))  # C2's first
    assert spread == pytest.approx(3 * first)
    assert ">d3<" in wide
    assert ">d3<" not in narrow


def test_groups_are_stripes():
    grouped = drawn(edits.set_kind(preset("starter"), "C2", "grouped", 4))
    # C2's maps are 16 of 32 pixels high; four stripes share them
    path = re.findall(r'class="stripes" d="([^"]*)"', grouped)[0]
    cuts = [float(y) for y in re.findall(r" ([\d.]+)h", path)]
    assert [b - a for a, b in pairwise(cuts)] == [HEIGHT / 2 / 4] * 2  # three cuts make four stripes
    assert ">g4<" in grouped


def test_a_residual_connection_is_an_arc_around_its_columns():
    """Around units 2 and 3 of C1, the pool after them: two columns under the arc, and its legs to the map."""
    units = (Unit(8), Unit(8), Unit(8, residual=2), Unit(8, kind="separable", residual=1))
    html = drawn(NetSpec("two", (Stage((Unit(8),), 2), Stage(units), Stage(), Stage())))
    # Image, C1's unit and pool, C2's units 1 to 3 and their sum, depthwise, pointwise and sum, O's two: 12.
    ends = [
        (float(a) * 12 / 100 - 0.5, float(b) * 12 / 100 - 0.5)
        for a, b in re.findall(r'<line class="arc" x1="([\d.]+)%" x2="([\d.]+)%"', html)
    ]
    # From the input of what the connection goes around, with two columns between, to its sum.
    assert [(round(a, 2), round(b, 2)) for a, b in ends] == [(3, 6), (6, 9)]
    titles = re.findall(r"<title>(.*?)</title>", html)
    assert [at for at, title in enumerate(titles) if title.startswith("residual sum")] == [6, 9]
    # C2's maps are 16 of 32 pixels: a quarter of the height above them and a quarter below.
    legs = re.findall(r'class="arc leg" [^>]* y2="([\d.]+)"', html)
    assert legs == [f"{TOP + HEIGHT / 4:.1f}"] * 4
    assert html.count("<svg") == html.count("</svg>")
    assert '"arc"' not in drawn(preset("starter"))
    assert "conv 3×3, residual over 2 → 8" in html


def test_the_drawing_is_told_in_words():
    html = drawn(preset("velasoka-dilated"))
    assert 'role="img"' in html
    assert (
        "C3: conv 3×3, dilation 2 → 128 · conv 2×2 → 256 · max-pool 2×2; map 8×8 → 2×2, RF 16 → 40." in html
    )


def test_a_wide_field_is_bold():
    """velasoka-simple: 36 px before the pooling, 44 with it, and the classifier after it."""
    assert re.findall(r'field beyond"[^>]*>(\d+)', drawn(preset("velasoka-simple"))) == ["36", "44", "44"]


# The field on a picture


def stage(*units: Unit) -> NetSpec:
    return NetSpec("one", (Stage(units), Stage(), Stage(), Stage()), Head())


def field_of(spec: NetSpec, at: int) -> Field:
    return middle_field(analyse(spec).rows, at)


def test_the_middle_value_of_a_3x3_sees_its_neighbours():
    assert field_of(stage(Unit(4)), 0) == Field(15, 3, frozenset({0, 1, 2}))  # around pixel 16


def test_a_dilated_3x3_has_holes():
    field = field_of(stage(Unit(4, dilation=2)), 0)
    assert field == Field(14, 5, frozenset({0, 2, 4}))
    assert field.share == 3 / 5


def test_holes_and_outside_are_veiled():
    field = Field(1, 3, frozenset({0, 2}))
    over = veil(field, 0, 5)
    assert tuple(over[0, 0]) == OUTSIDE  # before the field
    assert tuple(over[1, 1]) == (0, 0, 0, 0)  # seen
    assert tuple(over[2, 1]) == tuple(over[1, 2]) == HOLE  # one of the two axes steps over it
    assert tuple(over[4, 4]) == OUTSIDE


def test_the_window_holds_image_and_field_within_bounds():
    assert window(Field(10, 5, frozenset(range(5))), 32) == (0, 32)
    assert window(Field(-6, 40, frozenset(range(40))), 32) == (-8, 36)
    assert window(Field(-200, 400, frozenset(range(400))), 32) == (-MARGIN, 32 + MARGIN)


def test_the_box_lies_where_the_field_is():
    """A field of 16 pixels from 8 on."""
    html = may_see_svg(BLACK, Field(8, 16, frozenset(range(16))), None, "<b>a cat")
    assert 'viewBox="0 0 32 32"' in html
    assert '<rect class="field" x="8" y="8" width="16" height="16"' in html
    assert "<b>" not in html
    assert "real" not in html


def test_the_strong_part_is_found():
    strength = np.zeros((32, 32), dtype=np.float32)
    strength[8:12, 8:12] = 0.6
    strength[9, 9] = 1.0
    strength[20:, 20:] = 0.4
    assert strong_side(strength) == 4.0
    assert strong_middle(strength) == 10.0  # between pixels 9 and 10
    field = Field(4, 20, frozenset(range(20)))
    html = may_see_svg(BLACK, field, strength, "a cat")
    assert '<rect class="real" x="8" y="8" width="4" height="4"' in html
    holes = Field(4, 20, frozenset(range(0, 20, 2)))
    assert "real" not in may_see_svg(BLACK, holes, strength, "a cat")
    nothing = np.zeros_like(strength)
    assert "real" not in may_see_svg(BLACK, field, nothing, "a cat")
    assert strong_side(nothing) == 0.0
    assert 'mask="url(' in looks_at_svg(nothing, field, "nothing")
