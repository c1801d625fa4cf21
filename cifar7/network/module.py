"""A network as a PyTorch module, one module a layer in the order of the arithmetic's rows."""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor, nn

from cifar7.network.arithmetic import walk
from cifar7.network.kinds import Layer
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec


class Add(nn.Module):
    """The sum of two maps: where a residual connection ends."""

    def forward(self, x: Tensor, added: Tensor) -> Tensor:
        """Two maps (B, C, H, W) to their sum, which lies in memory as the first does."""
        return x + added


class Concat(nn.Module):
    """Two maps one behind the other, channels first."""

    def forward(self, x: Tensor, added: Tensor) -> Tensor:
        """Maps (B, C, H, W) and (B, D, H, W) to (B, C + D, H, W)."""
        return torch.cat((x, added), 1)


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        """A map (B, C, H, W) to one of the same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Network(nn.Module):
    """Layers in a row. Input float (B, in_channels, H, W), normalised; output logits (B, classes)."""

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        layers = [row.layer for row in walk(spec)]
        self.layers = nn.ModuleList(build_layer(layer) for layer in layers)
        # Where a connection begins, and where its other way does; none overlap, so two maps wait at most.
        self._forks = frozenset(at - layer.span for at, layer in enumerate(layers) if layer.span)
        self._turns = frozenset(at - layer.side for at, layer in enumerate(layers) if layer.side)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, in_channels, H, W) to logits (B, classes)."""
        return self.until(x, len(self.layers)).flatten(1)  # (B, classes)

    def until(self, x: Tensor, count: int) -> Tensor:
        """Images (B, in_channels, H, W) to what the first `count` layers put out: (B, C, h, w) or (B, C)."""
        start, aside = x, None
        for at, layer in enumerate(islice(self.layers, count)):
            if at in self._forks:
                start = x
            if at in self._turns:
                x, aside = start, x
            if isinstance(layer, (Add, Concat)):
                if aside is not None:
                    x, aside = layer(aside, x), None  # (B, C, H, W)
                else:  # in the order that the written file has, so that both give the same bits
                    x = layer(start, x) if isinstance(layer, Add) else layer(x, start)  # (B, C, H, W)
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
    """The module of one layer, by the constructor call that its kind's entry names.

    A linear layer and a layer norm need the layer of a row, which knows the size of its map.
    """
    own = {"add": Add, "concat": Concat, "channel_norm": ChannelNorm}
    positional, keywords = layer.entry.arguments(layer)
    constructor: type[nn.Module] = own.get(layer.kind) or getattr(nn, layer.entry.module.removeprefix("nn."))
    return constructor(*positional, **keywords)
