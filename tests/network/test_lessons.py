"""Classic mistakes: found in the submissions that make them, absent where they are not, and really mended."""

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_specs import buildable, specs

from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.network.edits import change_unit
from cifar7.network.lessons import lessons
from cifar7.network.measures import coverage, downsamplings, max_pools, paths
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.profiles import PROFILES, Profile, profile, read_profile
from cifar7.network.spec import NetSpec, Stage, Unit

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "50"))
# The oddities of the tables, stage by stage.
EXPECTED = {
    "starter": set(),
    "shrimali": {
        ("C4", "map-shrinks"),
        ("O", "activation-on-logits"),
        ("", "few-pools"),
        ("", "field-by-pooling"),
    },
    "velasoka-simple": {("C3", "map-shrinks"), ("", "small-receptive-field")},
    "velasoka-dilated": {("C3", "map-shrinks"), ("C3", "pool-drops-border"), ("", "field-by-pooling")},
    "velasoka-separable": {
        ("C2", "padding-on-1x1"),
        ("C3", "map-shrinks"),
        ("O", "pool-drops-border"),
        ("", "field-by-pooling"),
    },
}


def found(spec):
    return {(lesson.stage, lesson.id) for lesson in lessons(spec)}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_submissions_show_their_mistakes(name):
    assert found(preset(name)) == EXPECTED[name]


@pytest.mark.parametrize("name", PRESETS)
def test_a_click_mends_what_it_says(name):
    for lesson in lessons(preset(name)):
        assert lesson.fixed is not None, lesson
        assert (lesson.stage, lesson.id) not in found(lesson.fixed)


def test_mending_one_after_the_other_ends_without_a_mistake():
    for name in PRESETS:
        spec, clicks = preset(name), 0
        while left := lessons(spec):
            spec, clicks = left[0].fixed, clicks + 1
            assert clicks < 12, (name, left)
        assert max_pools(analyse(spec).rows) == 3
        assert analyse(spec).receptive_field_before > 44


def test_messages_carry_the_numbers():
    said = {lesson.id: lesson.message for lesson in lessons(preset("velasoka-simple"))}
    assert "44 pixels" in said["small-receptive-field"]
    assert "exactly the limit" in said["small-receptive-field"]
    said = {lesson.id: lesson.message for lesson in lessons(preset("shrimali"))}
    assert "from 8 to 4" in said["map-shrinks"]
    assert "dilation 2 with padding 0" in said["map-shrinks"]


def starter_with(**fields) -> NetSpec:
    return change_unit(preset("starter"), "C4", 1, **fields)


@pytest.mark.parametrize(
    ("fields", "lesson"),
    [
        ({"kind": "separable", "kernel": 1}, ("C4", "not-separable")),
        ({"kind": "grouped", "groups": 1}, ("C4", "one-group")),
        ({"kind": "standard", "kernel": 1, "dilation": 2}, ("C4", "idle-dilation")),
        ({"kind": "standard", "norm": False, "activation": False}, ("C4", "nothing-between")),
    ],
)
def test_mistakes_that_no_submission_makes(fields, lesson):
    spec = starter_with(**fields)
    assert lesson in found(spec)
    assert lesson not in found(preset("starter"))


def test_a_depthwise_alone_is_not_separable():
    width = preset("starter").stage("C3").units[-1].channels
    spec = starter_with(kind="grouped", groups=width, channels=width)
    last = replace(spec, stages=(*spec.stages[:3], Stage(spec.stages[3].units[:1])))
    (lesson,) = [x for x in lessons(last) if x.id == "not-separable"]
    assert lesson.fixed.stage("C4").units[0].kind == "separable"


def test_holes_of_stacked_dilations_by_hand():
    # One 3x3 at dilation 2 touches offsets 0, 2, 4: three of five. A second one: 0, 2, 4, 6, 8: five of nine.
    def rows(*dilations):
        spec = NetSpec("t", (Stage(tuple(Unit(4, dilation=d) for d in dilations)), Stage(), Stage(), Stage()))
        return [r for r in analyse(spec).rows if r.layer.stage == "C1"]

    assert paths(rows(2)) == {0: 1, 2: 1, 4: 1}
    assert coverage(rows(2, 2)) == 5 / 9
    assert paths(rows(2, 2))[4] == 3
    assert coverage(rows(1, 2)) == 1.0


def test_holes_are_told_and_mended():
    # Two 3×3 at dilation 2 at the very end: the last map's values see every second value of C3's, which is
    # pooled from all pixels, each value from 8×8 at jump 8 and more by the convolutions before. At dilation 4
    # and with nothing before but the pools, 8 of every 16 or more pixels would be missed.
    gridding = tuple(Stage((Unit(8, kernel=1),), pool=2) for _ in range(3))
    spec = NetSpec("t", (*gridding, Stage((Unit(16, dilation=4), Unit(16, dilation=4)))))
    (lesson,) = [lesson for lesson in lessons(spec) if lesson.id == "dilation-holes"]
    # 5 of the map's 17 values in a line, each pooled from 8 pixels of its own: 40 of 136.
    assert (lesson.stage, lesson.message) == (
        "C4",
        "of 136 pixels in a line of the receptive field 29% are seen.",
    )
    assert "dilation-holes" not in {lesson.id for lesson in lessons(lesson.fixed)}


def test_what_later_layers_see_is_no_hole():
    # By itself a 3×3 at dilation 2 leaves out every second pixel. The next 3×3 sees them, and the pools.
    first = Stage((Unit(16, dilation=2), Unit(32)), pool=2)
    spec = preset("starter").with_stage("C1", first)
    assert coverage(analyse(spec).rows[:1]) == 3 / 5
    assert ("C1", "dilation-holes") not in found(spec)


def test_the_only_dilated_convolution_that_is_asked_for_stays():
    # A 3×3 at dilation 4 sees 3 of 9 pixels of its map, whatever else comes: less dilation than 2 is none.
    spec = NetSpec("t", (Stage(), Stage(), Stage(), Stage((Unit(16, dilation=2),))))
    (lesson,) = [lesson for lesson in lessons(spec) if lesson.id == "dilation-holes"]
    assert lesson.fixed is None
    (lesson,) = [lesson for lesson in lessons(spec, ASKS_NOTHING) if lesson.id == "dilation-holes"]
    assert lesson.fixed.stage("C4").units[0].dilation == 1


def asks(*requirements: tuple[str, str, float]) -> Profile:
    return read_profile({"requirements": [dict(zip(("id", "is", "limit"), line)) for line in requirements]})


ASKS_NOTHING = asks(("parameters", "below", 1e9))


def test_the_limits_are_those_of_the_assignment():
    spec = change_unit(preset("starter"), "C3", 1, dilation=1)
    spec = change_unit(spec, "C4", 1, kernel=1)
    total = analyse(spec).receptive_field_total
    assert total > 44  # nothing to say about the usual assignment
    assert "small-receptive-field" not in {lesson.id for lesson in lessons(spec)}
    said = {lesson.id: lesson for lesson in lessons(spec, asks(("receptive_field", "above", total)))}
    assert f"exactly the limit, and more is asked (above {total})" in said["small-receptive-field"].message
    assert analyse(said["small-receptive-field"].fixed).receptive_field_total > total
    said = {lesson.id: lesson for lesson in lessons(spec, asks(("receptive_field", "at least", total + 3)))}
    assert f"3 short (at least {total + 3})" in said["small-receptive-field"].message
    before = analyse(spec).receptive_field_before
    field = asks(("receptive_field_before_pooling", "at least", before + 1))
    said = {lesson.id: lesson for lesson in lessons(spec, field)}
    assert f"{before} pixels before the pooling head: 1 short" in said["small-receptive-field"].message
    assert not {lesson.id for lesson in lessons(spec, ASKS_NOTHING)} & {"few-pools", "field-by-pooling"}


def test_no_pool_is_missed_where_none_is_wanted():
    bare = NetSpec("t", tuple(Stage((Unit(8), Unit(8))) for _ in range(4)))
    assert ("", "few-pools") in found(bare)
    assert "few-pools" not in {lesson.id for lesson in lessons(bare, profile("no-max-pool"))}


def test_three_halvings_without_a_pool_are_strides():
    bare = NetSpec("t", tuple(Stage((Unit(8), Unit(8))) for _ in range(4)))
    strict = asks(("downsamplings", "at least", 3), ("max_pools", "exactly", 0))
    (lesson,) = [lesson for lesson in lessons(bare, strict) if lesson.id == "few-pools"]
    assert lesson.message.startswith("0 layers that halve the map, where the assignment asks for ≥ 3")
    assert (downsamplings(analyse(lesson.fixed).rows), max_pools(analyse(lesson.fixed).rows)) == (3, 0)


def test_a_far_too_small_field_is_mended_too():
    # Four 3×3 and nothing else see 9 pixels; one dilation more adds at most 2·3.
    small = NetSpec("t", tuple(Stage((Unit(8),)) for _ in range(4)))
    (lesson,) = lessons(small, asks(("receptive_field_before_pooling", "above", 15)))
    assert lesson.fix == "Dilate several convolutions"
    assert analyse(lesson.fixed).receptive_field_before > 15


def test_padding_on_a_strided_pointwise_is_told_as_it_is():
    # (32 − 1) // 2 + 1 = 16, and with a pixel a side (34 − 1) // 2 + 1 = 17.
    spec = change_unit(preset("starter"), "C1", 2, kernel=1, stride=2, padding=1, residual=0)
    said = {lesson.id: lesson.message for lesson in lessons(spec)}
    assert said["padding-on-1x1"] == (
        "padding 1 on a 1×1 with stride 2: the map would be 16, and padding makes it 17."
    )
    # 27: 26 // 3 + 1 = 9, and 28 // 3 + 1 = 10; 28: 27 // 3 + 1 = 29 // 3 + 1 = 10.
    spec = change_unit(replace(spec, image_size=28), "C1", 2, stride=3)
    said = {lesson.id: lesson.message for lesson in lessons(spec)}
    assert "the map is 10 with and without it" in said["padding-on-1x1"]


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(specs().filter(buildable), st.sampled_from(sorted(PROFILES)))
def test_no_mend_breaks_what_was_fulfilled(spec, name):
    before = {v.requirement.id for v in card(analyse(spec), profile(name)) if v.passed}
    for lesson in lessons(spec, profile(name)):
        if lesson.fixed is not None:
            after = {v.requirement.id for v in card(analyse(lesson.fixed), profile(name)) if v.passed}
            assert before <= after, lesson


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(specs().filter(buildable))
def test_every_offered_mend_builds(spec):
    for lesson in lessons(spec):
        assert bool(lesson.fix) is (lesson.fixed is not None)
        if lesson.fixed is not None:
            assert problems(lesson.fixed) == []
            assert lesson.fixed != spec
