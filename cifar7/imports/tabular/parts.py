"""A model as its text shows it: modules within modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Containers that call their children in order, and hold no other call.
IN_ORDER = ("Sequential", "ModuleList", "ModuleDict", "Residual")
KEEPS = (
    "relu", "leaky_relu", "relu6", "elu", "selu", "silu", "gelu", "mish", "hardswish", "tanh", "sigmoid",
    "softplus", "prelu", "dropout", "dropout2d", "softmax", "log_softmax",
)  # fmt: skip
ACTIVATIONS = KEEPS[:13]
NORMS = ("batch_norm", "group_norm", "instance_norm", "layer_norm", "channel_norm")
POOLS = ("max_pool", "avg_pool")

Shape = tuple[int, ...]  # (C, H, W) of a map, (C,) of flat values


@dataclass(frozen=True, slots=True)
class Part:
    """A module: a layer of `kind` where that is not empty, else a container of children."""

    name: str  # attribute path
    type: str  # class
    line: int
    kind: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[Part, ...] = ()
    shape: Shape | None = None
    parameters: int | None = None
    again: bool = False  # a row that says "(recursive)": called before, and counted there

    @property
    def attribute(self) -> str:
        """The last piece of its path: "shortcut" of "stage1.0.shortcut"."""
        return self.name.rpartition(".")[2]

    @property
    def ordered(self) -> bool:
        """Whether its children can only be called one after another."""
        return self.type in IN_ORDER

    def layers(self) -> Iterator[Part]:
        """All layers below it, itself if it is one."""
        if self.kind:
            yield self
        for child in self.children:
            yield from child.layers()
