"""What a toggle does to a network."""

import pytest

from cifar7.network import edits, unit_edits
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.spec import STAGE_NAMES, Stage, Unit

SIMPLE = preset("velasoka-simple")


def test_dilation_keeps_the_map_and_widens_the_field():
    before, after = analyse(SIMPLE), analyse(edits.set_dilation(SIMPLE, "C2", 2))
    # two 3x3 at jump 2: each adds 2·2·2 = 8 instead of 4
    assert after.receptive_field_before == before.receptive_field_before + 8
    assert [r.output for r in after.rows] == [r.output for r in before.rows]
    assert after.parameters == before.parameters


def test_separable_and_back():
    separable = edits.set_kind(SIMPLE, "C2", "separable")
    # 64→64: 64·9+64 + 64·64+64; 64→128: 64·9+64 + 64·128+128; the inner normalisation twice 2·64
    saved = (64 * 64 * 9 + 64) + (64 * 128 * 9 + 128)
    now = 2 * (64 * 9 + 64) + (64 * 64 + 64) + (64 * 128 + 128) + 2 * 2 * 64
    assert analyse(separable).parameters == analyse(SIMPLE).parameters - saved + now
    assert edits.set_kind(separable, "C2", "standard") == SIMPLE


def test_grouped_leaves_the_colours_alone():
    spec = edits.set_kind(SIMPLE, "C1", "grouped", groups=4)
    assert [u.kind for u in spec.stage("C1").units] == ["standard", "grouped"]
    assert problems(spec) == []
    assert edits.stage_kind(spec.stage("C1")) is None  # mixed
    assert edits.stage_groups(spec.stage("C1")) == 4


def test_groups_where_none_divides_are_said():
    assert problems(edits.set_kind(SIMPLE, "C1", "grouped", groups=7))


def test_possible_groups_divide():
    assert edits.possible_groups(SIMPLE, "C1") == [2, 4, 8, 16, 32]
    for groups in edits.possible_groups(SIMPLE, "C2"):
        assert problems(edits.set_kind(SIMPLE, "C2", "grouped", groups)) == []


def test_channels_take_along_units_of_the_same_width():
    spec = edits.set_channels(preset("starter"), "C4", 96)
    assert {u.channels for u in spec.stage("C4").units} == {96}
    assert [u.channels for u in edits.set_channels(SIMPLE, "C1", 48).stage("C1").units] == [32, 48]


def test_units_come_and_go():
    longer = unit_edits.add_unit(SIMPLE, "C3")
    assert longer.stage("C3").units[-1] == Unit(256)
    assert unit_edits.remove_unit(longer, "C3") == SIMPLE
    empty = unit_edits.remove_unit(unit_edits.remove_unit(SIMPLE, "C3"), "C3")
    assert empty.stage("C3") == Stage((), pool=2)
    assert edits.stage_channels(empty, "C3") == 128
    assert unit_edits.add_unit(empty, "C3").stage("C3").units == (Unit(128),)


@pytest.mark.parametrize("classifier", ["none", "conv", "linear"])
@pytest.mark.parametrize("name", PRESETS)
def test_the_head_of_every_preset_can_be_toggled(name, classifier):
    spec = edits.set_classifier(preset(name), classifier)
    assert problems(spec) == []
    assert spec.output.classifier == classifier


def test_toggling_the_head_back_and_forth_changes_nothing():
    spec = preset("starter")
    assert edits.set_classifier(edits.set_classifier(spec, "none"), spec.output.classifier) == spec


@pytest.mark.parametrize("name", PRESETS)
def test_toggles_of_presets_are_ordinary_edits(name):
    for stage in STAGE_NAMES:
        for spec in (
            edits.set_dropout(preset(name), stage, 0.1),
            edits.set_kind(preset(name), stage, "separable"),
            edits.set_kind(preset(name), stage, "standard"),
        ):
            assert problems(spec) == []
            assert edits.stage_dropout(spec.stage(stage)) in (0.1, 0.0, 0.15, None)


def test_mixed_shows_nothing():
    assert edits.stage_dilation(preset("velasoka-dilated").stage("C3")) is None
    assert edits.stage_dilation(preset("velasoka-simple").stage("C3")) == 1
    assert edits.stage_dilation(Stage()) == 1
