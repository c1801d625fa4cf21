from math import exp, isnan, log

import pytest
import torch

from cifar7.training.step.metrics import Metrics

CPU = torch.device("cpu")
SURE = torch.tensor([[log(3), 0.0], [0.0, log(3)]])  # says class 0, class 1, each with probability 3/4


def test_loss_and_hits_are_means_over_images():
    metrics = Metrics(CPU)
    metrics.start_epoch()
    metrics.add(SURE, torch.tensor([0, 1]), step=0)  # both right: losses -log(3/4)
    metrics.add(SURE, torch.tensor([1, 1]), step=1)  # one wrong: -log(1/4)
    loss, accuracy, bad = metrics.of_epoch()
    assert exp(-loss) == pytest.approx((0.75**3 * 0.25) ** 0.25)
    assert (accuracy, bad) == (0.75, None)


def test_the_beat_sees_what_came_since_the_last():
    metrics = Metrics(CPU)
    metrics.start_epoch()
    metrics.add(SURE, torch.tensor([0, 1]), step=0)
    assert metrics.since_last()[1] == 1.0
    metrics.add(SURE, torch.tensor([1, 0]), step=1)
    loss, accuracy, _ = metrics.since_last()
    assert (round(exp(-loss), 6), accuracy) == (0.25, 0.0)
    assert metrics.of_epoch()[1] == 0.5


def test_a_new_epoch_counts_from_nothing():
    metrics = Metrics(CPU)
    metrics.add(SURE, torch.tensor([1, 0]), step=0)
    metrics.since_last()
    metrics.start_epoch()
    metrics.add(SURE, torch.tensor([0, 1]), step=1)
    assert metrics.since_last()[1] == metrics.of_epoch()[1] == 1.0


def test_of_no_images_there_is_no_mean():
    metrics = Metrics(CPU)
    metrics.add(SURE, torch.tensor([0, 1]), step=0)
    metrics.since_last()
    loss, accuracy, bad = metrics.since_last()
    assert (isnan(loss), isnan(accuracy), bad) == (True, True, None)


def test_in_fp16_a_loss_that_is_not_finite_is_not_counted_and_a_scale_that_is_too_low_is_bad():
    metrics = Metrics(CPU)
    metrics.add(SURE, torch.tensor([0, 1]), step=0, scale=torch.tensor(2.0))
    metrics.add(SURE * torch.inf, torch.tensor([0, 1]), step=1, scale=torch.tensor(1.0))
    loss, accuracy, bad = metrics.of_epoch()
    assert (exp(-loss), accuracy, bad) == (pytest.approx(0.75), 1.0, None)
    for step in (2, 3):
        metrics.add(SURE, torch.tensor([0, 1]), step=step, scale=torch.tensor(0.5))
    assert metrics.of_epoch().first_bad == 2


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_the_first_step_whose_loss_is_not_finite_is_remembered(poison):
    metrics = Metrics(CPU)
    bad = torch.tensor([[poison, 0.0]])
    metrics.add(SURE, torch.tensor([0, 1]), step=6)
    for step in (7, 8):
        metrics.add(bad, torch.tensor([1]), step=step)
    assert metrics.since_last()[2] == 7
