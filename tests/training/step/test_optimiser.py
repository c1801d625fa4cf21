import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from torch import nn
from where import ROOT

from cifar7.training.config import TrainConfig
from cifar7.training.step.optimiser import Optimiser, groups


def net():
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, groups=4), nn.Linear(4, 2))


def test_kernels_and_matrices_decay_and_biases_and_norms_do_not():
    module = net()
    decayed, spared = groups(module, TrainConfig(weight_decay=0.1))
    names = {id(p): name for name, p in module.named_parameters()}
    assert [names[id(p)] for p in decayed.parameters] == ["0.weight", "2.weight", "3.weight"]
    assert [names[id(p)] for p in spared.parameters] == ["0.bias", "1.weight", "1.bias", "2.bias", "3.bias"]
    assert (decayed.weight_decay, spared.weight_decay) == (0.1, 0.0)


def test_what_is_frozen_is_in_no_group():
    module = net()
    module[0].weight.requires_grad = False
    assert len(groups(module, TrainConfig())[0].parameters) == 2


def test_a_step_without_gradient_shrinks_the_kernel_alone():
    # Nesterov's first step with gradient g is lr * (1 + momentum) * g, and decay adds 0.1 * w to g:
    # w becomes w * (1 - 0.5 * 1.9 * 0.1) = 0.905 w.
    module = nn.Conv2d(1, 1, 1)
    nn.init.ones_(module.weight)
    nn.init.ones_(module.bias)
    optimiser = Optimiser(module, TrainConfig(momentum=0.9, weight_decay=0.1))
    for p in module.parameters():
        p.grad = torch.zeros_like(p)
    optimiser.step(lr=0.5)
    assert module.weight.item() == pytest.approx(0.905)
    assert module.bias.item() == 1.0


def same_steps(ours, optimiser, theirs, witness, rates):
    """Both networks end alike when theirs is updated by torch's own optimiser, from the same gradients."""
    for lr in rates:
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.grad = torch.randn_like(mine)
            other.grad = mine.grad.clone()
        for group in witness.param_groups:
            group["lr"] = lr
        optimiser.step(lr)
        witness.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.9, True), (0.9, False), (0.0, False)])
def test_three_steps_are_those_of_torch(momentum, nesterov):
    ours, theirs = net(), net()
    optimiser = Optimiser(ours, TrainConfig(momentum=momentum, nesterov=nesterov, weight_decay=0.1))
    decay = [p for p in theirs.parameters() if p.ndim > 1], [p for p in theirs.parameters() if p.ndim <= 1]
    witness = torch.optim.SGD(
        [{"params": decay[0], "weight_decay": 0.1}, {"params": decay[1]}],
        lr=1.0,
        momentum=momentum,
        nesterov=nesterov,
    )
    same_steps(ours, optimiser, theirs, witness, (0.1, 0.3, 0.2))


@pytest.mark.parametrize("beta", [0.9, 0.0])
def test_three_steps_of_adamw_are_those_of_torch(beta):
    ours, theirs = net(), net()
    optimiser = Optimiser(ours, TrainConfig(optimiser="adamw", momentum=beta, weight_decay=0.1))
    decay = [p for p in theirs.parameters() if p.ndim > 1], [p for p in theirs.parameters() if p.ndim <= 1]
    witness = torch.optim.AdamW(
        [{"params": decay[0], "weight_decay": 0.1}, {"params": decay[1], "weight_decay": 0.0}],
        betas=(beta, 0.999),
    )
    same_steps(ours, optimiser, theirs, witness, (0.01, 0.03, 0.02))


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_another_optimiser_goes_on_from_its_state(kind):
    settings = TrainConfig(optimiser=kind, momentum=0.9, weight_decay=0.1)
    one, two = net(), net()
    first, second = Optimiser(one, settings), Optimiser(two, settings)
    gradients = [[torch.randn_like(p) for p in one.parameters()] for _ in range(2)]

    def step(module, optimiser, number):
        for parameter, gradient in zip(module.parameters(), gradients[number], strict=True):
            parameter.grad = gradient.clone()
        optimiser.step(0.1)

    step(one, first, 0)
    two.load_state_dict(one.state_dict())
    second.load_state_dict(deepcopy(first.state_dict()))
    for module, optimiser in ((one, first), (two, second)):
        step(module, optimiser, 1)
    for mine, other in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_cleared_gradients_are_gone():
    module = net()
    optimiser = Optimiser(module, TrainConfig())
    for p in module.parameters():
        p.grad = torch.zeros_like(p)
    optimiser.clear()
    assert {p.grad for p in module.parameters()} == {None}


def test_a_step_does_not_load_the_compiler():
    code = (
        "# forked: torch is loaded\n"
        "import sys, torch; from torch import nn; from cifar7.training.config import TrainConfig\n"
        "from cifar7.training.step.optimiser import Optimiser\n"
        "for kind in ('sgd', 'adamw'):\n"
        "    m = nn.Linear(2, 2); o = Optimiser(m, TrainConfig(optimiser=kind))\n"
        "    m(torch.ones(1, 2)).sum().backward(); o.step(0.1); print(kind, 'torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["sgd False", "adamw False"]
