"""Residual connections: the sum, its arithmetic by hand, what is refused, and the written file."""

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import Phase, find, settings
from random_specs import buildable, specs
from torch import nn

from cifar7.export.model_source import model_source
from cifar7.network import edits, unit_edits, working
from cifar7.network.arithmetic import analyse
from cifar7.network.layers import expand
from cifar7.network.lessons import lessons
from cifar7.network.measures import coverage, paths, pointwise_follows
from cifar7.network.module import Add, build
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import obstacle, problems
from cifar7.network.source import renamed_keys
from cifar7.network.spec import Head, NetSpec, SpecError, Stage, Unit


def net(*units: Unit, **more) -> NetSpec:
    return NetSpec("test", stages=(Stage(units), Stage(), Stage(), Stage()), **more)


TWO = net(Unit(8), Unit(8), Unit(8, residual=2))


def test_rows_and_receptive_field_by_hand():
    spec = net(Unit(3), Unit(3, residual=2))
    rows = [row for row in analyse(spec).rows if row.layer.stage == "C1"]
    kinds = ["conv", "batch_norm", "relu"] * 2 + ["add"]
    assert [row.layer.kind for row in rows] == kinds
    # The branch sees 1 + 2 + 2 = 5 pixels, the image's own pixel 1: their hull is 5.
    assert (rows[-1].receptive_field_in, rows[-1].receptive_field_added, rows[-1].receptive_field) == (
        5,
        1,
        5,
    )
    assert rows[-1].layer.span == 6
    assert working.receptive_field(rows[-1]) == "max(5, 1) = 5"
    assert rows[-1].seen(7) == (5, 9)
    assert (rows[-1].parameters, rows[-1].macs) == (0, 0)


def test_it_costs_no_parameters_and_no_macs():
    plain = net(Unit(8), Unit(8), Unit(8))
    for figure in ("parameters", "macs", "receptive_field_before", "receptive_field_total"):
        assert getattr(analyse(TWO), figure) == getattr(analyse(plain), figure)


def test_the_sum_stands_after_the_unit_and_before_the_pool():
    units = (Unit(8), Unit(8, dropout=0.2, residual=1))
    kinds = [layer.kind for layer in expand(net(*units).with_stage("C1", Stage(units, pool=2)))]
    assert kinds[3:9] == ["conv", "batch_norm", "relu", "dropout", "add", "max_pool"]


def test_it_goes_through_the_output_stage_too():
    spec = net(Unit(8), output=Head((Unit(8, kernel=1, residual=1),)))
    assert problems(spec) == []
    assert [layer.kind for layer in expand(spec) if layer.stage == "O"][3] == "add"


def test_the_built_module_is_the_forward_written_by_hand():
    spec = net(Unit(8), Unit(12), Unit(8, residual=2), Unit(8, kind="separable", residual=1), bias=False)
    module = build(spec, seed=1).train()
    part = list(module.layers)
    assert [i for i, layer in enumerate(part) if isinstance(layer, Add)] == [9, 16]
    images = torch.randn(4, 3, 32, 32)

    def by_hand(x):
        x = part[2](part[1](part[0](x)))
        x = x + part[8](part[7](part[6](part[5](part[4](part[3](x))))))
        x = x + part[15](part[14](part[13](part[12](part[11](part[10](x))))))
        return part[18](x.mean((2, 3), keepdim=True)).flatten(1)

    assert torch.equal(module(images), by_hand(images))
    assert not torch.allclose(module(images), build_without(spec, module)(images))


def build_without(spec, module):
    """The same weights without the sums."""
    first = spec.stage("C1")
    bare = spec.with_stage("C1", Stage(tuple(replace(u, residual=0) for u in first.units)))
    other = build(bare).train()
    for parameter, value in zip(other.parameters(), module.parameters(), strict=True):
        parameter.data.copy_(value)
    return other


def test_the_identity_carries_the_gradient():
    """d(x + f(x))/dx = 1 + f'(x): where f's weights are 0, the gradient of the sum passes as it came."""
    module = build(net(Unit(3, activation=False, norm=False, residual=1)))
    nn.init.zeros_(module.layers[0].weight)
    images = torch.randn(2, 3, 32, 32, requires_grad=True)
    (gradient,) = torch.autograd.grad(module.until(images, 2).sum(), images)
    assert torch.equal(gradient, torch.ones_like(images))
    (gradient,) = torch.autograd.grad(module.until(images, 1).sum(), images)
    assert torch.equal(gradient, torch.zeros_like(images))


@pytest.mark.parametrize(
    ("units", "message", "cure"),
    [
        ((Unit(3, residual=2),), "goes around 2 units, and C1 has only 1", "around 1."),
        ((Unit(8), Unit(8), Unit(8, residual=4)), "goes around 4 units, and C1 has only 3", "around 3."),
        (
            (Unit(8), Unit(8, residual=1), Unit(8, residual=2)),
            "that of unit 2 ends inside it",
            "around 1, or",
        ),
        # Nested: from before unit 2 to after unit 4, around that of unit 3.
        ((Unit(8), Unit(8), Unit(8, residual=1), Unit(8, residual=3)), "that of unit 3 ends", "around 1, or"),
        ((Unit(8, residual=1),), "the 3 channels that go into unit 1 to its own 8", "the same 3 channels"),
        ((Unit(8), Unit(9), Unit(9, residual=2)), "the 8 channels that go into unit 2", "the same 8"),
        ((Unit(8), Unit(8, stride=2), Unit(8, residual=2)), "unit 2 has stride 2", "stride 1"),
        ((Unit(8), Unit(8, padding=0, residual=1)), "a map of 32 pixels a side to one of 30", "keep the map"),
        # Padding 4 makes up for stride 2 in size, but no value stands on its own pixel any more.
        ((Unit(3, kernel=1, stride=2, padding=16, residual=1),), "unit 1 has stride 2", "stride 1"),
    ],
)
def test_what_cannot_be_added_is_told_with_its_cure(units, message, cure):
    found = problems(net(*units))
    assert len(found) == 1
    assert found[0].stage == "C1"
    assert message in found[0].message
    assert cure in found[0].cure
    with pytest.raises(SpecError, match="residual connection"):
        build(net(*units))


def test_what_stands_in_the_way_is_the_connections_own():
    """Asked before one is chosen: nothing that was wrong already, and not the unit's present connection."""
    assert obstacle(net(Unit(8), Unit(8, kind="grouped", groups=3)), "C1", 2, 1) is None
    spec = net(Unit(8), Unit(8), Unit(8, residual=1))
    assert obstacle(spec, "C1", 3, 2) is None
    assert "the 3 channels" in obstacle(spec, "C1", 3, 3).message
    assert "stride 2" in obstacle(net(output=Head((Unit(3, stride=2),))), "O", 1, 1).message


def test_one_behind_the_other_is_no_overlap():
    assert (
        problems(net(Unit(8), Unit(8, residual=1), Unit(8, residual=1), Unit(8), Unit(8, residual=2))) == []
    )


def test_padding_may_move_from_one_layer_to_the_next():
    # 3x3 without padding takes 2 pixels, the pointwise gives them back: the middles lie on each other again.
    spec = net(Unit(8), Unit(8, kind="separable", padding=0, pointwise_padding=1, residual=1))
    assert problems(spec) == []
    rows = analyse(spec).rows
    at = next(i for i, row in enumerate(rows) if row.layer.kind == "add")
    assert rows[at].centre == rows[at - rows[at].layer.span - 1].centre == 0


def test_ways_through_a_sum_by_hand():
    # 3x3 at dilation 2 sees offsets 0, 2, 4 of which 2 is the middle; around it the middle is seen twice.
    rows = [row for row in analyse(net(Unit(3, dilation=2, residual=1))).rows if row.layer.stage == "C1"]
    assert paths(rows) == {0: 1, 2: 2, 4: 1}
    # A 3x3 at dilation 1 before it, and around both: {0, 1, 2} + {0, 2, 4} and the middle, 3, once more.
    rows = [
        row for row in analyse(net(Unit(3), Unit(3, dilation=2, residual=2))).rows if row.layer.stage == "C1"
    ]
    assert paths(rows) == {0: 1, 1: 1, 2: 2, 3: 2, 4: 2, 5: 1, 6: 1}
    # The identity of the second fills a hole: 0, 2, 4 then 4 apart gives {0, 2, 4, …, 12}; nothing odd.
    rows = [row for row in analyse(net(Unit(3, dilation=2), Unit(3, dilation=3, residual=1))).rows
            if row.layer.stage == "C1"]  # fmt: skip
    # {0, 2, 4} + {0, 3, 6} = 0 2 3 4 5 6 7 8 10; the identity adds {3, 5, 7}: 1 and 9 stay unseen.
    assert coverage(rows) == 9 / 11
    assert paths(rows)[5] == 2


def test_data_of_before_reads_and_writes_as_before():
    for name in set(PRESETS) - {"featherweight"}:
        assert "residual" not in json.dumps(preset(name).to_dict())
    data = TWO.to_dict()
    assert data["version"] == 1
    assert data["stages"]["C1"]["units"] == [{"channels": 8}, {"channels": 8}, {"channels": 8, "residual": 2}]
    assert NetSpec.from_dict(data) == TWO
    data["stages"]["C1"]["units"][2]["residual"] = 13
    with pytest.raises(SpecError, match="C1, unit 3: residual is 13; it takes a whole number from 0 to 12"):
        NetSpec.from_dict(data)


def test_the_written_file_shows_it_and_takes_the_weights():
    spec = net(Unit(8), Unit(12), Unit(8, residual=2), Unit(8, kind="separable", residual=1))
    module = build(spec, seed=2).eval()
    text = model_source(spec)
    assert "class Residual(nn.Sequential):" in text
    assert text.count("            Residual(\n") == 2
    assert "),  # and its input added: (8, 32, 32), RF 7" in text
    space: dict = {"__name__": "model"}
    exec(compile(text, "model.py", "exec"), space)
    network, names = space["Network"](), renamed_keys(spec)
    # Layer 3 is the first in the first sum, which takes place 3 of C1; layer 10 the first of that at 4.
    assert (names["layers.3"], names["layers.8"], names["layers.10"]) == ("C1.3.0", "C1.3.5", "C1.4.0")
    state = {
        f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": value
        for name, value in module.state_dict().items()
    }
    assert list(state) == list(network.state_dict())
    network.load_state_dict(state)
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(network.eval()(images), module(images))


def test_a_file_without_it_has_no_word_of_it():
    assert "Residual" not in model_source(preset("starter"))


def ids(spec):
    return {lesson.id for lesson in lessons(spec)}


def test_lessons_look_through_the_sum():
    # x + conv(x) is a convolution, and so is the next one: two that are one.
    bare = net(Unit(8), Unit(8, norm=False, activation=False, residual=1), Unit(8))
    assert "nothing-between" in ids(bare)
    # Around two of them the sum joins what went through a ReLU to what did not: no longer one convolution.
    linear_end = net(Unit(8), Unit(8), Unit(8, norm=False, activation=False, residual=2), Unit(8))
    assert "nothing-between" not in ids(linear_end)
    # A sum on the logits is no activation on them.
    logits = Unit(10, kernel=1, norm=False, activation=False, residual=1)
    assert "activation-on-logits" not in ids(net(Unit(10), logits, output=Head(classifier="none")))


def test_depthwise_then_pointwise_is_still_seen():
    grouped = Unit(8, kind="grouped", groups=8, residual=1)
    rows = analyse(net(Unit(8), grouped, Unit(16, kernel=1))).rows
    assert pointwise_follows(rows, next(row for row in rows if row.layer.groups == 8))


def test_removing_a_unit_leaves_the_sum_before_it():
    spec = net(Unit(8), Unit(8, residual=1), Unit(16))
    assert unit_edits.remove_unit(spec, "C1") == net(Unit(8), Unit(8, residual=1))
    assert problems(edits.set_channels(TWO, "C1", 16)) == []  # all three are as wide, and stay so


@pytest.mark.parametrize("around", [1, 2, 3])
def test_random_networks_have_them(around):
    """So that the properties held by random networks speak of these too."""

    def has(spec):
        return buildable(spec) and any(
            unit.residual == around for stage in spec.stages for unit in stage.units
        )

    find(
        specs(),
        has,
        settings=settings(max_examples=500, phases=[Phase.generate], database=None, derandomize=True),
    )
