"""Every kind of layer: its entry against the module that torch makes of it."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from cifar7.export.model_source import model_source
from cifar7.network.arithmetic import analyse
from cifar7.network.kinds import LAYER_KINDS, Family, Layer, names
from cifar7.network.lessons import lessons
from cifar7.network.module import ChannelNorm, build, build_layer
from cifar7.network.presets import preset
from cifar7.network.spec import ACTIVATIONS, NORMS, NetSpec
from cifar7.ui.design.marks import marks
from cifar7.ui.words.lines import lines

IN_TORCH = [name for name, entry in LAYER_KINDS.items() if entry.module]


def sample(kind: str) -> Layer:
    """A layer of 8 channels; what its kind does not read is left at its default."""
    layer = Layer("C1", 1, kind, 8, 8)
    return {
        Family.CONVOLUTION: replace(
            layer, out_channels=12, kernel=3, stride=2, padding=2, dilation=2, groups=4
        ),
        Family.LINEAR: replace(layer, out_channels=10, bias=True),
        Family.NORM: replace(layer, groups=LAYER_KINDS[kind].groups(8), size=4),
        Family.DROPOUT: replace(layer, rate=0.15),
        Family.POOL: replace(layer, kernel=2, stride=2),
    }.get(layer.family, layer)


@pytest.mark.parametrize("kind", IN_TORCH)
def test_what_is_written_is_what_is_built(kind):
    layer = sample(kind)
    assert repr(eval(layer.source, {"nn": nn, "ChannelNorm": ChannelNorm})) == repr(build_layer(layer))


@pytest.mark.parametrize("stride", [1, 3])
def test_a_pool_that_does_not_step_by_its_kernel_says_so(stride):
    layer = replace(sample("max_pool"), stride=stride)
    assert layer.source == f"nn.MaxPool2d(2, stride={stride})"
    assert build_layer(layer).stride == stride


@pytest.mark.parametrize("kind", IN_TORCH)
def test_the_learnt_numbers_are_counted(kind):
    """Weights, a bias, and what a normalisation has for each channel."""
    layer = sample(kind)
    weights = {"conv": 12 * (8 // 4) * 3 * 3, "linear": 8 * 10}.get(kind, 0)
    values = 4 * 4 if layer.entry.per_value else 1  # of a map of 4 pixels a side
    counted = weights + (layer.bias + layer.entry.per_channel * values) * layer.out_channels
    assert counted == sum(p.numel() for p in build_layer(layer).parameters())


@pytest.mark.parametrize("kind", names(Family.ACTIVATION))
def test_an_activation_twice_is_as_once_where_its_entry_says_so(kind):
    activation, x = build_layer(sample(kind)), torch.linspace(-3, 3, 101)
    assert torch.equal(activation(activation(x)), activation(x)) is LAYER_KINDS[kind].idempotent


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_network_may_name_every_activation_and_normalisation(activation, norm):
    spec = replace(preset("starter"), activation=activation, norm=norm)
    assert NetSpec.from_dict(spec.to_dict()) == spec
    analysis, module = analyse(spec), build(spec)
    assert analysis.parameters == sum(p.numel() for p in module.parameters())
    assert module(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    compile(model_source(spec), "model.py", "exec")
    title = LAYER_KINDS[activation].title
    assert title in lines(analysis.rows)[0].settings


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_after_another_of_its_kind_is_marked_where_it_adds_nothing(activation):
    """shrimali ends with an activation on the logits, which is a lesson whatever its name."""
    spec = replace(preset("shrimali"), activation=activation)
    (lesson,) = [lesson for lesson in lessons(spec) if lesson.id == "activation-on-logits"]
    title = LAYER_KINDS[activation].title
    assert lesson.message.startswith(title)
    (first, row) = [row for row in analyse(spec).rows if row.layer.kind == activation][:2]
    remarks = marks([first, replace(row, sources=(0,))], 32).get(1, [])
    assert bool(remarks) is LAYER_KINDS[activation].idempotent
    assert all(title in remark.why for remark in remarks)
