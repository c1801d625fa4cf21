import pytest
import torch
from torch import nn

from cifar7.training.step.average import Average, averaged


def net():
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


def test_an_average_by_hand():
    # Shares of the average: step 0 keeps min(0.9, 1/10), step 1 keeps 2/11, step 100 keeps min(0.9, 101/110).
    module = net()
    start = module[0].weight.detach().clone()
    average = Average(module, 0.9)
    expected = start
    for step, kept in ((0, 0.1), (1, 2 / 11), (100, 0.9)):
        with torch.no_grad():
            module[0].weight.add_(1 + step)
        module(torch.randn(4, 2))  # moves the norm's statistics
        average.update(step)
        expected = kept * expected + (1 - kept) * module[0].weight.detach()
    torch.testing.assert_close(average.module[0].weight.detach(), expected)
    mean = average.module[1].running_mean
    assert not torch.equal(mean, module[1].running_mean)
    assert mean.abs().sum() > 0
    assert average.module[1].num_batches_tracked == 3


def test_the_network_in_training_is_left_alone():
    module = net()
    before = module[0].weight.detach().clone()
    Average(module, 0.5).update(10)
    assert torch.equal(module[0].weight, before)


@pytest.mark.parametrize("on", [True, False])
def test_what_is_evaluated(on):
    module = net()
    average = Average(module, 0.5) if on else None
    assert (averaged(module, average) is module) is not on
