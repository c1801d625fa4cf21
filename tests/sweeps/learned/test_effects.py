"""Effects of choices with their errors, worked out by hand, and what accuracy goes with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sweeps.made import by_chance, defined, run, trial, trials

from cifar7.sweeps.learned import figures
from cifar7.sweeps.learned.effects import effects, shares
from cifar7.sweeps.learned.figures import associations
from cifar7.sweeps.measured import measured
from cifar7.sweeps.outcome import ALL_CLASSES

GRID = defined("c3.dilation=1,2", "c3.kind=standard,separable", seeds=2)
RANGE = defined("dropout=0:0.2", sampler="random", trials=4, seeds=2)
DROPOUTS = [{"dropout": value} for value in (0.02, 0.1, 0.15, 0.2)]  # two on either side of 0.1


def of(definition, made):
    return measured(definition, made, ALL_CLASSES)


def grid_runs(gap=0.0):
    """Dilation 2 adds 3 points, separable takes 2, seed 2 adds 5; ±1 as its three signs together say."""
    return trials(
        GRID.grid(),
        [
            [
                0.7 + 0.03 * d - 0.02 * k + 0.05 * s + gap * (d == k) + 0.01 * (-1) ** (d + k + s)
                for s in (0, 1)
            ]
            for d in (0, 1)
            for k in (0, 1)
        ],
    )


def test_a_full_grid_gives_mean_differences_of_pairs_and_a_pooled_error():
    dilation, kind = effects(of(GRID, grid_runs()))
    # 8 runs, 4 coefficients: 8 squares of 0.01 over 4 degrees of freedom; differences of means of 4 and 4.
    error = 100 * math.sqrt(8 * 0.01**2 / 4 * (1 / 4 + 1 / 4))
    assert error == pytest.approx(1)
    assert (dilation.points, kind.points) == (pytest.approx(3), pytest.approx(-2))
    assert dilation.margin == pytest.approx(2.776 * error, abs=1e-3)
    assert dilation.p == pytest.approx(0.0399, abs=1e-4)  # of t = 3 with 4 degrees of freedom
    assert (dilation.choice, dilation.reference, dilation.pairs, dilation.designs) == (2, 1, 4, (2, 2))


def test_choices_that_work_differently_together_widen_the_error():
    plain, twisted = (effects(of(GRID, grid_runs(gap)))[0] for gap in (0, 0.06))
    assert twisted.points == pytest.approx(plain.points)
    # Half of the runs have 6 points more: ±3 from what the sum says, 8 squares of 0.03 on top.
    assert twisted.margin / plain.margin == pytest.approx(math.sqrt((0.01**2 + 0.03**2) / 0.01**2))


def test_what_the_design_has_by_itself_is_the_reference():
    listed = defined("c4.dilation=2,1", "c3.dilation=3,2", seeds=2)
    assert {unit.dilation for unit in listed.spec.units("C4")} == {1}
    assert len({unit.dilation for unit in listed.spec.units("C3")}) == 2  # it has none of them
    found = effects(of(listed, trials(listed.grid(), [[0.7, 0.7], [0.8, 0.8], [0.7, 0.8], [0.8, 0.7]])))
    assert [(effect.choice, effect.reference) for effect in found] == [(2, 1), (2, 3)]


@pytest.mark.parametrize(
    ("wiggle", "variance", "quantile"),
    [
        # Means are ±0.01 from theirs, 4 squares over 2 degrees of freedom: 2e-4. Seeds leave 8 squares over
        # 3, half of that for a mean of two: 1.33e-4, so that both are pooled over 5 degrees of freedom.
        (0.01, (2 * 2e-4 + 3 * 8e-4 / 3 / 2) / 5, 2.571),
        # Here seeds leave next to nothing, and what the means say stands alone.
        (0.002, 2e-4, 4.303),
    ],
)
def test_drawn_values_are_judged_by_trials_below_and_above_the_middle(wiggle, variance, quantile):
    means, signs = (0.70, 0.72, 0.66, 0.68), (1, -1, 1, -1)
    made = trials(DROPOUTS, [(m + wiggle * s, m - wiggle * s) for m, s in zip(means, signs)])
    (effect,) = effects(of(RANGE, made))
    assert (effect.points, effect.cut) == (pytest.approx(-4), 0.1)
    assert effect.margin == pytest.approx(quantile * 100 * math.sqrt(variance * (1 / 2 + 1 / 2)), abs=2e-3)
    assert (effect.pairs, effect.designs) == (0, (2, 2))


def test_a_logarithmic_range_is_parted_half_way_in_the_logarithm():
    made = trials([{"lr": lr} for lr in (0.011, 0.09, 0.11, 0.9)], [[0.7, 0.71]] * 4)
    wide = defined("lr=log:0.01:1", sampler="random", trials=4, seeds=2)
    assert [(e.cut, e.designs) for e in effects(of(wide, made))] == [(pytest.approx(0.1), (2, 2))]


def test_a_lacking_seed_makes_no_trial_better():
    one = defined("c3.dilation=1,2,3", seeds=2)
    made = trials(one.grid(), [[0.70, 0.80], [0.72, 0.82], [0.75, 0.85]])
    made[2] = replace(made[2], repeats=made[2].repeats[1:])  # it has the better seed alone
    means = of(one, made).means()
    assert (means - means[0]).tolist() == pytest.approx([0, 0.02, 0.05])


def test_runs_that_did_not_reach_their_end_do_not_count():
    early = [run(1, 0.1, state="stopped", early=True, complete=False)]
    made = [*grid_runs(), trial(4, {"c3.dilation": 2, "c3.kind": "standard"}, early)]
    assert effects(of(GRID, made)) == effects(of(GRID, grid_runs()))


def test_one_seed_gives_differences_and_no_error():
    made = [replace(each, repeats=each.repeats[:1]) for each in grid_runs()]
    found = effects(of(GRID, made))
    assert [effect.points for effect in found] == pytest.approx([3, -2])
    assert {(effect.margin, effect.p) for effect in found} == {(None, None)}
    assert all(association.p is None for association in associations(of(GRID, made)))


def test_equal_runs_prove_nothing():
    """Without any spread a difference has no error to be held against."""
    made = trials(GRID.grid(), [[0.7, 0.7], [0.7, 0.7], [0.8, 0.8], [0.8, 0.8]])
    assert [effect.p for effect in effects(of(GRID, made))] == [1.0, 1.0]


def test_choices_that_always_come_together_cannot_be_told_apart():
    both = defined(
        "c3.dilation=1,2", "c3.kind=standard,separable", "lr=0.1,0.2", sampler="random", trials=4, seeds=2
    )
    values = [{"c3.dilation": d, "c3.kind": k, "lr": lr} for d, k in ((1, "standard"), (2, "separable"))
              for lr in (0.2, 0.1)]  # fmt: skip
    made = trials(values, [[0.7, 0.71], [0.75, 0.74], [0.8, 0.82], [0.84, 0.85]])
    assert [effect.points is None for effect in effects(of(both, made))] == [True, True, False]


def test_the_share_of_an_axis_is_that_of_the_variance_between_its_choices():
    # Means 0, 3, -2 and 1 points: of the squares around their mean 9/13 lie between dilations.
    found = shares(of(GRID, grid_runs()))
    assert found == {"c3.dilation": pytest.approx(9 / 13), "c3.kind": pytest.approx(4 / 13)}


def eight(low, high):
    """Four designs with a dilation of 1 and four with 2, all else equal but a time that orders nothing."""
    values = [{"c3.dilation": d} for d in (1, 2) for _ in range(4)]
    wiggles = (0.0, 0.001, 0.002, 0.003)
    return trials(values, [(y + w, y - w) for y in (low, high) for w in wiggles])


def test_the_best_cut_of_a_figure_and_its_chance():
    (found,) = associations(of(defined("c3.dilation=1,2", seeds=2), eight(0.5, 0.9)))
    assert (found.figure, found.cut, found.designs) == ("receptive_field", 52, (4, 4))
    assert (found.below, found.above) == (pytest.approx(0.5), pytest.approx(0.9))
    assert found.share == pytest.approx(1)
    # Of the 70 ways to choose four of eight, two part the high from the low.
    assert found.p == pytest.approx(2 / 70, abs=0.004)
    assert set(found.upper) == {4, 5, 6, 7}


def test_figures_that_order_the_designs_alike_are_one():
    made = [replace(each, parameters=each.receptive_field * 10) for each in eight(0.5, 0.9)]
    assert [a.figure for a in associations(of(defined("c3.dilation=1,2", seeds=2), made))] == [
        "receptive_field"
    ]


def test_the_limit_for_many_designs_agrees_with_dealing_out(monkeypatch):
    wide = defined("c3.dilation=1,2,3,4", seeds=2, sampler="random", trials=400)
    random = np.random.default_rng(4)
    values = [{"c3.dilation": int(d)} for d in random.integers(1, 5, 400)]
    view = of(wide, by_chance(values, random, lambda v: 0.0016 * (v["c3.dilation"] > 2)))
    dealt = associations(view)[0].p
    monkeypatch.setattr(figures, "MANY", 100)
    assert 0.02 < dealt < 0.5
    assert associations(view)[0].p == pytest.approx(dealt, abs=0.02)
