"""The effective receptive field against what must hold of it, whatever the weights."""

import numpy as np
import pytest
import torch

from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.network.spec import NetSpec, Stage, Unit
from cifar7.results.receptive import (
    THRESHOLD,
    effective_field,
    effective_side,
    trained_field,
    untrained_field,
)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_it_lies_inside_the_theoretical_field_and_is_smaller():
    spec = preset("starter")
    rows = analyse(spec).rows
    layer = next(i for i, r in enumerate(rows) if r.layer.kind == "max_pool" and r.layer.stage == "C2")
    row = rows[layer]
    strength = untrained_field(spec, layer)
    first, last = row.seen(row.output[1] // 2)
    seen = np.argwhere(strength > 0)
    assert seen.min() >= first
    assert seen.max() <= last
    assert strength.max() == pytest.approx(1)
    # A deep stack of 3x3 kernels weighs the middle most: Luo et al. find a Gaussian.
    assert effective_side(strength) < row.receptive_field
    middle = strength[tuple(np.rint(seen.mean(0)).astype(int))]
    assert middle > strength[int(first), int(first)]


def test_one_convolution_by_hand():
    spec = NetSpec("t", (Stage((Unit(1, norm=False, activation=False),)), Stage(), Stage(), Stage()))
    module = build(spec)
    kernel = torch.tensor([[1.0, 0, -2], [0, 4, 0], [3, 0, 0]])
    module.layers[0].weight.data[:] = kernel
    strength = effective_field(module, 0, torch.randn(2, 3, 32, 32))
    expected = np.zeros((32, 32), np.float32)
    expected[15:18, 15:18] = kernel.abs().numpy() / 4  # value 16 of the map sees pixels 15 to 17
    assert np.allclose(strength, expected)
    assert effective_side(strength) == 2.0  # four taps are not zero


def test_all_is_computed_where_the_network_lies(monkeypatch):
    """Meta tensors in the place of a GPU's: an operation with a tensor of the CPU fails."""
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: torch.ones(tensor.shape))
    module, images = build(preset("starter")).to("meta"), torch.zeros(2, 3, 32, 32, device="meta")
    assert np.array_equal(effective_field(module, 3, images), np.ones((32, 32)))


def test_a_residual_connection_adds_its_own_pixel():
    """Weights of zero leave x + 0: the value in the middle sees its own pixel and nothing else."""
    unit = Unit(3, norm=False, activation=False, residual=1)
    module = build(NetSpec("t", (Stage((unit,)), Stage(), Stage(), Stage())))
    module.layers[0].weight.data[:] = 0
    expected = np.zeros((32, 32), np.float32)
    expected[16, 16] = 1
    assert np.array_equal(effective_field(module, 1, torch.randn(2, 3, 32, 32)), expected)
    assert not effective_field(module, 0, torch.randn(2, 3, 32, 32)).any()


def test_threshold_is_on_the_strongest():
    strength = np.array([[1.0, THRESHOLD], [THRESHOLD + 0.001, 0]], np.float32)
    assert effective_side(strength) == pytest.approx(2**0.5)


def test_trained_weights_are_those_given():
    spec = preset("starter")
    module = build(spec, seed=3)
    images = torch.randn(2, 3, 32, 32)
    layer = len(module.layers) - 1
    assert np.array_equal(
        trained_field(spec, module.state_dict(), layer, images), effective_field(module, layer, images)
    )
    assert not np.array_equal(
        effective_field(build(spec, seed=4), layer, images), effective_field(module, layer, images)
    )
    assert module.training  # left as it was
