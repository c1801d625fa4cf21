"""In training a network writes over maps and pools before a ReLU: to the bit the same."""

import os
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from random_specs import buildable
from torch import nn
from wide_specs import wide_specs

from cifar7.network.module import Network, build
from cifar7.network.presets import PRESETS, preset
from cifar7.network.spec import NetSpec, Stage, Unit
from cifar7.network.unit import ORDERS

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "40"))
IMAGES = 6


def step(network: Network, layer_by_layer: bool, precision: torch.dtype | None) -> list[torch.Tensor]:
    """Logits, gradients and the norms' statistics after a step."""
    spec = network.spec
    chance = torch.Generator().manual_seed(1)
    shape = (IMAGES, spec.in_channels, spec.image_size, spec.image_size)
    x = torch.randn(shape, generator=chance).contiguous(memory_format=torch.channels_last)
    torch.manual_seed(2)
    with torch.autocast("cpu", precision or torch.bfloat16, enabled=precision is not None):
        logits = network.until(x, len(network.layers)).flatten(1) if layer_by_layer else network(x)
    logits.float().square().sum().backward()
    return [
        logits.detach(),
        *(p.grad for p in network.parameters() if p.grad is not None),
        *network.buffers(),
    ]


def both(spec: NetSpec, precision: torch.dtype | None = None) -> None:
    ours, plain = (build(spec, seed=3).to(memory_format=torch.channels_last).train() for _ in range(2))
    for layer in plain.layers:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    results = step(ours, False, precision), step(plain, True, precision)
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(wide_specs().filter(buildable))
def test_a_step_is_the_one_layer_by_layer(spec):
    both(replace(spec, activation="relu"))


@pytest.mark.parametrize("precision", [None, torch.bfloat16])
@pytest.mark.parametrize("name", PRESETS)
def test_a_step_of_the_presets_is_the_one_layer_by_layer(name, precision):
    both(preset(name), precision)


def test_what_is_evaluated_writes_over_nothing():
    network = build(preset("starter"), seed=1)
    relus = [layer for layer in network.layers if isinstance(layer, nn.ReLU)]
    network.train()
    assert all(layer.inplace for layer in relus)
    network.eval()
    assert not any(layer.inplace for layer in relus)


@pytest.mark.parametrize("order", ORDERS)
def test_a_map_that_a_connection_carries_is_not_written_over(order):
    first = Unit(4, kernel=1, order=order)
    spec = NetSpec(
        "lab",
        order=order,
        stages=(
            Stage((first, Unit(4, residual=1)), pool=2),
            Stage((Unit(4, shortcut=(Unit(4, kernel=1),), residual=1, joined_activation=True),), pool=2),
            Stage((Unit(4), Unit(4, residual=2)), pool=2),
            Stage(),
        ),
    )
    both(spec)


def test_a_pool_where_a_connection_begins_stays_behind_the_relu():
    pool = Unit(4, kind="max_pool", kernel=3, stride=1, padding=1, norm=False, activation=False)
    stage = Stage((Unit(4), replace(pool, residual=1), Unit(4)), pool=2)
    both(NetSpec("lab", stages=(stage, Stage((Unit(4), pool, Unit(4, residual=2))), Stage(), Stage())))
