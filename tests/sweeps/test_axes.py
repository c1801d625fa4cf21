"""What varies: names, values, ranges, and the design that they lead to."""

import json

import pytest

from cifar7.network.controls.table import toggles_at
from cifar7.network.controls.toggle import Place
from cifar7.network.presets import preset
from cifar7.sweeps.axes import Axis, apply, axis, read_axis
from cifar7.sweeps.knobs import SweepError, knob, names
from cifar7.training.config import TrainConfig

STARTER = preset("starter")
CONFIG = TrainConfig()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c3.dilation=1,2,3", Axis("c3.dilation", (1, 2, 3))),
        ("C3.dilation = 1, 2", Axis("c3.dilation", (1, 2))),
        ("c3.kind=standard,Separable", Axis("c3.kind", ("standard", "separable"))),
        ("c1.2.dilation=2", Axis("c1.2.dilation", (2,))),
        ("c1.channels=24,25", Axis("c1.channels", (24, 25))),
        ("c1.channels=16:64", Axis("c1.channels", (), 16.0, 64.0, whole=True)),
        ("dropout=0:0.2", Axis("dropout", (), 0.0, 0.2)),
        ("lr=log:0.05:0.5", Axis("lr", (), 0.05, 0.5, log=True)),
        ("train.lr=0.1", Axis("train.lr", (0.1,))),
        ("nesterov=on,off", Axis("nesterov", (True, False))),
        ("o.bias=off", Axis("o.bias", (False,))),
        (
            "o.pool=average, whole map; max, whole map",
            Axis("o.pool", ("average, whole map", "max, whole map")),
        ),
    ],
)
def test_a_text_says_what_varies(text, expected):
    read = axis(text, STARTER)
    assert read == expected
    assert read_axis(json.loads(json.dumps(read.to_dict())), STARTER) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c3.dilation", "NAME=1,2,3"),
        ("c3.dilation=7", "it takes 1, 2, 3, 4"),
        ("c3.dilation=1,1", "twice"),
        ("c3.dilation=1:3", "list its values"),
        ("c9.dilation=1", "nothing that can vary"),
        ("c1.9.dilation=1", "nothing that can vary"),
        ("c1.dilation.more.parts=1", "nothing that can vary"),
        ("seed=1,2", "does not vary"),
        ("train.device=cpu", "does not vary"),
        ("dropout=0:0.7", "numbers from 0 to 0.5"),
        ("dropout=0.2:0.1", "the lower first"),
        ("lr=log:0:1", "above 0"),
        ("lr=1:2:3", "no range"),
        ("lr=nan:1", "no range"),
        ("batch_size=12.5", "whole numbers"),
        ("norm=bach", "it takes batch"),
    ],
)
def test_what_cannot_vary_is_refused_in_words(text, words):
    with pytest.raises(SweepError, match=words):
        axis(text, STARTER)


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"name": 3, "values": [1]}, {"name": "lr"}, {"name": "lr", "values": []},
        {"name": "lr", "values": "0.1"}, {"name": "lr", "values": [[0.1]]}, {"name": "lr", "values": [True]},
        {"name": "lr", "values": [float("nan")]}, {"name": "lr", "low": True, "high": 2},
        {"name": "lr", "low": 0.1, "high": 1, "log": 1}, {"name": "lr", "values": [0.1], "more": 1},
        {"name": "nesterov", "values": [1]}, {"name": "c3.dilation", "values": [True]},
    ],
)  # fmt: skip
def test_a_file_may_say_anything(data):
    with pytest.raises(SweepError):
        read_axis(data, STARTER)


def test_values_change_design_and_settings_alone_where_they_say():
    spec, config = apply(STARTER, CONFIG, {"c3.dilation": 3, "lr": 0.2, "c4.kind": "separable"})
    assert {unit.dilation for unit in spec.units("C3")} == {3}
    assert {unit.kind for unit in spec.units("C4")} == {"separable"}
    assert (spec.stage("C1"), spec.stage("C2"), spec.output) == (
        STARTER.stage("C1"), STARTER.stage("C2"), STARTER.output,
    )  # fmt: skip
    assert (config.lr, config.epochs) == (0.2, CONFIG.epochs)


def test_a_name_without_a_place_is_every_stage_that_has_it():
    spec, _ = apply(STARTER, CONFIG, {"dropout": 0.125})
    rates = [unit.dropout for stage in ("C1", "C2", "C3", "C4") for unit in spec.units(stage)]
    assert rates == [0.125] * len(rates)


def test_every_toggle_that_is_shown_and_every_setting_but_three_has_a_name_that_works():
    told = names(STARTER)
    for name in told:
        turned = knob(name, STARTER)
        choices = turned.choices(STARTER)
        for value in list(choices.values())[:3]:
            turned.turn(STARTER, CONFIG, value)
    assert {
        f"c2.{toggle.name}" for toggle, form in toggles_at(Place("C2")) if form.visible(STARTER, Place("C2"))
    } <= set(told)
    assert set(told).isdisjoint({"seed", "device", "protocol"})
