"""One unit of a network: an operation on a map, and what follows it. See `spec` for the whole network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from cifar7.errors import UserError
from cifar7.fields import choice, number
from cifar7.network.kinds import Family, names

CONVOLUTIONS = ("standard", "grouped", "separable")
KEEPING = ("max_pool", "avg_pool", "none")  # their channels are those that they get
OPERATIONS = (*CONVOLUTIONS, "linear", *KEEPING)
ACTIVATIONS = names(Family.ACTIVATION)
NORMS = (*(name.removesuffix("_norm") for name in names(Family.NORM)), "none")
DROPOUT_PLACES = ("unit", "depthwise")
DROPOUT_KINDS = ("values", "channels")
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
JOINS = ("add", "concat")
MAX_UNITS = 12


class SpecError(UserError):
    """A network description that cannot be built: says which stage, and the cure."""


def _orders() -> tuple[str, ...]:
    """Every order of a unit's parts; a dropout that comes last is not named."""
    every = ("-".join(order).removesuffix("-drop") for order in permutations(("conv", "norm", "act", "drop")))
    return tuple(sorted(every, key=lambda name: (not name.startswith("conv"), name.count("-"), name)))


ORDERS = (
    "conv-norm-act",
    "conv-act-norm",
    *(o for o in _orders() if o not in ("conv-norm-act", "conv-act-norm")),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One operation and what follows it: normalisation, activation, dropout.

    `kind` is the operation. Convolutions: `standard`; `grouped`, into `groups` groups; `separable`, a
    depthwise convolution (one filter a channel, the unit's kernel, stride, padding and dilation) and then a
    pointwise 1x1 that sets the channels. Pools: `max_pool` and `avg_pool`, of kernel, stride and padding.
    `linear`: a fully connected layer, behind the pooling of stage O only. `none`: nothing but what follows.
    Pools and `none` put out as many channels as they get.

    `residual`: the input of the unit that many back, this one counted as 1, is added to what the unit puts
    out, as it is (He et al., "Deep Residual Learning", 2015): 1 goes around this unit, 2 around this one and
    the one before, 0 is none. The sum stands after the whole unit, behind its normalisation, activation and
    dropout and before the stage's pool: x + unit(x), with nothing on the identity's way (He et al., "Identity
    Mappings in Deep Residual Networks", 2016). A unit without activation can take away from what it gets as
    well as add to it.

    With a `shortcut` of units of its own the connection is a second branch: a 1x1 on the way around, or a
    dilated convolution beside a plain one. `join` says whether the two are added or concatenated, the row of
    units first; `joined_activation` puts the network's activation behind the join, as the first of those two
    papers does.
    """

    channels: int = number(low=1, high=1024)  # output channels
    kernel: int = number(3, low=1, high=11)  # pixels, square
    kind: str = choice("standard", OPERATIONS)
    groups: int = number(1, low=1, high=1024)  # read by kind `grouped` only
    stride: int = number(1, low=1, high=4)  # pixels
    dilation: int = number(1, low=1, high=8)  # pixels between the taps of the kernel
    padding: int | None = number(None, low=0, high=32)  # pixels a side; None: what keeps the map at stride 1
    norm: bool = True  # a normalisation follows the operation
    activation: bool = True  # an activation follows the operation
    dropout: float = number(0.0, low=0.0, high=0.9)  # probability
    residual: int = number(
        0, low=0, high=MAX_UNITS
    )  # units, of the same stage, that the connection goes around
    # Of a separable unit only:
    between: bool = True  # normalisation and activation also between depthwise and pointwise
    dropout_after: str = choice("unit", DROPOUT_PLACES)  # whole unit, or its depthwise convolution only
    pointwise_padding: int = number(0, low=0, high=4)  # pixels a side
    pointwise_bias: bool | None = None  # of the pointwise convolution; None: the network's rule
    # Where a unit departs from its network; None: as the network says.
    bias: bool | None = None  # of the convolution, of the depthwise one of a separable unit
    order: str | None = choice(None, ORDERS)
    norm_kind: str | None = choice(None, NORMS[:-1])
    norm_groups: int | None = number(None, low=1, high=1024)  # of a group normalisation
    activation_kind: str | None = choice(None, ACTIVATIONS)
    padding_mode: str = choice("zeros", PADDING_MODES)  # what stands beyond the border
    dropout_kind: str = choice("values", DROPOUT_KINDS)  # single values, or whole channels
    # Of a connection only:
    shortcut: tuple[Unit, ...] = ()  # units on its way; none: the identity
    join: str = choice("add", JOINS)
    joined_activation: bool = False  # the network's activation behind the join

    @property
    def same_padding(self) -> int:
        """Pixels a side that keep the map: d(k-1)/2, rounded down where that is uneven."""
        return self.dilation * (self.kernel - 1) // 2

    @property
    def actual_padding(self) -> int:
        """Pixels a side that the operation gets; a pool gets none unless it is given some."""
        if self.padding is None:
            return 0 if self.pools else self.same_padding
        return self.padding

    @property
    def spatial(self) -> bool:
        """Whether it is a convolution that looks at more than one pixel."""
        return self.kernel > 1 and self.convolves

    @property
    def convolves(self) -> bool:
        """Whether its operation is a convolution."""
        return self.kind in CONVOLUTIONS

    @property
    def pools(self) -> bool:
        """Whether its operation is a pool."""
        return self.kind in ("max_pool", "avg_pool")

    @property
    def keeps_channels(self) -> bool:
        """Whether it puts out as many channels as it gets."""
        return self.kind in KEEPING
