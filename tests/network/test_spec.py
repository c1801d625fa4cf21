"""What a network may be, and what is said when it may not."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from random_specs import specs

from cifar7.network.edits import set_channels, set_dilation, set_kind, set_unit
from cifar7.network.presets import preset
from cifar7.network.problems import check, problems
from cifar7.network.spec import Head, NetSpec, SpecError, Stage, Unit

STARTER = preset("starter").to_dict()


def changed(path, value):
    data = copy.deepcopy(STARTER)
    at = data
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return data


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(specs())
def test_every_network_survives_json(spec):
    assert NetSpec.from_dict(spec.to_dict()) == spec


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["version"], 3, r"version is 3; this cifar7 reads 1 to 2"),
        (["version"], True, r"version is True"),
        (["name"], "a\nb", r"printable"),
        (["classes"], 1, r"classes is 1; it takes a whole number from 2 to 1000"),
        (["bias"], 1, r"bias is 1; it takes true or false"),
        (["activation"], "tangent", r"'tangent'; it takes relu, leaky_relu, silu, gelu"),
        (["stages"], {"C1": {}}, r"exactly C1, C2, C3, C4"),
        (["stages", "C2"], [], r"C2 is \[\]; it takes an object"),
        (["stages", "C2", "units"], "x", r"C2: units is 'x'"),
        (["stages", "C2", "units"], [{"channels": 8}] * 13, r"at most 12"),
        (["stages", "C2", "units"], [{}], r"C2, unit 1 lacks channels"),
        (["stages", "C2", "units"], [{"channels": True}], r"channels is True"),
        (["stages", "C2", "units"], [{"channels": 8.5}], r"8.5; it takes a whole number from 1 to 1024"),
        (["stages", "C2", "units"], [{"channels": 8, "dropout": 1.0}], r"it takes a number from 0.0 to 0.9"),
        (["stages", "C2", "units"], [{"channels": 8, "size": 3}], r"no field 'size'; it takes channels"),
        (["stages", "C2", "pool"], 9, r"pool is 9"),
        (["output", "classifier"], ["conv"], r"classifier is \['conv'\]"),
    ],
)  # fmt: skip
def test_wrong_data_is_named_with_its_cure(path, value, said):
    with pytest.raises(SpecError, match=said) as error:
        NetSpec.from_dict(changed(path, value))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("data", [None, [], "starter", 7, {}])
def test_something_else_altogether(data):
    with pytest.raises(SpecError):
        NetSpec.from_dict(data)


def only(spec):
    (problem,) = problems(spec)
    return problem


def test_groups_that_do_not_divide():
    spec = set_kind(preset("velasoka-simple"), "C2", "grouped", groups=5)
    first = problems(spec)[0]
    assert first.stage == "C2"
    assert "5 groups do not divide its 64 input channels" in first.message
    assert "1, 2, 4, 8, 16, 32, 64 groups" in first.cure  # divisors of 64 and of 64


def test_a_map_that_vanishes():
    # C4 of shrimali sees 8x8 without padding: dilation 4 spans 4·2+1 = 9 pixels.
    problem = only(set_dilation(preset("shrimali"), "C4", 4))
    assert problem.stage == "C4"
    assert "spans 9 pixels, and its map has 8" in problem.message
    assert "dilation" in problem.cure


def test_an_even_kernel_without_padding_said():
    unit = replace(preset("starter").stage("C1").units[0], kernel=2)
    problem = only(set_unit(preset("starter"), "C1", 1, unit))
    assert "even kernel of 2" in problem.message
    assert "kernel 3" in problem.cure
    assert (
        problems(set_unit(preset("starter"), "C1", 1, replace(unit, dilation=2))) == []
    )  # d(k-1) = 2: centred


def test_logits_that_are_not_the_classes():
    spec = replace(preset("starter"), output=Head(classifier="none"))
    assert only(spec).stage == "O"
    assert "10 channels" in only(spec).cure


def test_a_fixed_pool_that_leaves_a_map():
    spec = set_dilation(preset("velasoka-simple"), "C3", 1)
    wider = spec.with_stage("C3", replace(spec.stage("C3"), pool=None))  # 4x4 into a 2x2 pool leaves 2x2
    assert "average pooling 2x2 leaves 2 pixels a side" in only(wider).message


def test_out_of_range_by_construction_and_too_large():
    assert "channels is 5000" in problems(set_channels(preset("starter"), "C4", 5000))[0].message
    wide = Stage(tuple(Unit(1024, kernel=11) for _ in range(3)))
    assert "parameters" in only(preset("starter").with_stage("C4", wide)).message


def test_check_raises_on_one_line():
    with pytest.raises(SpecError, match="C2: unit 1"):
        check(set_kind(preset("velasoka-simple"), "C2", "grouped", groups=5))


def test_other_numbers_of_classes():
    assert preset("starter").with_classes(5).classes == 5
    shrimali = preset("shrimali").with_classes(5)
    assert shrimali.output.units[-1].channels == 5
    assert problems(shrimali) == []


def test_a_value_out_of_range_is_a_problem_with_fault_and_cure_apart():
    spec = set_unit(preset("starter"), "C2", 1, Unit(0))
    (problem,) = problems(spec)
    assert (problem.stage, problem.message) == ("C2", "unit 1: channels is 0.")
    assert problem.cure == "It takes a whole number from 1 to 1024."
    with pytest.raises(SpecError, match=r"^C2: unit 1: channels is 0\. It takes a whole number"):
        check(spec)
