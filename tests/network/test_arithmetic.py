"""The arithmetic against numbers worked out here, and against the built module as witness."""

import os

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from random_specs import buildable, specs
from torch import nn
from witness import witness

from cifar7.network.arithmetic import analyse, map_size
from cifar7.network.module import build
from cifar7.network.presets import PRESETS
from cifar7.network.spec import Head, NetSpec, Stage, Unit

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "50"))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Hundreds of tiny networks: threads cost more than they bring."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def net(*stages: Stage, **more) -> NetSpec:
    return NetSpec("test", stages=(*stages, *[Stage()] * (4 - len(stages))), **more)


def test_a_plain_convolution_by_hand():
    row = analyse(net(Stage((Unit(8),)))).rows[0]
    assert row.output == (8, 32, 32)
    assert row.parameters == 3 * 8 * 9 + 8
    assert row.macs == 3 * 8 * 9 * 32 * 32
    assert (row.receptive_field, row.jump) == (3, 1)


def test_dilation_and_jump_enter_the_receptive_field():
    found = analyse(net(Stage((Unit(4),), pool=2), Stage((Unit(4, dilation=3),))))
    by_kind = [
        (r.layer.kind, r.receptive_field, r.jump) for r in found.rows if r.layer.kind in ("conv", "max_pool")
    ]
    # 1+2·1 = 3 · pool 3+1·1 = 4, jump 2 · dilated 4 + 3·2·2 = 16 · and the 1x1 classifier behind a 16x16 pool
    assert by_kind[:3] == [("conv", 3, 1), ("max_pool", 4, 2), ("conv", 16, 2)]
    assert found.receptive_field_before == 16
    assert found.receptive_field_total == 16 + 15 * 2


def test_separable_and_grouped_parameters_by_hand():
    separable = analyse(net(Stage((Unit(8), Unit(20, kind="separable"))), bias=False)).rows
    convs = [r.parameters for r in separable if r.layer.kind == "conv"]
    assert convs[1:3] == [8 * 9, 8 * 20]
    grouped = analyse(net(Stage((Unit(8), Unit(20, kind="grouped", groups=4))))).rows
    assert [r.parameters for r in grouped if r.layer.kind == "conv"][1] == 20 * (8 // 4) * 9 + 20


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation", "expected"),
    [
        (32, 3, 1, 1, 1, 32), (8, 3, 1, 0, 2, 4), (9, 2, 2, 0, 1, 4),
        (16, 1, 1, 1, 1, 18), (4, 3, 1, 0, 2, 0), (5, 7, 2, 3, 1, 3),
    ],
)  # fmt: skip
def test_map_size(size, kernel, stride, padding, dilation, expected):
    assert map_size(size, kernel, stride, padding, dilation) == expected


def test_vgg16_has_the_published_receptive_field():
    """212 before the classifier: Araujo, Norris and Sim, Distill 2019, table of architectures."""
    two, three = (Unit(8), Unit(8)), (Unit(8), Unit(8), Unit(8))
    # Its fifth block stands in O, followed by a 2x2 pool: RF 196 before that pool, 212 with it.
    spec = net(
        Stage(two, 2),
        Stage(two, 2),
        Stage(three, 2),
        Stage(three, 2),
        output=Head(three, pool=2),
        image_size=32,
    )
    found = analyse(spec)
    assert (found.receptive_field_before, found.receptive_field_total) == (196, 212)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_agree_with_their_modules(name):
    witness(PRESETS[name].spec)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(specs().filter(buildable))
def test_random_networks_agree_with_their_modules(spec):
    witness(spec)


RESIDUAL = net(
    Stage((Unit(8), Unit(8), Unit(8, dilation=2, residual=2)), pool=2),
    Stage((Unit(8, kind="separable", dilation=3, residual=1), Unit(16)), pool=2),
)


@pytest.mark.parametrize(
    "spec", [*(known.spec for known in PRESETS.values()), RESIDUAL], ids=lambda s: s.name
)
def test_receptive_field_on_the_module_itself(spec):
    """The same in two dimensions and all channels, on the module that trains, less its non-linear layers."""
    found, module = analyse(spec), build(spec)
    size = 96  # room for each of their fields around the middle: at a border they would be found smaller
    x = image = torch.zeros(1, 3, size, size, requires_grad=True)
    inputs = []
    for row, layer in zip(found.rows, module.layers, strict=True):
        inputs.append(x)
        if row.layer.kind in ("avg_pool", "global_avg_pool"):
            break
        if row.layer.kind == "conv":
            nn.init.constant_(layer.weight, 1 / layer.weight[0].numel())
            x = layer(x)
        elif row.layer.kind == "max_pool":
            x = nn.functional.avg_pool2d(x, row.kernel)
        elif row.layer.kind == "add":
            x = layer(x, inputs[-1 - row.layer.span])
    middle = x.shape[-1] // 2
    x[0, :, middle, middle].sum().backward()
    high, wide = image.grad.abs().sum((0, 1)).nonzero().T
    at = max(i for i, r in enumerate(found.rows) if r.receptive_field <= found.receptive_field_before)
    last = next(r for r in found.rows[at::-1] if r.layer.kind == "conv" or r.layer.kind == "max_pool")
    assert (high.min(), high.max()) == last.seen(middle)
    assert high.max() - high.min() + 1 == wide.max() - wide.min() + 1 == found.receptive_field_before
