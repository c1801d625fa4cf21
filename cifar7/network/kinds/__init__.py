"""The kinds of layers: one entry for each, which all of the program reads. Needs no torch.

An entry says what the layer is in torch and how model.py writes it, what it learns, what window it looks
through, how tables, sentences and drawings name it, and what makes it pointless. Shape, MACs and receptive
field follow from the window and the weights, by the same formulas for all kinds (see `arithmetic`).

A new activation or normalisation is one more entry: a network may then name it. A new pool is an entry, and
the line in `layers` that puts it where a spec asks for it.
"""

from cifar7.network.kinds.kind import FOLLOWERS, Arguments, Family, LayerKind, square
from cifar7.network.kinds.layer import Layer
from cifar7.network.kinds.table import LAYER_KINDS, names

__all__ = ["FOLLOWERS", "LAYER_KINDS", "Arguments", "Family", "Layer", "LayerKind", "names", "square"]
