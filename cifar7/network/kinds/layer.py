"""One layer of a network: its kind's name, and the numbers that an entry does not know."""

from __future__ import annotations

from dataclasses import dataclass

from cifar7.network.kinds.kind import FOLLOWERS, Family, LayerKind
from cifar7.network.kinds.table import LAYER_KINDS


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network.

    `kind` names its entry in LAYER_KINDS. An `add` or `concat` joins two ways that begin with the input of
    the layer that stands `span` before it: the row of layers, and the last `side` of them, which stand on the
    other way; 0 is the identity.

    `unit` counts the stage's units from 1, 0 for what belongs to no unit; `beside` those on that unit's
    shortcut, 0 for the row itself. A global pool's kernel is 0 here: it is as large as the map. `role` says
    what a convolution is for: depthwise, pointwise or classifier; and what a join adds: "input of unit 2".
    """

    stage: str
    unit: int
    kind: str
    in_channels: int
    out_channels: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    bias: bool = False
    rate: float = 0.0  # of dropout
    span: int = 0  # layers, of a join: how many stand on its two ways
    role: str = ""
    head: bool = False  # the pooling of stage O, before and with which the receptive field is given
    padding_mode: str = "zeros"
    side: int = 0  # layers, of a join: how many of the span stand on the other way
    beside: int = 0  # number of its unit on the shortcut
    size: int = 0  # pixels, of a layer norm: the side of the map, known where the map is

    @property
    def entry(self) -> LayerKind:
        """The entry of its kind."""
        return LAYER_KINDS[self.kind]

    @property
    def family(self) -> Family:
        """What its kind is for."""
        return LAYER_KINDS[self.kind].family

    @property
    def weighted(self) -> bool:
        """Whether it multiplies by learnt weights."""
        return self.entry.weighted

    @property
    def windowed(self) -> bool:
        """Whether a window slides over its map, with kernel and stride."""
        return self.family in (Family.CONVOLUTION, Family.POOL)

    @property
    def follows(self) -> bool:
        """Whether it belongs to the layer before it, as normalisation, activation and dropout do."""
        return self.family in FOLLOWERS

    @property
    def depthwise(self) -> bool:
        """One filter a channel: as many groups as input channels, and more than one."""
        return self.family is Family.CONVOLUTION and self.groups == self.in_channels > 1

    @property
    def same_padding(self) -> float:
        """Pixels a side that keep the map at stride 1: d(k-1)/2; half a pixel where no padding does."""
        return self.dilation * (self.kernel - 1) / 2

    @property
    def source(self) -> str:
        """The constructor call as a person writes it: "nn.Conv2d(3, 16, kernel_size=3, padding=1)"."""
        positional, keywords = self.entry.arguments(self)
        texts = [*map(repr, positional), *(f"{name}={value!r}" for name, value in keywords.items())]
        return f"{self.entry.module}({', '.join(texts)})"
