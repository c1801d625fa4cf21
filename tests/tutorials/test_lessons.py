"""The lessons that come along: what they say is true, and each task wants what its step teaches."""

from dataclasses import replace

import pytest

from cifar7.data.scenes import CLASSES
from cifar7.network.arithmetic import analyse
from cifar7.network.edits import set_dropout, set_kind
from cifar7.network.spec import NetSpec
from cifar7.tutorials.builtin import NAMES, tutorial
from cifar7.tutorials.deciding import Situation, decide
from cifar7.tutorials.shape import TutorialError
from cifar7.tutorials.tutorial import Asked, DesignTask, PairTask, Question, RunTask, Setting


def start(name: str, step: int) -> NetSpec:
    design = tutorial(name).steps[step - 1].start.design
    assert design is not None
    return design


def holds(name: str, step: int, design: NetSpec) -> list[bool | None]:
    """The ticks of the step's conditions on the design."""
    of_step = tutorial(name).steps[step - 1]
    ticks = decide(of_step, Situation(analyse(design)))
    return [t.passed for t, condition in zip(ticks, of_step.task) if isinstance(condition, DesignTask)]


def test_an_unknown_one_is_named_with_those_there_are():
    with pytest.raises(TutorialError, match=r"there are receptive-field, .* Did you mean dropout\?"):
        tutorial("dropouts")


@pytest.mark.parametrize("name", NAMES)
def test_no_start_has_done_its_task_already(name):
    steps = tutorial(name).steps
    assert 4 <= len(steps) <= 7
    for number, step in enumerate(steps, 1):
        asked = [c for c in step.task if isinstance(c, DesignTask)]
        if step.start and step.start.design and asked:
            assert not all(holds(name, number, step.start.design)), f"step {number}"


@pytest.mark.parametrize("name", NAMES)
def test_every_question_helps_on(name):
    for step in tutorial(name).steps:
        for question in step.task:
            if isinstance(question, Question):
                assert question.right(question.answer)
                assert question.hint
                assert question.because


@pytest.mark.parametrize("name", NAMES)
def test_a_run_of_a_steps_start_has_the_settings_that_its_task_wants(name):
    """What a task wants of settings and classes is what its step, or one before it, sets."""
    config = data = None
    for step in tutorial(name).steps:
        if step.start:
            config, data = step.start.config or config, step.start.data or data
        for condition in step.task:
            if isinstance(condition, RunTask):
                for want in condition.wants:
                    if isinstance(want, Setting):
                        assert getattr(config, want.name) == want.value
                    elif isinstance(want, Asked):
                        assert set(want.classes) <= set(CLASSES)
                assert data == "shapes"
            if isinstance(condition, PairTask):
                assert "data" in condition.same


def test_dilation_widens_for_nothing():
    near = start("receptive-field", 3)
    assert near == start("receptive-field", 2)
    dilated = replace_c3(near, 2, 3)
    assert analyse(dilated).parameters == analyse(near).parameters
    assert holds("receptive-field", 3, near) == [False, True]
    assert holds("receptive-field", 3, dilated) == [True, True]


def test_dilations_with_a_common_factor_leave_holes():
    near = start("receptive-field", 3)
    assert holds("receptive-field", 4, replace_c3(near, 4, 4)) == [True, False, True]
    assert holds("receptive-field", 4, replace_c3(near, 3, 3)) == [False, True, True]
    assert holds("receptive-field", 4, replace_c3(near, 3, 4)) == [True, True, True]


def replace_c3(spec: NetSpec, first: int, second: int) -> NetSpec:
    """The two convolutions of C3 with these dilations."""
    a, b = spec.units("C3")
    return spec.with_units("C3", (replace(a, dilation=first), replace(b, dilation=second)))


def test_groups_bring_it_below_160_000():
    """C3 and C4 have 9 · (64 · 128 + 128 · 128 + 128 · 128) = 368,640 weights; in 4 groups a quarter."""
    wide = start("depthwise", 2)
    assert analyse(wide).parameters == 431_386
    grouped = set_kind(set_kind(wide, "C3", "grouped", 4), "C4", "grouped", 4)
    assert analyse(grouped).parameters == 431_386 - 368_640 * 3 // 4
    assert holds("depthwise", 2, grouped) == [True, True, True]
    assert holds("depthwise", 2, set_kind(wide, "C4", "grouped", 4)) == [True, False, True]


def test_separable_convolutions_alone_bring_it_below_60_000():
    wide = start("depthwise", 4)
    separable = wide
    for stage in ("C3", "C4"):
        separable = set_kind(separable, stage, "separable", 1)
    assert holds("depthwise", 4, separable) == [True, False, False, True]  # C2 works on larger maps
    separable = set_kind(separable, "C2", "separable", 1)
    assert holds("depthwise", 4, separable) == [True, True, True, True]


def test_dropout_in_c3_is_what_the_step_asks_for():
    heart = start("dropout", 2)
    assert holds("dropout", 3, heart) == [False]
    assert holds("dropout", 3, set_dropout(heart, "C3", 0.5)) == [True]
    assert start("dropout", 5) == heart
