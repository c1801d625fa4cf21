from copy import deepcopy

import pytest
import torch
from torch import nn

from cifar7.training.config import TrainConfig
from cifar7.training.step.muon import COEFFICIENTS, hidden_kernels, muon, orthogonalised
from cifar7.training.step.optimiser import Optimiser, groups


def net():
    torch.manual_seed(3)
    depthwise = nn.Conv2d(8, 8, 3, groups=8)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), depthwise, nn.Conv2d(8, 6, 1), nn.Linear(6, 2)
    )


def test_plain_kernels_are_hidden_and_depthwise_ones_and_the_last_layer_are_not():
    module = net()
    assert [id(p) for p in hidden_kernels(module)] == [id(module[0].weight), id(module[3].weight)]
    module[0].weight.requires_grad = False
    assert [id(p) for p in hidden_kernels(module)] == [id(module[3].weight)]


@pytest.mark.parametrize("shape", [(8, 27), (27, 8), (16, 16), (1, 9)])
def test_the_update_has_the_singular_vectors_of_the_gradient_and_values_near_one(shape):
    torch.manual_seed(1)
    gradient = torch.randn(shape, dtype=torch.float64)
    u, s, v = torch.linalg.svd(gradient, full_matrices=False)
    # The iteration works on each singular value by itself: a·x + b·x³ + c·x⁵, three times.
    a, b, c = COEFFICIENTS
    x = s / (s.norm() + 1e-7)
    for _ in range(3):
        x = a * x + b * x**3 + c * x**5
    torch.testing.assert_close(orthogonalised(gradient), u @ torch.diag(x) @ v)
    assert orthogonalised(100 * gradient).allclose(orthogonalised(gradient), rtol=1e-6)


def test_zeros_stay_zeros():
    assert not orthogonalised(torch.zeros(4, 9)).any()


def test_an_update_is_as_large_in_every_layer_in_proportion_to_its_first_weights():
    # Root mean square lr / sqrt(fan in), for tall and for wide kernels: singular values are 0.7 to 1.2.
    for out, into in ((64, 8), (8, 64), (32, 32)):
        kernel, gradient = torch.zeros(out, into, 3, 3), torch.randn(out, into, 3, 3)
        for value in (kernel, gradient):
            value.data = value.contiguous(memory_format=torch.channels_last)
        muon([kernel], [gradient], [torch.zeros_like(kernel)], lr=0.1, momentum=0.0, weight_decay=0.0)
        assert kernel.square().mean().sqrt().item() * (9 * into) ** 0.5 == pytest.approx(0.1, rel=0.35)


def test_decay_is_decoupled_and_momentum_looks_ahead():
    kernel = torch.full((2, 2), 1.0)
    gradient = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # of which the update is a multiple of itself
    first, momenta = kernel.clone(), [torch.zeros(2, 2)]
    size = orthogonalised(gradient)[0, 0].item()
    muon([first], [gradient], momenta, lr=0.5, momentum=0.9, weight_decay=0.1)
    # 1 - 0.5 * 0.1 = 0.95, and what is orthogonal is not changed by its size: 0.5 * size.
    torch.testing.assert_close(first, torch.tensor([[0.95 - 0.5 * size, 0.95], [0.95, 0.95 - 0.5 * size]]))
    assert torch.equal(momenta[0], gradient)
    muon([first], [gradient], momenta, lr=0.0, momentum=0.9, weight_decay=0.1)
    torch.testing.assert_close(momenta[0], 1.9 * gradient)


def test_what_muon_leaves_is_updated_by_nesterovs_rule():
    settings = TrainConfig(optimiser="muon", momentum=0.5, weight_decay=0.0)
    module = net()
    before = deepcopy(module)
    optimiser = Optimiser(module, settings)
    for p in module.parameters():
        p.grad = torch.ones_like(p)
    optimiser.step(0.1)
    # The first step is lr * (1 + momentum) * gradient.
    for at in (1, 2, 4):
        torch.testing.assert_close(module[at].weight, before[at].weight - 0.15)
        torch.testing.assert_close(module[at].bias, before[at].bias - 0.15)
    assert not torch.equal(module[0].weight, before[0].weight)


def test_every_parameter_is_in_one_group():
    module = net()
    for settings in ({}, {"optimiser": "adamw"}, {"optimiser": "muon"}):
        made = groups(module, TrainConfig(**settings))
        ids = [id(p) for group in made for p in group.parameters]
        assert sorted(ids) == sorted(id(p) for p in module.parameters()), settings


@pytest.mark.parametrize("lr", [0.1, torch.tensor(0.1)], ids=["number", "tensor"])
def test_the_rate_may_lie_on_the_device(lr):
    one, two = net(), net()
    settings = TrainConfig(optimiser="muon")
    for module, rate in ((one, 0.1), (two, lr)):
        optimiser = Optimiser(module, settings)
        for number, p in enumerate(module.parameters()):
            p.grad = torch.full_like(p, 0.1 * (number + 1))
        optimiser.step(rate)
    for mine, other in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def test_a_step_that_is_skipped_leaves_everything_as_it_is():
    """As where fp16 overflows: `skipped` is a tensor on the device, and gradients are no finite numbers."""
    torch.manual_seed(2)
    kernel, momenta = torch.randn(4, 3, 3, 3), [torch.randn(4, 3, 3, 3)]
    before = kernel.clone(), momenta[0].clone()
    settings = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}
    muon([kernel], [torch.full_like(kernel, torch.inf)], momenta, **settings, skipped=torch.ones(()))
    assert torch.equal(kernel, before[0])
    assert torch.equal(momenta[0], before[1])
    muon([kernel], [torch.ones_like(kernel)], momenta, **settings, skipped=torch.zeros(()))
    assert kernel.isfinite().all()
    assert not torch.equal(kernel, before[0])
