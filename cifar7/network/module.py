"""A network as a PyTorch module, one module a layer in the order of the arithmetic's rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cifar7.network.layers import Layer, expand
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
}


class Network(nn.Module):
    """Layers in a row. Input float (B, in_channels, H, W), normalised; output logits (B, classes)."""

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.layers = nn.ModuleList(build_layer(layer) for layer in expand(spec))

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, in_channels, H, W) to logits (B, classes)."""
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                x = x.flatten(1)  # (B, C)
            x = layer(x)  # (B, C, H, W)
        return x.flatten(1)  # (B, classes)


def build(spec: NetSpec, seed: int | None = None) -> Network:
    """The module of a network, on the CPU, with PyTorch's default initial weights.

    With a `seed` the weights are drawn from it, and the global generator is left as it was.
    Raises SpecError where the network cannot be built.
    """
    check(spec)
    if seed is None:
        return Network(spec)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(spec)


def build_layer(layer: Layer) -> nn.Module:
    """The module of one layer."""
    if layer.kind == "conv":
        return nn.Conv2d(
            layer.in_channels,
            layer.out_channels,
            layer.kernel,
            layer.stride,
            layer.padding,
            layer.dilation,
            layer.groups,
            layer.bias,
        )
    if layer.kind == "linear":
        return nn.Linear(layer.in_channels, layer.out_channels, layer.bias)
    if layer.kind == "batch_norm":
        return nn.BatchNorm2d(layer.out_channels)
    if layer.kind == "group_norm":
        return nn.GroupNorm(layer.groups, layer.out_channels)
    if layer.kind == "dropout":
        return nn.Dropout(layer.rate)
    if layer.kind == "max_pool":
        return nn.MaxPool2d(layer.kernel, layer.stride)
    if layer.kind == "avg_pool":
        return nn.AvgPool2d(layer.kernel, layer.stride)
    if layer.kind == "global_avg_pool":
        return nn.AdaptiveAvgPool2d(1)
    return _ACTIVATIONS[layer.kind]()
