"""What an entry in the table of layers says. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cifar7.network.kinds.layer import Layer


class Family(Enum):
    """What a layer is for. Where a rule holds for all pools or all activations, it asks for the family."""

    CONVOLUTION = auto()
    LINEAR = auto()
    NORM = auto()
    ACTIVATION = auto()
    DROPOUT = auto()
    POOL = auto()
    JOIN = auto()  # where the two ways of a connection end


FOLLOWERS = (Family.NORM, Family.ACTIVATION, Family.DROPOUT)  # they keep the map and stand behind a weight


Arguments = tuple[tuple[Any, ...], dict[str, Any]]  # of a constructor: by place, by name


@dataclass(frozen=True, slots=True)
class LayerKind:
    """The entry of one kind of layer."""

    name: str  # in `Layer.kind`, and in the JSON of `describe`
    family: Family
    title: str  # in a sentence and on the page: "batch norm"
    module: str  # class as source text writes it; empty for a sum, which the network itself computes
    arguments: Callable[[Layer], Arguments] = lambda layer: ((), {})
    # Label: name with its window, then what is unusual: ("depthwise 3×3", "dilation 2"). Tag: two very short
    # lines, for the drawing: ("3×3", "dw d2"). Both get the kernel too: a global pool has the map's.
    label: Callable[[Layer, int], tuple[str, ...]] = lambda layer, kernel: (layer.entry.title,)
    tag: Callable[[Layer, int], tuple[str, str]] = lambda layer, kernel: (layer.entry.title, "")
    glyph: Literal["taps", "square", "sum", "stack", ""] = ""  # its window in the drawing
    whole_map: bool = False  # the window is the map, whatever its size
    per_channel: int = 0  # learnt numbers for each output channel beside weights and bias: scale and shift
    per_value: bool = False  # the same for each value of the map
    flat: str = ""  # the kind that does the same behind a linear layer; empty: this one, or none
    groups: Callable[[int], int] = lambda channels: 1  # of a normalisation of so many channels
    # What makes a layer pointless:
    replaces_bias: bool = False  # adds a learnt shift of its own, so that a bias before it is superfluous
    idempotent: bool = False  # a second one right behind the first changes nothing

    @property
    def weighted(self) -> bool:
        """Whether it multiplies by learnt weights: the layers whose MACs count."""
        return self.family is Family.CONVOLUTION or self.family is Family.LINEAR


def square(side: int) -> str:
    """A side in pixels as "3×3"."""
    return f"{side}×{side}"
