"""A network as a PyTorch module, one module a layer in the order of the arithmetic's rows."""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor, nn

from cifar7.network.kinds import Family, Layer
from cifar7.network.layers import expand
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec


class Add(nn.Module):
    """The sum of two maps: where a residual connection ends."""

    def forward(self, x: Tensor, added: Tensor) -> Tensor:
        """Two maps (B, C, H, W) to their sum."""
        return x + added


class Network(nn.Module):
    """Layers in a row. Input float (B, in_channels, H, W), normalised; output logits (B, classes)."""

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        layers = expand(spec)
        self.layers = nn.ModuleList(build_layer(layer) for layer in layers)
        # The layers whose input is added further down; connections never overlap, so one map waits at most.
        self._branched = frozenset(at - layer.span for at, layer in enumerate(layers) if layer.span)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, in_channels, H, W) to logits (B, classes)."""
        return self.until(x, len(self.layers)).flatten(1)  # (B, classes)

    def until(self, x: Tensor, count: int) -> Tensor:
        """Images (B, in_channels, H, W) to what the first `count` layers put out: (B, C, h, w) or (B, C)."""
        shortcut = x
        for at, layer in enumerate(islice(self.layers, count)):
            if at in self._branched:
                shortcut = x
            if isinstance(layer, Add):
                x = layer(x, shortcut)  # (B, C, H, W)
            else:
                x = layer(x.flatten(1) if isinstance(layer, nn.Linear) else x)  # (B, C, H, W) or (B, C)
        return x


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
    """The module of one layer, by the constructor call that its kind's entry names."""
    if layer.family is Family.SUM:
        return Add()
    positional, keywords = layer.entry.arguments(layer)
    constructor: type[nn.Module] = getattr(nn, layer.entry.module.removeprefix("nn."))
    return constructor(*positional, **keywords)
