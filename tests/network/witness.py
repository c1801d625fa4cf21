"""The built module as a witness of the arithmetic: parameters, shapes, MACs and receptive field, measured."""

import torch
from torch import nn

from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.network.spec import NetSpec


def witness(spec: NetSpec) -> None:
    """Parameters, shapes, MACs and receptive field of every row, measured on the built module."""
    found, module = analyse(spec), build(spec).eval()
    for row, layer in zip(found.rows, module.layers, strict=True):
        assert row.parameters == sum(p.numel() for p in layer.parameters())
    assert found.parameters == sum(p.numel() for p in module.parameters())
    shapes, flops = measured_shapes_and_flops(module, spec)
    assert [r.output for r in found.rows] == shapes
    assert found.macs * 2 == flops
    assert measured_receptive_field(module, found, with_pool=False) == found.receptive_field_before
    assert measured_receptive_field(module, found, with_pool=True) == found.receptive_field_total


def measured_shapes_and_flops(module, spec):
    """Of one image that goes through: what comes out of each layer, and how much is multiplied and added."""
    from torch.utils.flop_counter import FlopCounterMode  # half a second, for the process that comes here

    shapes = []
    for layer in module.layers:
        layer.register_forward_hook(
            lambda _m, _i, out: shapes.append(tuple(out.shape[1:]) + (1, 1) * (out.ndim == 2))
        )
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, spec.in_channels, spec.image_size, spec.image_size))
    return shapes, counter.get_total_flops()


def measured_receptive_field(module, found, with_pool: bool) -> int:
    """Extent of the input gradient of one value in the middle of a map that no border reaches.

    Linearised, so that nothing hides: one channel of positive weights with the geometry of the built layers,
    average for max, no activation, no normalisation. All windows are square, so one axis is enough.
    """
    expected = found.receptive_field_total if with_pool else found.receptive_field_before
    head = next((at for at, row in enumerate(found.rows) if row.layer.head), len(found.rows))
    parts = []
    for row, layer in zip(found.rows[: head + with_pool], module.layers, strict=False):
        if row.layer.kind == "conv":
            assert all(high == wide for high, wide in (layer.kernel_size, layer.stride, layer.dilation))
            conv = nn.Conv1d(
                1, 1, layer.kernel_size[0], layer.stride[0], layer.padding[0], layer.dilation[0], bias=False
            )
            nn.init.constant_(conv.weight, 1 / conv.weight.numel())
            parts.append(conv.double())
        elif row.layer.head:
            parts.append(nn.AvgPool1d(row.kernel, 1))
        elif row.layer.kind in ("max_pool", "avg_pool"):
            parts.append(nn.AvgPool1d(layer.kernel_size, layer.stride, layer.padding))
        else:
            parts.append(nn.Identity())
    jump = max(r.jump for r in found.rows[:head])
    size = expected + 4 * jump + 2
    while True:
        image = torch.zeros(1, 1, size, dtype=torch.double, requires_grad=True)
        out = through(parts, found.rows, image)
        (grad,) = torch.autograd.grad(out[0, 0, out.shape[-1] // 2], image)
        seen = grad[0, 0].nonzero().flatten()
        if seen.min() > 0 and seen.max() < size - 1:
            return int(seen.max() - seen.min()) + 1
        size *= 2


def through(parts, rows, image):
    """What the last part puts out; where two ways join their sum, as only the pixels that they see count."""
    maps = []
    for part, row in zip(parts, rows, strict=False):
        given = [maps[at] if at >= 0 else image for at in row.sources]
        if len(given) == 2:
            short = min(given[0].shape[-1], given[1].shape[-1])  # other borders than at the spec's own size
            given = [given[0][..., :short] + given[1][..., :short]]
        maps.append(part(given[0]))
    return maps[-1] if maps else image
