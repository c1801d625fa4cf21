"""Classic mistakes: found in the submissions that make them, absent where they are not, and really mended."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from random_specs import buildable, specs

from cifar7.network.arithmetic import analyse
from cifar7.network.edits import change_unit
from cifar7.network.lessons import lessons
from cifar7.network.measures import coverage, max_pools, paths
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.spec import NetSpec, Stage, Unit

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
    first = Stage((Unit(16, dilation=2), Unit(32, dilation=2)), pool=2)
    spec = preset("starter").with_stage("C1", first)
    # The pool joins neighbouring pixels, which closes the gaps of every second one only behind it.
    assert ("C1", "dilation-holes") in found(spec)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(specs().filter(buildable))
def test_every_offered_mend_builds(spec):
    for lesson in lessons(spec):
        assert bool(lesson.fix) is (lesson.fixed is not None)
        if lesson.fixed is not None:
            assert problems(lesson.fixed) == []
            assert lesson.fixed != spec
