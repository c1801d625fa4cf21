"""What a sweep says: its sentences, the best design, what it does not claim, and how often it is wrong."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from sweeps.made import by_chance, defined, run, trial, trials

from cifar7.sweeps.learned import figures
from cifar7.sweeps.outcome import ALL_CLASSES, Judged, judgements
from cifar7.sweeps.words import report

GRID = defined("c3.dilation=1,2,3", "c4.kind=standard,separable", "lr=0.2,0.1", seeds=2)
DRAWN = defined(
    "c3.dilation=1,2,3", "c4.kind=standard,separable", "dropout=0:0.2", sampler="random", trials=16, seeds=2
)
SWEEPS = int(os.environ.get("CIFAR7_SWEEPS", "200"))  # made-up ones; -s prints how many claim something


def drawn(random):
    kinds = ("standard", "separable")
    return [
        {"c3.dilation": int(random.integers(1, 4)), "c4.kind": kinds[random.integers(2)],
         "dropout": float(random.uniform(0, 0.2))}
        for _ in range(DRAWN.trials)
    ]  # fmt: skip


def claims(definition, values, random, effect=lambda values: 0.0):
    said = report(definition, by_chance(values, random, effect))
    return {(f.axis, f.choice) for f in said.findings if f.claimed}


@pytest.fixture
def few_deals(monkeypatch):
    """As many as tell a chance of 0.3 %, the least that a claim asks of a figure here, to a quarter of it."""
    monkeypatch.setattr(figures, "DEALS", 1999)
    monkeypatch.setattr(figures, "LEAST", 1999)


@pytest.mark.parametrize("definition", [GRID, DRAWN], ids=["grid", "random"])
def test_where_nothing_matters_hardly_any_sweep_claims_anything(definition, few_deals):
    random = np.random.default_rng(1)
    wrong = 0
    for _ in range(SWEEPS):
        values = list(definition.grid()) if definition is GRID else drawn(random)
        wrong += bool(claims(definition, values, random))
    print(f"{wrong} of {SWEEPS} sweeps in which nothing matters claim something")
    assert wrong <= 0.05 * SWEEPS


@pytest.mark.parametrize("definition", [GRID, DRAWN], ids=["grid", "random"])
def test_an_effect_of_three_times_the_spread_is_mostly_found(definition, few_deals):
    random = np.random.default_rng(2)
    found = 0
    for _ in range(SWEEPS):
        values = list(definition.grid()) if definition is GRID else drawn(random)
        found += ("c3.dilation", 2) in claims(
            definition, values, random, lambda v: 0.03 * (v["c3.dilation"] == 2)
        )
    print(f"{found} of {SWEEPS} sweeps find an effect of three times the spread")
    assert found >= 0.9 * SWEEPS


def test_pairs_and_their_error_in_words():
    """The accuracies of test_effects: 3 points, an error of 1, and 2.776 times that for 95 %."""
    small = defined("c3.dilation=1,2", "c3.kind=standard,separable", seeds=2)
    made = trials(
        small.grid(),
        [
            [0.7 + 0.03 * d - 0.02 * k + 0.05 * s + 0.01 * (-1) ** (d + k + s) for s in (0, 1)]
            for d in (0, 1)
            for k in (0, 1)
        ],
    )
    said = report(small, made)
    assert [finding.text for finding in said.findings if finding.margin] == [
        "Dilation 2 in C3 instead of 1: +3.0 ± 2.8 points over 4 pairs, may be luck.",
        "Convolution separable in C3 instead of standard: −2.0 ± 2.8 points over 4 pairs, may be luck.",
    ]
    assert "Nothing that varied made a difference that luck does not explain." in said.notes
    assert said.explained == ()
    sharp = [
        replace(t, repeats=tuple(replace(r, heldout=0.7 + 0.1 * (r.heldout - 0.7) + 0.05 * (t.number > 1))
                                 for r in t.repeats))
        for t in made
    ]  # fmt: skip
    said = report(small, sharp)
    assert said.findings[0].text == "Dilation 2 in C3 instead of 1: +5.3 ± 0.3 points over 4 pairs."
    assert said.findings[0].claimed
    assert said.explained[0].startswith("What the accuracy depends on most is dilation in C3: its choices ")


def test_a_range_is_told_by_its_middle():
    only = defined("dropout=0:0.2", sampler="random", trials=4, seeds=2)
    values = [{"dropout": value} for value in (0.02, 0.1, 0.15, 0.2)]
    made = trials(values, [[0.70, 0.71], [0.72, 0.71], [0.66, 0.67], [0.68, 0.67]])
    # Means ±0.005 from theirs over 2 degrees of freedom, seeds ±0.005 over 3: pooled 0.63, times 2.571.
    assert [finding.text for finding in report(only, made).findings] == [
        "Dropout above 0.1: −4.0 ± 1.6 points (2 and 2 designs)."
    ]


SHAPES = defined(
    "c3.dilation=1,2", "c4.dilation=1,2", "c3.kind=standard,separable", "c4.kind=standard,separable", seeds=2
)


def of_shapes(cut):
    """The relational pairs are guessed with a receptive field below `cut` px; all else is told."""
    random = np.random.default_rng(3)
    made = []
    for number, values in enumerate(SHAPES.grid()):
        plain = trial(number, values, ())
        runs = []
        for seed in (1, 2):
            classes = 0.95 + random.normal(0, 0.01, 10)
            classes[6:] -= 0.43 * (plain.receptive_field < cut)
            runs.append(run(seed, float(classes.mean()), by_class=tuple(classes)))
        made.append(replace(plain, repeats=tuple(runs)))
    return made


@pytest.mark.parametrize(("cut", "above", "below"), [(68, 12, 4), (84, 4, 12)])
def test_that_the_relational_pairs_need_a_receptive_field_is_found(cut, above, below):
    # Fields are 20 + 16 * (3 .. 4) px: 52 with both dilations at 1, 68 with one at 2, 84 with both.
    said = report(SHAPES, of_shapes(cut), judgements("shapes"))
    text = next(f.text for f in said.findings if f.axis == "receptive_field" and f.judged != "All classes")
    assert text.startswith(f"With a receptive field of {cut} px or more the relational pairs come to 9")
    assert "with less to 5" in text
    assert text.endswith(f" ({above} and {below} designs).")
    assert text in said.sentences
    assert said.explained[1].startswith(
        f"What the relational pairs depend on most is the receptive field: a cut at {cut} px accounts for "
    )
    claimed = {finding.axis for finding in said.findings if finding.claimed}
    assert claimed == {"receptive_field", "c3.dilation", "c4.dilation"}
    json.dumps(said.to_dict(), allow_nan=False)


def test_a_figure_may_matter_where_no_single_choice_does():
    """Accuracies of a sweep over dilations 1 and 3 and both kinds in C3 and C4 on shapes, two seeds each.

    What is guessed with 24 px is seen with 40 or 56, and 56 are no better than 40: each dilation pays only
    where the other does not.
    """
    pairs = [
        (50.7, 51.8), (50.3, 50.2), (51.0, 52.8), (50.2, 49.5), (83.8, 90.0), (87.5, 64.0), (81.0, 79.2),
        (80.0, 55.5), (79.8, 85.0), (84.2, 80.8), (61.5, 78.0), (66.5, 54.0), (72.0, 69.8), (70.8, 71.5),
        (72.5, 64.2), (67.0, 70.8),
    ]  # fmt: skip
    made = [
        trial(number, values, [run(s, y / 100, by_class=(y / 100,) * 10) for s, y in enumerate(row, start=1)])
        for number, (values, row) in enumerate(zip(SHAPES.grid(), pairs, strict=True))
    ]
    said = report(SHAPES, made, judgements("shapes")[1:])
    assert {finding.axis for finding in said.findings if finding.claimed} == {"receptive_field"}
    assert said.explained[0].startswith("What the relational pairs depend on most is the receptive field: ")


def test_a_cut_that_is_one_between_choices_says_so():
    only = defined("c3.dilation=1,2", "c3.kind=standard,separable", "lr=0.05,0.1,0.2", seeds=3)
    made = by_chance(
        list(only.grid()), np.random.default_rng(1), lambda v: 0.2 * (v["c3.dilation"] == 2), seeds=3
    )
    assert (
        report(only, made)
        .explained[0]
        .endswith("In this sweep that is the same cut as one between choices of dilation in C3.")
    )


def test_one_seed_claims_nothing_and_says_why():
    random = np.random.default_rng(1)
    said = report(GRID, by_chance(list(GRID.grid()), random, lambda v: 0.2 * (v["lr"] == 0.1), seeds=1))
    assert not any(finding.claimed for finding in said.findings)
    assert said.notes[0].startswith("Each design was trained to its end with one seed")
    assert said.winner.text.endswith("With one seed each, another seed may put another design first.")
    assert said.comparisons == 0


def test_what_did_not_end_is_counted_and_left_out():
    random = np.random.default_rng(1)
    stopping = replace(GRID, stop="asha")
    made = by_chance(list(GRID.grid()), random)
    early = replace(made[0].repeats[0], state="stopped", early=True, complete=False)
    made[0] = replace(made[0], repeats=(early,))
    made[1] = replace(made[1], repeats=(made[1].repeats[0], run(2, 0.1, state="failed", complete=False)))
    made[2] = replace(made[2], repeats=(*made[2].repeats, run(3, 0.1, state="queued", complete=False)))
    made[3] = replace(made[3], repeats=(), obstacle="Parameters: 200,000, not < 100,000")
    notes = "\n".join(report(stopping, made).notes)
    for words in (
        "1 design of 12 stopped early (successive halving (ASHA)) and left out",
        "1 run failed and left out.",
        "1 run still to come",
        "1 design not trained, the first for this: Parameters: 200,000, not < 100,000",
    ):
        assert words in notes
    assert report(GRID, []).notes == (
        "No run has been trained to its end, so there is nothing to compare yet.",
    )
    assert report(GRID, []).winner is None


def test_the_best_design_is_chosen_by_held_out_accuracy_among_those_with_all_seeds():
    only = defined("c3.dilation=1,2,3,4", seeds=2)
    made = trials(only.grid(), [[0.80, 0.81], [0.90, 0.91], [0.899, 0.909], [0.95]])
    made[0] = replace(made[0], repeats=tuple(replace(r, test=0.99) for r in made[0].repeats))
    made[2] = replace(made[2], parameters=500)
    best = report(only, made).winner
    assert (best.number, best.seeds, best.second, best.test) == (1, 2, 2, None)
    assert best.text.startswith(
        "Best by held-out accuracy: trial 2 (dilation 2 in C3) with 90.5 % over 2 seeds, spread 0.7, "
        "1,000 parameters, 100,000 MACs and 1 min 00 s a training. Next is trial 3, 0.1 points behind, with "
        "500 parameters"
    )
    assert "test" not in best.text
    made[1] = replace(made[1], repeats=tuple(replace(r, test=0.88) for r in made[1].repeats), fulfilled=False)
    made[2] = replace(made[2], fulfilled=True)
    text = report(only, made).winner.text
    assert "On the test images, which did not choose it: 88.0 %." in text
    assert "It does not fulfil the assignment; the best that does is trial 3, 90.4 %." in text


def test_designs_that_seeds_cannot_part_from_the_best_are_named_by_the_cheapest():
    only = defined("c3.dilation=1,2,3", seeds=2)
    # Within trials runs are ±1 point from what the seeds add: 2 * 3 squares over 2 degrees of freedom.
    made = trials(only.grid(), [[0.70, 0.68], [0.90, 0.92], [0.89, 0.89]])
    made[2] = replace(made[2], parameters=500)
    best = report(only, made).winner
    assert (best.number, best.alike, best.smallest) == (1, (2,), 2)
    assert best.text.endswith(
        "1 other design cannot be told from it by 2 seeds; of all these trial 3 has the fewest parameters: "
        "500, at 89.0 %."
    )


def test_a_group_without_figures_by_class_says_nothing():
    made = by_chance(list(GRID.grid()), np.random.default_rng(1))
    said = report(GRID, made, (ALL_CLASSES, Judged("Relational pairs", (6, 7))))
    assert {finding.judged for finding in said.findings} == {"All classes"}
