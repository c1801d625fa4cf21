"""A sweep as data: its grid, what it leaves out by arithmetic, and what is refused."""

import json
from dataclasses import replace

import pytest

from cifar7.network.presets import preset
from cifar7.network.profiles import PROFILES
from cifar7.sweeps.axes import axis
from cifar7.sweeps.definition import Definition, of_design, requirement
from cifar7.sweeps.knobs import SweepError
from cifar7.training.config import TrainConfig

STARTER = preset("starter")


def defined(*texts: str, **about: object) -> Definition:
    axes = tuple(axis(text, STARTER) for text in texts)
    return Definition(STARTER, TrainConfig(seed=5), "shapes", axes, **about)


def test_a_grid_has_all_combinations_the_last_axis_fastest():
    grid = defined("c3.dilation=1,2", "c4.kind=standard,separable")
    assert grid.planned == grid.combinations == 4
    assert [tuple(values.values()) for values in grid.grid()] == [
        (1, "standard"), (1, "separable"), (2, "standard"), (2, "separable"),
    ]  # fmt: skip
    assert replace(grid, trials=3).planned == 3


def test_seeds_follow_that_of_the_settings():
    seeds = [defined("lr=0.1", seeds=3).run({"lr": 0.1}, repeat)[1].seed for repeat in range(3)]
    assert seeds == [5, 6, 7]


def test_what_arithmetic_decides_is_not_trained():
    # Starter has 153,306 parameters; C4 has two 3x3 convolutions of 64 channels or more.
    narrow = defined("c4.channels=16,512", requirements=(requirement("parameters<200k"),))
    assert narrow.obstacle({"c4.channels": 16}) == ""
    assert narrow.obstacle({"c4.channels": 512}).startswith("Parameters: ")
    assert "not < 200,000" in narrow.obstacle({"c4.channels": 512})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parameters<100000", ("parameters", "below", 100_000)),
        ("parameters <= 100_000", ("parameters", "at most", 100_000)),
        ("receptive_field>44", ("receptive_field", "above", 44)),
        ("parameters≤1.5M", ("parameters", "at most", 1_500_000)),
        ("dilated=1", ("dilated", "exactly", 1)),
    ],
)
def test_a_requirement_is_read(text, expected):
    read = requirement(text)
    assert (read.id, read.relation, read.limit) == expected


@pytest.mark.parametrize(
    "text", ["", "parameters", "accuracy>0.8", "gpu=1", "size<3", "parameters<-1", "parameters<1e9"]
)
def test_what_cannot_be_required_is_refused(text):
    with pytest.raises(SweepError, match="requirement"):
        requirement(text)


def test_an_assignment_leaves_what_a_design_decides():
    assert {item.id for item in of_design(PROFILES["three-max-pools"])}.isdisjoint({"gpu", "accuracy"})
    assert len(of_design(PROFILES["three-max-pools"])) == len(PROFILES["three-max-pools"].requirements) - 2


@pytest.mark.parametrize(
    ("texts", "about", "words"),
    [
        ((), {}, "1 to 12"),
        (("lr=0.1", "lr=0.2"), {}, "varies twice"),
        (("lr=0.1:0.2",), {}, "no grid"),
        (("lr=0.1:0.2",), {"sampler": "tpe"}, "how many trials"),
        (("lr=0.1",), {"sampler": "best"}, "grid, random, tpe"),
        (("lr=0.1",), {"seeds": 0}, "from 1 to 20"),
        (("lr=0.1",), {"trials": 1.5}, "whole number"),
        (("lr=0.1",), {"title": "two\nlines"}, "printable"),
    ],
)
def test_what_cannot_be_a_sweep_is_refused(texts, about, words):
    with pytest.raises(SweepError, match=words):
        defined(*texts, **about)


def test_a_definition_travels_as_json():
    whole = defined(
        "c3.dilation=1,2", "lr=log:0.05:0.5", sampler="tpe", trials=7, seeds=2, stop="asha", minutes=5,
        title="Which dilation?", requirements=of_design(PROFILES["strict"]),
    )  # fmt: skip
    assert Definition.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole


@pytest.mark.parametrize(
    "change", [{"axes": {}}, {"more": 1}, {"data": 3}, {"axes": [1]}, {"spec": []}, {"trials": "7"}]
)
def test_a_file_may_say_anything(change):
    from cifar7.errors import UserError

    with pytest.raises(UserError):
        Definition.from_dict({**defined("lr=0.1").to_dict(), **change})
    with pytest.raises(UserError):
        Definition.from_dict({"spec": STARTER.to_dict()})
