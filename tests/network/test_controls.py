"""The whole vocabulary under the hand: every control of every place, on random networks over all of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from wide_specs import wide_specs

from cifar7.network import edits, unit_edits
from cifar7.network.controls.table import toggles_at
from cifar7.network.controls.toggle import NETWORK, Form, Level, Place, Toggle
from cifar7.network.problems import problems
from cifar7.network.spec import OUTPUT, STAGE_NAMES, Head, NetSpec, Stage, Unit

HEAD = Head()
EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "8"))  # of each a hundred controls and more
GROUPING = ("kind", "groups")  # of a stage, they leave out a unit whose channels the groups do not divide


def net(*units: Unit, second: tuple[Unit, ...] = (), head: Head = HEAD) -> NetSpec:
    return NetSpec("made", (Stage(units), Stage(second), Stage(), Stage()), head)


def places(spec: NetSpec) -> Iterator[Place]:
    yield NETWORK
    for name in (*STAGE_NAMES, OUTPUT):
        yield Place(name)
        for at, unit in enumerate(spec.every(name), 1):
            yield Place(name, at)
            yield from (Place(name, at, beside) for beside in range(1, len(unit.shortcut) + 1))


def shown(spec: NetSpec) -> Iterator[tuple[Place, Toggle, Form]]:
    for place in places(spec):
        if place.level is Level.STAGE and not spec.units(place.stage):
            continue
        yield from ((place, toggle, form) for toggle, form in toggles_at(place) if form.visible(spec, place))


def form_of(spec: NetSpec, place: Place, name: str) -> Form:
    return next(form for toggle, form in toggles_at(place) if toggle.name == name)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(wide_specs())
def test_every_control_shows_and_edits_what_there_is(spec):
    """Each option is read back as it was set, and setting what is there changes nothing."""
    for place, toggle, form in shown(spec):
        value = form.read(spec, place)
        of_stage = place.level is Level.STAGE and toggle.name in GROUPING
        if value is not None:
            assert toggle.text(value)
            if not of_stage:
                assert form.apply(spec, place, value) == spec, (place, toggle.name)
        for option in form.values(spec, place):
            assert toggle.text(option)
            after = form.apply(spec, place, option)
            if of_stage:
                assert option in {getattr(u, toggle.name) for u in after.units(place.stage) if u.spatial}
            else:
                assert form.read(after, place) == option, (place, toggle.name, option)
        assert NetSpec.from_dict(after.to_dict()) == after
        assert isinstance(problems(after), list)  # told, and never raised


def test_every_field_of_a_unit_has_a_control():
    """Setting each field to another value shows in some control of the unit, so that nothing is hidden."""
    unit = Unit(8, kind="separable", dropout=0.1, residual=1, norm_kind="group", shortcut=(Unit(8),))
    others = {
        "channels": 16, "kernel": 5, "kind": "standard", "groups": 2, "stride": 2, "dilation": 2,
        "padding": 0,
        "norm": False, "activation": False, "dropout": 0.2, "residual": 0, "between": False,
        "dropout_after": "depthwise", "pointwise_padding": 1, "pointwise_bias": False, "bias": False,
        "order": "conv-act-norm", "norm_kind": "layer", "norm_groups": 2, "activation_kind": "tanh",
        "padding_mode": "reflect", "dropout_kind": "channels", "shortcut": (Unit(8), Unit(8)),
        "join": "concat",
        "joined_activation": True,
    }  # fmt: skip
    assert set(others) == {field.name for field in fields(Unit)}
    for name, value in others.items():
        if name == "groups":  # read by a grouped unit only
            before, after = (replace(unit, kind="grouped", groups=groups) for groups in (1, 2))
        else:
            before, after = unit, replace(unit, **{name: value})
        assert looks(net(before)) != looks(net(after)), name


def looks(spec: NetSpec) -> list[tuple[str, object]]:
    return [(toggle.name, form.read(spec, place)) for place, toggle, form in shown(spec) if place.unit]


@pytest.mark.parametrize(
    ("name", "value"), [("bias", False), ("pooling", "max"), ("pool", 4), ("classifier", "none")]
)
def test_every_field_of_the_head_has_a_control(name, value):
    before, after = net(Unit(8)), net(Unit(8), head=replace(Head(), **{name: value}))
    assert [(t.name, f.read(before, p)) for p, t, f in shown(before)] != [
        (t.name, f.read(after, p)) for p, t, f in shown(after)
    ]


def test_a_pool_begins_as_one_and_a_convolution_as_one():
    spec = net(Unit(8, dilation=2, norm_kind="layer"), Unit(8))
    pooled = unit_edits.set_operation(spec, "C1", 1, 0, "max_pool", 2)
    assert pooled.units("C1")[0] == Unit(3, kernel=2, stride=2, kind="max_pool", norm=False, activation=False)
    assert problems(pooled) == []
    again = unit_edits.set_operation(pooled, "C1", 1, 0, "standard", 2)
    assert again.units("C1")[0] == Unit(3)
    inside = unit_edits.set_operation(net(Unit(8), Unit(8, residual=1)), "C1", 2, 0, "avg_pool", 2)
    assert inside.units("C1")[1].stride == 1  # a sum of two maps of one size
    assert problems(inside) == []


def test_a_unit_comes_and_goes_at_any_place():
    """A residual connection around units 2 and 3 still begins where it began."""
    spec = net(Unit(8), Unit(16), Unit(8, residual=2), Unit(4))
    for after, around in ((0, 2), (1, 2), (2, 3), (3, 2), (4, 2)):
        longer = unit_edits.add_unit(spec, "C1", after)
        assert problems(longer) == []
        assert longer.units("C1")[after] == Unit((3, 8, 16, 8, 4)[after])
        assert max(unit.residual for unit in longer.units("C1")) == around
        assert unit_edits.remove_unit(longer, "C1", after + 1) == spec


def test_units_behind_the_pooling():
    spec = unit_edits.add_unit(net(Unit(8)), OUTPUT, behind=True)
    assert spec.output.behind == (Unit(8, kernel=1, kind="linear"),)
    spec = unit_edits.add_unit(spec, OUTPUT, 1)
    assert len(spec.output.behind) == 2
    assert problems(spec) == []
    assert unit_edits.remove_unit(unit_edits.remove_unit(spec, OUTPUT, 2), OUTPUT, 1) == net(Unit(8))
    before = unit_edits.add_unit(spec, OUTPUT, 0)
    assert (len(before.output.units), len(before.output.behind)) == (1, 2)


def test_a_shortcut_begins_with_what_fits():
    """Around two units, from 8 channels to 16 at half the size: a 1x1 with stride 2 to 16 channels."""
    spec = net(Unit(8), Unit(16, stride=2), Unit(16, residual=2))
    assert problems(spec)
    one = unit_edits.set_beside(spec, "C1", 3, 1)
    assert one.units("C1")[2].shortcut == (Unit(16, kernel=1, stride=2, activation=False),)
    assert problems(one) == []
    two = unit_edits.set_beside(spec, "C1", 3, 2)
    assert two.units("C1")[2].shortcut == (Unit(8), Unit(16, kernel=1, stride=2, activation=False))
    assert problems(two) == []
    assert unit_edits.set_beside(two, "C1", 3, 1) == one
    assert unit_edits.remove_beside(two, "C1", 3, 1) == one
    assert problems(unit_edits.add_beside(one, "C1", 3, 1)) == []
    assert unit_edits.set_residual(one, "C1", 3, 0).units("C1")[2] == Unit(16)


def test_the_channels_of_a_stage_keep_its_sums():
    """32 go in. Unit 1 adds them and keeps 32; units 2 and 3 are a sum of their own, with a 1x1 beside."""
    first = Unit(32, residual=1)
    spec = net(
        Unit(32),
        second=(first, Unit(32), Unit(32, residual=2, shortcut=(Unit(32, kernel=1, activation=False),))),
    )
    assert problems(spec) == []
    wider = edits.set_channels(spec, "C2", 48)
    assert problems(wider) == []
    assert [unit.channels for unit in wider.units("C2")] == [32, 48, 48]
    assert wider.units("C2")[2].shortcut[0].channels == 48
    assert edits.set_channels(wider, "C2", 32) == spec


def test_a_stage_that_ends_with_a_concatenation_has_no_one_width():
    spec = net(Unit(8), Unit(8, residual=1, join="concat"), Unit(16, kind="max_pool", kernel=2, stride=2))
    assert edits.channels_set(spec, "C1") is None
    assert edits.set_channels(spec, "C1", 4) == spec
    assert not form_of(spec, Place("C1"), "channels").visible(spec, Place("C1"))
