import pytest
import torch
from torch import nn

from cifar7.training.config import TrainConfig
from cifar7.training.optimiser import make_optimiser, parameter_groups


def net():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, groups=4), nn.Linear(4, 2))


def test_kernels_and_matrices_decay_and_biases_and_norms_do_not():
    module = net()
    decayed, spared = parameter_groups(module, 0.1)
    names = {id(p): name for name, p in module.named_parameters()}
    assert [names[id(p)] for p in decayed["params"]] == ["0.weight", "2.weight", "3.weight"]
    assert [names[id(p)] for p in spared["params"]] == ["0.bias", "1.weight", "1.bias", "2.bias", "3.bias"]
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)


def test_what_is_frozen_is_in_no_group():
    module = net()
    module[0].weight.requires_grad = False
    decayed, _ = parameter_groups(module, 0.1)
    assert len(decayed["params"]) == 2


def test_a_step_without_gradient_shrinks_the_kernel_alone():
    # Nesterov's first step with gradient g is lr * (1 + momentum) * g, and decay adds 0.1 * w to g:
    # w becomes w * (1 - 0.5 * 1.9 * 0.1) = 0.905 w.
    module = nn.Conv2d(1, 1, 1)
    nn.init.ones_(module.weight)
    nn.init.ones_(module.bias)
    optimiser = make_optimiser(module, TrainConfig(lr=0.5, momentum=0.9, weight_decay=0.1))
    for p in module.parameters():
        p.grad = torch.zeros_like(p)
    optimiser.step()
    assert module.weight.item() == pytest.approx(0.905)
    assert module.bias.item() == 1.0
