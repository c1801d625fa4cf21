"""A network as a PyTorch module, one module a layer in the order of the arithmetic's rows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

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


_UNREAD = (nn.BatchNorm2d, nn.Conv2d, nn.MaxPool2d, Add)  # layers whose gradient needs no output of theirs


class Network(nn.Module):
    """Layers in a row. Input float (B, in_channels, H, W), normalised; output logits (B, classes).

    In training the same is calculated, to the bit, with fewer trips to memory, which take most of a step: a
    ReLU that a max-pool follows comes behind it, on a quarter of the map, and one behind a batch norm, a
    convolution or a sum writes over what it is given, which nothing else reads.
    """

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        layers = [row.layer for row in walk(spec)]
        self.layers = nn.ModuleList(build_layer(layer) for layer in layers)
        # Where a connection begins, and where its other way does; none overlap, so two maps wait at most.
        self._forks = frozenset(at - layer.span for at, layer in enumerate(layers) if layer.span)
        self._turns = frozenset(at - layer.side for at, layer in enumerate(layers) if layer.side)
        self._in_training = self._pooled_first()
        self._overwriting = [
            layer
            for before, at in pairwise(self._in_training)
            if isinstance(layer := self.layers[at], nn.ReLU)
            and isinstance(self.layers[before], _UNREAD)
            and at not in self._forks | self._turns
        ]

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, in_channels, H, W) to logits (B, classes)."""
        order = self._in_training if self.training else range(len(self.layers))
        return self._through(x, order).flatten(1)  # (B, classes)

    def train(self, mode: bool = True) -> Network:
        """As of any module; evaluated, no layer writes over another's output."""
        for layer in self._overwriting:
            layer.inplace = mode
        return super().train(mode)

    def until(self, x: Tensor, count: int) -> Tensor:
        """Images (B, in_channels, H, W) to what the first `count` layers put out: (B, C, h, w) or (B, C)."""
        return self._through(x, range(count))

    def _pooled_first(self) -> list[int]:
        """The layers in their order, save that a max-pool goes before a ReLU: both keep the larger value."""
        order = list(range(len(self.layers)))
        for at, (layer, following) in enumerate(pairwise(self.layers)):
            swap = isinstance(layer, nn.ReLU) and isinstance(following, nn.MaxPool2d)
            if swap and not {at, at + 1} & (self._forks | self._turns):
                order[at : at + 2] = at + 1, at
        return order

    def _through(self, x: Tensor, order: Iterable[int]) -> Tensor:
        start, aside = x, None
        for at in order:
            layer = self.layers[at]
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
