"""The learning-rate finder: curves made by hand, with their spikes, and a real test on stripes."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
import torch
from torch import nn
from toys import config, make_set, network

from cifar7.training.lr_finder import range_test, steps_of
from cifar7.training.lr_finding import find, round_down, smooth


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def curve(moves=-2.0, lowest=0.0, noise=0.0, seed=1, points=100):
    """So many points from 1e-4 to 10: 2.3, from 10**moves down to 1.3 at 10**lowest, and up steeply."""
    dice = random.Random(seed)
    made = []
    for i in range(points):
        x = -4 + 5 * i / (points - 1)
        down = min(max((x - moves) / (lowest - moves), 0.0), 1.0)
        up = max(x - lowest, 0.0) * 4
        made.append((10**x, 2.3 - down + up + dice.gauss(0, noise)))
    return made


def decade(rate):
    return math.log10(rate)


@pytest.mark.parametrize(("moves", "lowest"), [(-2.0, 0.0), (-3.0, -1.0), (-1.0, 0.5)])
def test_a_clean_curve_is_read_as_it_was_made(moves, lowest):
    found = find(curve(moves, lowest))
    # It is said to move where a tenth of the fall is done.
    assert decade(found.moving) == pytest.approx(moves + 0.1 * (lowest - moves), abs=0.1)
    assert decade(found.lowest) == pytest.approx(lowest, abs=0.2)
    # Risen by a quarter of the fall: 1/16 of a decade further.
    assert lowest < decade(found.too_large) < lowest + 0.3
    assert found.suggestion == round_down(found.lowest / 5)
    assert f"Try {found.suggestion:g} as the peak" in found.reason


def test_spikes_and_noise_hardly_move_it():
    plain = find(curve(noise=0.03))
    spiked = curve(noise=0.03)
    for at, height in ((20, 30.0), (55, 9.0), (56, 14.0), (70, -1.2), (76, 20.0)):
        spiked[at] = (spiked[at][0], spiked[at][1] + height)
    found = find(spiked)
    assert decade(found.suggestion) == pytest.approx(decade(plain.suggestion), abs=0.2)
    assert decade(found.lowest) == pytest.approx(decade(plain.lowest), abs=0.3)


def test_a_smoothed_curve_is_as_long_and_without_its_spikes():
    losses = tuple([1.0] * 20 + [100.0, 50.0] + [1.0] * 20)
    assert smooth(losses) == tuple([1.0] * 42)
    assert smooth((1.0, 2.0)) == (1.5, 1.5)


def test_what_comes_after_a_loss_that_is_no_number_is_not_read():
    points = curve()
    points[85] = (points[85][0], math.nan)
    assert len(find(points).rates) == 85
    points[4] = (points[4][0], math.inf)
    found = find(points)
    assert found.suggestion is None
    assert "no finite number after a few steps" in found.reason


def test_a_flat_curve_tells_nothing_and_says_so():
    found = find([(lr, 2.3) for lr, _ in curve()])
    assert (found.suggestion, found.lowest) == (None, None)
    assert "hardly fell" in found.reason
    assert find([]).suggestion is None


def test_a_curve_that_never_rises_says_so():
    found = find(curve(lowest=1.5))
    assert found.too_large is None
    assert "does not rise within the range" in found.reason


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(0.0873, 0.08), (0.0163, 0.015), (0.0149, 0.01), (2.2, 2.0), (0.3, 0.3), (1.0, 1.0)],
)
def test_rates_are_rounded_down_to_what_one_would_type(rate, expected):
    assert round_down(rate) == expected


def test_rates_grow_by_equal_factors():
    points = list(range_test(network(), make_set(), config(precision="fp32"), low=1e-4, high=0.1, steps=31))
    rates = [lr for lr, _ in points]
    assert (rates[0], rates[-1]) == (pytest.approx(1e-4), pytest.approx(0.1))
    assert [b / a for a, b in pairwise(rates)] == pytest.approx([10 ** (3 / 30)] * 30)


@pytest.mark.parametrize(("batch", "steps"), [(512, 120), (32, 120), (16, 240), (8, 480), (1, 480)])
def test_small_batches_take_more_steps(batch, steps):
    assert steps_of(config(batch_size=batch)) == steps


def test_where_each_loss_is_mostly_chance_more_steps_scatter_less():
    # Noise of more than half the fall, as batches of four images have it. Lowest at 0.1: a fifth is 0.02.
    few, many = (
        [find(curve(-3.0, -1.0, noise=0.6, seed=seed, points=count)).suggestion for seed in range(12)]
        for count in (120, 480)
    )
    assert min(few) < 0.004 < min(many), "otherwise the few would do"
    assert max(many) < 0.025


def test_the_step_is_taken_at_the_rate_that_is_told():
    module = network()
    before = module[5].weight.detach().clone()
    events = range_test(module, make_set(), config(precision="fp32"), low=1e-3, high=1.0, steps=30)
    next(events)
    moved = (module[5].weight.detach() - before).abs().max().item()
    other = network()
    next(range_test(other, make_set(), config(precision="fp32"), low=2e-3, high=1.0, steps=30))
    assert (other[5].weight.detach() - before).abs().max().item() == pytest.approx(2 * moved, rel=1e-3)


@pytest.mark.parametrize("settings", [{}, {"optimiser": "adamw"}, {"optimiser": "muon"}], ids=str)
def test_on_stripes_it_suggests_what_learns(settings):
    """Three epochs at the suggested rate come further than at a fiftieth of it."""
    from cifar7.training.engine import Training

    data = make_set(noise=235)
    found = find(range_test(network(), data, config(**settings)))
    assert found.suggestion is not None, found.reason
    scores = [
        list(Training(network(), data, config(epochs=3, lr=lr, **settings)).events())[-1].test_loss
        for lr in (found.suggestion, found.suggestion / 50)
    ]
    assert scores[0] < scores[1]


class Explosive(nn.Module):
    """Its answers are drowned by noise from some batch on."""

    def __init__(self, value):
        super().__init__()
        self.inner, self.value, self.batches = network(), value, 0

    def forward(self, x):
        self.batches += 1
        return self.inner(x) + (self.value * torch.randn(len(x), 4) if self.batches > 20 else 0.0)


@pytest.mark.parametrize(("value", "steps"), [(math.nan, 21), (1000.0, 23)], ids=["no number", "exploded"])
def test_it_ends_where_there_is_nothing_more_to_learn(value, steps):
    # Three of five points are enough to move a median.
    points = list(range_test(Explosive(value), make_set(), config(), low=1e-4, high=1e-3, steps=60))
    assert len(points) == steps


def test_it_can_be_stopped():
    asked = iter(range(100))
    points = range_test(network(), make_set(), config(), control=lambda: "stop" if next(asked) == 7 else None)
    assert len(list(points)) == 7
