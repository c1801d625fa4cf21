"""Two runs and more: pictures only one gets right, curves, one toggle over several seeds."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import recorded
from judged import trained

from cifar7.results.compare import curves, only_one_right, shared_end, trial
from cifar7.results.predictions import Predictions, PredictionsError
from cifar7.training.events import Event


def said(sure: list[float], right: list[bool], label: int = 0) -> Predictions:
    """Pictures of one class of two, of which each is given `sure` to the class that is said."""
    rows = [(p, 1 - p) if ok == (label == 0) else (1 - p, p) for p, ok in zip(sure, right)]
    return Predictions(np.array(rows), np.full(len(sure), label), ("cat", "dog"))


def test_pictures_that_only_one_gets_right() -> None:
    a = said([0.6, 0.9, 0.8, 0.7, 0.9], [True, True, False, True, False])
    b = said([0.9, 0.8, 0.7, 0.6, 0.6], [False, False, True, True, False])
    found = only_one_right(a, b)
    assert found.only_a == (1, 0)  # a is surer of 1
    assert found.only_b == (2,)
    assert (found.both, found.neither) == (1, 1)


def test_of_trained_runs_they_are_those_one_by_one() -> None:
    a, b = trained(0), trained(1)
    found = only_one_right(a, b)
    for index in range(len(a)):
        one, other = (int(p.probabilities[index].argmax()) == p.labels[index] for p in (a, b))
        assert (index in found.only_a) == (one and not other)
        assert (index in found.only_b) == (other and not one)
    assert len(found.only_a) - len(found.only_b) == round((a.accuracy - b.accuracy) * len(a))
    assert len(found.only_a) + len(found.only_b) + found.both + found.neither == len(a)
    assert a.confidence[list(found.only_a)].tolist() == sorted(a.confidence[list(found.only_a)], reverse=True)


def test_other_pictures_are_refused() -> None:
    with pytest.raises(PredictionsError, match="different pictures"):
        only_one_right(said([0.9], [True]), said([0.9], [True], label=1))


def epoch(number: int, seconds: float, **figures: float | None) -> Event:
    return recorded({"event": "epoch", "epoch": number, "seconds": seconds, **figures})


def test_curves_hold_every_figure_that_there_is() -> None:
    events = [
        recorded({"event": "beat", "epoch": 1, "seconds": 0.5, "loss": 2.3}),
        epoch(1, 10.0, train_loss=2.0, train_accuracy=0.3, heldout_accuracy=0.25, test_accuracy=None),
        epoch(2, 21.0, train_loss=1.5, train_accuracy=0.5, heldout_accuracy=0.45, test_accuracy=None),
        recorded({"event": "finished", "seconds": 22.0, "test_accuracy": 0.44}),
    ]
    points = curves("dilated", events)
    assert {point.run for point in points} == {"dilated"}
    lines = {
        figure: [(p.epoch, p.seconds, p.value) for p in points if p.figure == figure]
        for figure in dict.fromkeys(p.figure for p in points)
    }
    assert lines == {
        "train loss": [(1, 10.0, 2.0), (2, 21.0, 1.5)],
        "train accuracy": [(1, 10.0, 0.3), (2, 21.0, 0.5)],
        "held-out accuracy": [(1, 10.0, 0.25), (2, 21.0, 0.45)],
    }


def test_an_epoch_done_twice_counts_as_it_ended_last_and_an_explosion_is_left_out() -> None:
    events = [
        epoch(1, 10.0, train_loss=2.0),
        epoch(2, 20.0, train_loss=1.9),
        epoch(2, 35.0, train_loss=1.8),
        epoch(3, 45.0, train_loss=float("nan")),
        epoch(4, 55.0, train_loss=float("inf")),
        recorded(
            {"event": "beat", "epoch": 1, "seconds": 60.0, "loss": 1.7}
        ),  # begun once more, not ended yet
    ]
    assert [(p.epoch, p.seconds, p.value) for p in curves("r", events)] == [(1, 10.0, 2.0), (2, 35.0, 1.8)]
    assert curves("r", []) == ()


def test_runs_share_what_the_shortest_has() -> None:
    long = curves("long", [epoch(k, 10.0 * k, train_loss=1.0) for k in range(1, 9)])
    slow = curves("slow", [epoch(k, 50.0 * k, train_loss=1.0) for k in range(1, 4)])
    assert shared_end([*long, *slow], "epoch") == 3
    assert shared_end([*long, *slow], "time") == 80.0
    assert shared_end([], "time") == 0


def test_the_experiment_in_words() -> None:
    # Differences 0.5, 0.8 and 1.1 points: mean 0.8, deviation 0.3. 4.303 * 0.3 / sqrt(3) = 0.745 < 0.8.
    tried = trial("dilation", {3: 0.70, 1: 0.80, 2: 0.75}, {1: 0.805, 2: 0.758, 3: 0.711})
    assert tried.seeds == (1, 2, 3)
    assert tried.differences == pytest.approx((0.005, 0.008, 0.011))
    assert tried.mean == pytest.approx(0.008)
    assert tried.spread == pytest.approx(0.003)
    assert tried.words == "dilation: +0.8 ± 0.3 points over 3 seeds"
    assert tried.clear
    assert tried.meaning == (
        "It was better with dilation for 3 of 3 seeds, and by more than chance between seeds explains."
    )
    assert (tried.without, tried.with_it) == (pytest.approx(0.75), pytest.approx(0.758))
    assert tried.left_out == ()


def test_what_can_be_chance_is_called_so() -> None:
    # Differences -1, -1 and +0.5: mean -0.5, deviation 0.87.
    tried = trial("dropout", {1: 0.8, 2: 0.8, 3: 0.8}, {1: 0.79, 2: 0.79, 3: 0.805})
    assert tried.words == "dropout: −0.5 ± 0.9 points over 3 seeds"
    assert not tried.clear
    assert tried.meaning.startswith("It was worse with dropout for 2 of 3 seeds: that much can be chance")


def test_one_pair_has_no_spread_and_proves_nothing() -> None:
    tried = trial("dilation", {1: 0.80}, {1: 0.81})
    assert tried.spread is None
    assert tried.words == "dilation: +1.0 points over 1 seed"
    assert not tried.clear
    assert "Repeat it" in tried.meaning


def test_no_difference_at_all() -> None:
    tried = trial("bias", {1: 0.8, 2: 0.7}, {1: 0.8, 2: 0.7})
    assert tried.words == "bias: 0.0 ± 0.0 points over 2 seeds"
    assert not tried.clear
    assert "are the same for all 2 seeds" in tried.meaning


def test_seeds_without_both_results_are_left_out_and_named() -> None:
    tried = trial("dilation", {1: 0.8, 2: 0.8, 4: 0.8}, {1: 0.81, 2: 0.82, 3: 0.9})
    assert (tried.seeds, tried.left_out) == ((1, 2), (3, 4))
    with pytest.raises(PredictionsError, match="no seed has a result both with and without dilation"):
        trial("dilation", {1: 0.8}, {2: 0.8})


def test_clear_is_the_paired_t_test() -> None:
    from scipy import stats  # comes with scikit-learn

    dice = np.random.default_rng(5)
    seen = set()
    for _ in range(300):
        count = int(dice.integers(2, 25))
        a, b = dice.normal(0.8, 0.01, (2, count))
        b += dice.uniform(-0.02, 0.02)
        tried = trial("t", dict(enumerate(a)), dict(enumerate(b)))
        p = stats.ttest_rel(b, a).pvalue
        if abs(p - 0.05) > 0.001:  # the quantiles have three digits
            assert tried.clear == (p < 0.05), (count, p)
        seen.add(tried.clear)
    assert seen == {True, False}
