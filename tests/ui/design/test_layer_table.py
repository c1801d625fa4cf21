"""The layer table: its marks, what it is compared with, and the arithmetic written out."""

from dataclasses import replace

import pytest

from cifar7.network import edits, unit_edits
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.ui.design.layer_table import table_html
from cifar7.ui.design.line_pairs import pairs
from cifar7.ui.design.marks import marks
from cifar7.ui.words.lines import lines


def said(spec: NetSpec) -> list[tuple[str, str]]:
    """(kind, words) of all marks, from the first layer to the last."""
    found = marks(analyse(spec).rows, spec.image_size)
    return [(mark.kind, mark.words) for at in sorted(found) for mark in found[at]]


def surprises(spec: NetSpec) -> list[tuple[str, str]]:
    """The same without the place from which on the image is exceeded: the global pool sees all of it."""
    return [mark for mark in said(spec) if mark[0] != "beyond"]


def one(*units: Unit, pool: int | None = None, output: Head | None = None) -> NetSpec:
    return NetSpec("one", (Stage(units, pool), Stage(), Stage(), Stage()), output or Head())


def test_velasokas_maps_grow_and_shrink_where_the_submission_says():
    assert said(preset("velasoka-separable")) == [
        ("grows", "map grows 16 → 18"),  # padding 1 on the pointwise
        ("shrinks", "map shrinks 9 → 7"),  # dilation 2 with padding 1: 9 + 2 − 4
        ("shrinks", "map shrinks 7 → 6"),  # kernel 2 without padding
        ("beyond", "from here on wider than the image's 32 px"),  # 36 px
        ("shrinks", "drops 1 of 3 rows and columns"),  # 2×2 pooling of 3×3
    ]


def test_a_stride_and_a_fitting_pool_are_no_surprise():
    assert surprises(one(Unit(8, stride=2), pool=2)) == []


@pytest.mark.parametrize(
    "spec",
    [
        one(Unit(8), Unit(8, kernel=1, kind="grouped", groups=8)),  # scales each channel
        one(Unit(8, norm=False, activation=False), Unit(8)),  # two convolutions, nothing between
        one(
            Unit(8, kernel=11, padding=0),
            Unit(8, kernel=11, padding=0),
            Unit(8, kernel=11, padding=0),
            Unit(8, kernel=2, padding=0),
        ),  # 32 − 3·10 = 2, then 1: nothing to pool
    ],
    ids=["depthwise 1x1", "linear pair", "pool of one pixel"],
)
def test_a_layer_that_adds_nothing_is_marked(spec):
    assert ("nothing", "adds nothing") in said(spec)


def test_a_separable_convolution_is_one_by_design():
    assert surprises(one(Unit(8), Unit(8, kind="separable", between=False))) == []


def fates(now: NetSpec, then: NetSpec) -> list[tuple[str, str, str]]:
    found = pairs(analyse(now), analyse(then))
    return [(pair.fate, pair.line.stage, pair.line.name) for pair in found if pair.fate != "kept"]


def test_a_residual_sum_has_a_line_with_its_arithmetic():
    spec = one(Unit(8), Unit(8), Unit(8, residual=2))
    line = next(line for line in lines(analyse(spec).rows) if line.name == "residual sum")
    assert line.settings == "plus the input of unit 2"
    assert line.working == "max(7, 3) = 7"
    assert (line.parameters, line.row.macs) == (0, 0)
    # Around another number of units it is the same line; switched on it is a new one.
    around_one = one(Unit(8), Unit(8), Unit(8, residual=1))
    assert fates(spec, around_one) == []
    assert fates(spec, one(Unit(8), Unit(8), Unit(8))) == [("added", "C1", "residual sum")]


def test_a_sum_does_not_part_two_convolutions_that_are_one():
    bare = Unit(8, norm=False, activation=False, residual=1)
    assert ("nothing", "adds nothing") in said(one(Unit(8), bare, Unit(8)))
    assert ("nothing", "adds nothing") not in said(one(Unit(8), Unit(8), replace(bare, residual=2), Unit(8)))


def test_lines_that_came_and_went_are_found():
    starter = preset("starter")
    assert fates(starter, starter) == []
    assert fates(edits.set_kind(starter, "C1", "separable"), starter) == [
        ("added", "C1", "pointwise 1×1"),
        ("added", "C1", "pointwise 1×1"),
    ]
    assert fates(edits.set_pool(starter, "C2", None), starter) == [("removed", "C2", "max-pool 2×2")]
    assert fates(unit_edits.remove_unit(starter, "C2"), starter) == [("removed", "C2", "conv 3×3")]


def test_a_removed_line_stays_where_it_stood():
    starter = preset("starter")
    found = pairs(analyse(edits.set_pool(starter, "C2", None)), analyse(starter))
    assert [pair.line.name for pair in found if pair.line.stage == "C2"] == [
        "conv 3×3",
        "conv 3×3",
        "max-pool 2×2",
    ]


def test_removed_lines_keep_their_order():
    """The starter's C4 is two separable convolutions; velasoka's has none."""
    found = pairs(analyse(preset("velasoka-dilated")), analyse(preset("starter")))
    gone = [pair.line.name for pair in found if pair.line.stage == "C4"]
    assert gone == ["depthwise 3×3", "pointwise 1×1"] * 2


def test_another_pooling_or_classifier_is_the_same_place():
    starter = preset("starter")
    other = replace(starter, output=Head(pool=4, classifier="conv"))
    assert fates(other, starter) == []


def test_every_number_shows_its_difference():
    starter = preset("starter")
    wider = edits.set_dilation(starter, "C4", 2)  # two 3×3 at jump 8, each 2·8 = 16 px more
    html = table_html(analyse(wider), 32, False, analyse(starter))
    assert html.count('<span class="diff c7-more">▲\u202f16</span>') == 2  # depthwise and its pointwise
    assert html.count('<span class="diff c7-more">▲\u202f32</span>') >= 3  # the second, and both totals
    assert "▼" not in html
    plain = table_html(analyse(wider), 32, False)
    assert "diff" not in plain
    removed = table_html(analyse(edits.set_pool(starter, "C2", None)), 32, False, analyse(starter))
    assert '<tr class="removed">' in removed
    assert '<span class="tag">removed</span>' in removed


def test_written_out_each_step_is_there_to_read():
    html = table_html(analyse(preset("starter")), 32, False, None, written=True)
    # C1: 16 filters of 3×3 over 3 colours, no bias; its normalisation; 32·32 places
    assert '<span class="step">3·3·3·16 = 432</span><span class="step">2·16 = 32</span>' in html
    assert '<span class="step">3·3·3·16 · 32·32 = 442,368</span>' in html
    assert '<span class="step">⌊(32 − 1·(2−1) − 1)/2⌋ + 1 = 16</span>' in html
    assert '<span class="step">1·2 = 2</span>' in html
    short = table_html(analyse(preset("starter")), 32, False)
    assert 'class="step"' not in short
    assert 'title="3·3·3·16 = 432; 2·16 = 32"' in short  # at the pointer all the same


def test_what_a_user_named_is_text():
    evil = replace(preset("starter"), name="<img src=x>")
    assert "<img" not in table_html(analyse(evil), 32, True, analyse(evil), True)
