"""What differs between designs: one toggle is one row, and equal designs have none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from random_specs import random_spec, randomly, specs
from wide_specs import wide_spec

from cifar7.network import edits
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.results.differences import Difference, design_differences, recipe_differences
from cifar7.training.config import TrainConfig

START = preset("starter")
HEAD = Head()


def only(*specs: NetSpec) -> Difference:
    (row,) = design_differences(specs)
    return row


def test_equal_designs_have_no_rows_whatever_they_are_called() -> None:
    assert design_differences([START, replace(START, name="copy")]) == ()
    assert design_differences([START]) == ()
    assert design_differences([]) == ()


def test_one_toggle_is_one_row_a_unit() -> None:
    plain = edits.set_dilation(START, "C2", 2)
    assert design_differences([START, plain]) == (
        Difference("C2", 1, "dilation", ("1", "2")),
        Difference("C2", 2, "dilation", ("1", "2")),
    )
    separable = edits.set_kind(START, "C1", "separable")
    assert [row.what for row in design_differences([START, separable])] == ["convolution"] * 2
    assert only(START, edits.set_pool(START, "C3", None)) == Difference(
        "C3", 0, "max-pool, pixels", ("2", "none")
    )
    assert only(START, replace(START, bias=True)).values == ("off", "on")
    assert only(START, replace(START, activation="gelu")) == Difference(
        "network", 0, "activation", ("relu", "gelu")
    )


def test_grouped_says_into_how_many() -> None:
    two, four = (edits.set_kind(START, "C2", "grouped", groups) for groups in (2, 4))
    rows = design_differences([START, two, four])
    assert rows[0] == Difference("C2", 1, "convolution", ("standard", "grouped into 2", "grouped into 4"))


def test_a_residual_connection_is_told_in_words() -> None:
    def spec(around: int) -> NetSpec:
        units = (Unit(16), Unit(16), Unit(16, residual=around))
        return replace(START, stages=(Stage(units), *START.stages[1:]))

    assert design_differences([spec(0), spec(1), spec(2)]) == (
        Difference(
            "C1",
            3,
            "residual connection",
            ("no", "around this unit", "around this and the one before"),
        ),
    )


def test_what_a_kind_does_not_read_is_no_difference() -> None:
    def spec(unit: Unit) -> NetSpec:
        return replace(START, stages=(Stage((unit,)), *START.stages[1:]))

    base = Unit(16)
    assert design_differences([spec(base), spec(replace(base, groups=4, pointwise_padding=1))]) == ()
    assert design_differences([spec(base), spec(replace(base, padding=1))]) == ()  # it keeps the map anyway
    assert only(spec(base), spec(replace(base, padding=0))).values == ("as keeps the map", "0")
    point = Unit(16, kernel=1)
    assert design_differences([spec(point), spec(replace(point, dilation=2))]) == ()  # of one pixel
    tail = replace(base, kind="separable", dropout_after="depthwise")
    assert design_differences([spec(tail), spec(replace(tail, dropout_after="unit"))]) == ()
    dropped = replace(tail, dropout=0.1)
    assert only(spec(dropped), spec(replace(dropped, dropout_after="unit"))).values == ("depthwise", "unit")


def test_a_unit_more_is_told_as_a_whole() -> None:
    stage = START.stage("C1")
    more = START.with_stage("C1", replace(stage, units=(*stage.units, Unit(40, kernel=5))))
    assert only(START, more) == Difference("C1", 3, "unit", ("–", "40 channels, 5x5, standard"))


def test_every_row_differs_and_has_a_value_for_every_design() -> None:
    rows = design_differences([p.spec for p in PRESETS.values()])
    assert rows
    for row in rows:
        assert len(row.values) == len(PRESETS)
        assert len(set(row.values)) > 1
        assert all(row.values)


@settings(max_examples=60, deadline=None)
@given(randomly(lambda chance: (random_spec(chance), random_spec(chance))))
def test_designs_without_a_row_count_the_same(pair: tuple[NetSpec, NetSpec]) -> None:
    from cifar7.network.layers import expand

    a, b = pair
    forwards, backwards = design_differences([a, b]), design_differences([b, a])
    assert [(r.where, r.what, r.values) for r in forwards] == [
        (r.where, r.what, r.values[::-1]) for r in backwards
    ]
    assert design_differences([a, a]) == ()
    if not forwards:
        assert expand(a) == expand(b)


@settings(max_examples=60, deadline=None)
@given(specs())
def test_a_change_that_changes_a_layer_has_a_row(spec: NetSpec) -> None:
    from cifar7.network.layers import expand

    for name in ("C1", "C2", "C3", "C4"):
        for changed in (
            edits.set_dilation(spec, name, 3),
            edits.set_kind(spec, name, "separable"),
            edits.set_dropout(spec, name, 0.37),
            edits.set_pool(spec, name, 3),
        ):
            assert (expand(spec) != expand(changed)) == bool(design_differences([spec, changed]))


def test_recipes() -> None:
    base = TrainConfig()
    assert recipe_differences([base, base]) == ()
    rows = recipe_differences([base, TrainConfig(lr=0.05, flip="none"), TrainConfig(seed=2)])
    assert rows == (
        Difference("recipe", 0, "peak learning rate", ("0.2", "0.05", "0.2")),
        Difference("recipe", 0, "mirror images", ("random", "none", "random")),
        Difference("recipe", 0, "seed", ("1", "1", "2")),
    )


@pytest.mark.parametrize(
    "idle",
    [
        {"step_epochs": 3},
        {"step_factor": 0.1},
        {"protocol": "test-each-epoch", "holdout": 7},
        {"schedule": "constant", "warmup": 0.5},
    ],
)
def test_an_idle_setting_is_no_difference(idle: dict) -> None:
    base = TrainConfig(protocol=idle.get("protocol", "holdout"), schedule=idle.get("schedule", "one-cycle"))
    assert recipe_differences([base, replace(base, **idle)]) == ()


def made(*units: Unit, head: Head = HEAD) -> NetSpec:
    return NetSpec("made", (Stage(units), Stage(), Stage(), Stage()), head)


@pytest.mark.parametrize(
    ("field", "value", "what", "words"),
    [
        ("norm_kind", "group", "normalisation", ("on", "group")),
        ("norm", False, "normalisation", ("on", "off")),
        ("activation_kind", "gelu", "activation", ("on", "gelu")),
        ("bias", False, "bias", ("as the network", "off")),
        ("order", "norm-act-conv", "order of layers", ("as the network", "norm-act-conv")),
        ("padding_mode", "reflect", "beyond the border", ("zeros", "reflect")),
        ("kind", "max_pool", "convolution", ("standard", "max pool")),
    ],
)
def test_what_a_unit_departs_in_is_named(field, value, what, words) -> None:
    rows = design_differences([made(Unit(8)), made(replace(Unit(8), **{field: value}))])
    assert Difference("C1", 1, what, words) in rows


def test_units_on_a_shortcut_and_behind_the_pooling_are_compared_in_their_places() -> None:
    def around(*shortcut: Unit) -> NetSpec:
        return made(Unit(8, residual=1, shortcut=shortcut))

    assert only(around(Unit(8)), around(Unit(8, dilation=2))) == Difference(
        "C1", 1, "on the shortcut, 1: dilation", ("1", "2")
    )
    assert only(around(), around(Unit(8))) == Difference(
        "C1", 1, "on the shortcut, 1: unit", ("–", "8 channels, 3x3, standard")
    )
    behind = [made(Unit(8), head=Head(behind=(Unit(n, kind="linear"),))) for n in (16, 32)]
    assert only(*behind) == Difference("O", 0, "behind the pooling, 1: channels", ("16", "32"))
    assert only(made(Unit(8)), made(Unit(8), head=Head(bias=False))) == Difference(
        "O", 0, "bias of the classifier", ("on", "off")
    )


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(randomly(lambda chance: (wide_spec(chance), wide_spec(chance))))
def test_networks_over_the_whole_vocabulary_are_compared(pair: tuple[NetSpec, NetSpec]) -> None:
    one, other = pair
    assert design_differences([one, one]) == ()
    for row in design_differences([one, other]):
        assert row.what
        assert len(set(row.values)) == 2
