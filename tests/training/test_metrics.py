from math import exp, log

import pytest
import torch

from cifar7.training.metrics import Tally

CPU = torch.device("cpu")
SURE = torch.tensor([[log(3), 0.0], [0.0, log(3)]])  # says class 0, class 1, each with probability 3/4


def test_loss_and_hits_are_means_over_images():
    tally = Tally(CPU)
    tally.start_epoch()
    tally.add(SURE, torch.tensor([0, 1]), step=0)  # both right: losses -log(3/4)
    tally.add(SURE, torch.tensor([1, 1]), step=1)  # one wrong: -log(1/4)
    loss, accuracy, bad = tally.of_epoch()
    assert exp(-loss) == pytest.approx((0.75**3 * 0.25) ** 0.25)
    assert (accuracy, bad) == (0.75, None)


def test_the_beat_sees_what_came_since_the_last():
    tally = Tally(CPU)
    tally.start_epoch()
    tally.add(SURE, torch.tensor([0, 1]), step=0)
    assert tally.since_last()[1] == 1.0
    tally.add(SURE, torch.tensor([1, 0]), step=1)
    loss, accuracy, _ = tally.since_last()
    assert (round(exp(-loss), 6), accuracy) == (0.25, 0.0)
    assert tally.of_epoch()[1] == 0.5


def test_a_new_epoch_counts_from_nothing():
    tally = Tally(CPU)
    tally.add(SURE, torch.tensor([1, 0]), step=0)
    tally.since_last()
    tally.start_epoch()
    tally.add(SURE, torch.tensor([0, 1]), step=1)
    assert tally.since_last()[1] == tally.of_epoch()[1] == 1.0


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_the_first_step_whose_loss_is_not_finite_is_remembered(poison):
    tally = Tally(CPU)
    bad = torch.tensor([[poison, 0.0]])
    tally.add(SURE, torch.tensor([0, 1]), step=6)
    for step in (7, 8):
        tally.add(bad, torch.tensor([1]), step=step)
    assert tally.since_last()[2] == 7
