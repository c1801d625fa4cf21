"""Ways that meet have taken the same strides: of the settings that fit, those that make it so.

A convolution from 6x6 to 3x3 may have a stride of 2, or none and no padding. Beside another way with a stride
of 2 it has one as well: else values that do not lie at the same place would be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cifar7.imports.graph import Node

Picks = tuple[tuple[int, int], ...]  # of nodes: which of their settings, 0 the likely
MOST_PRODUCTS = 40
FURTHEST = 256


def even_strides(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes, some with an alternative of theirs in place of the likely settings."""
    made = list(nodes)
    for node in nodes:
        if node.kind in ("add", "concat") and len(node.inputs) == 2:
            _evened(made, *node.inputs)
    return tuple(made)


def _evened(nodes: list[Node], one: int, other: int) -> None:
    """Both ways back to where they part, with the same product of strides."""
    first, second = _way(nodes, one), _way(nodes, other)
    shared = set(first) & set(second)
    if not shared and -1 not in (one, other) and nodes[first[-1]].inputs != nodes[second[-1]].inputs:
        return
    first = [at for at in first if at not in shared]
    second = [at for at in second if at not in shared]
    if _product(nodes, first) == _product(nodes, second):
        return
    left, right = _products(nodes, first), _products(nodes, second)
    both = sorted((left[p][0] + right[p][0], p) for p in left.keys() & right.keys())
    if both:
        for at, pick in (*left[both[0][1]][1], *right[both[0][1]][1]):
            nodes[at] = _with(nodes[at], pick)


def _way(nodes: Sequence[Node], end: int) -> list[int]:
    """From its end back to the image; behind a join along the way that is longer."""
    found: list[int] = []
    at = end
    while at >= 0 and len(found) < FURTHEST:
        found.append(at)
        at = max(nodes[at].inputs)
    return found


def _product(nodes: Sequence[Node], way: Sequence[int]) -> int:
    product = 1
    for at in way:
        product *= nodes[at].settings.get("stride", 1)
    return product


def _products(nodes: Sequence[Node], way: Sequence[int]) -> dict[int, tuple[int, Picks]]:
    """Products of strides that a way can have, each with its likeliest settings."""
    found: dict[int, tuple[int, Picks]] = {1: (0, ())}
    for at in way:
        new: dict[int, tuple[int, Picks]] = {}
        for product, (cost, picks) in found.items():
            for stride, pick in _strides(nodes[at]).items():
                ranked = (cost + pick + 3 * (pick > 0), (*picks, (at, pick)) if pick else picks)
                if product * stride not in new or ranked < new[product * stride]:
                    new[product * stride] = ranked
        found = dict(sorted(new.items(), key=lambda one: one[1])[:MOST_PRODUCTS])
    return found


def _strides(node: Node) -> dict[int, int]:
    """Strides that a node can have: of each the first settings with it."""
    found: dict[int, int] = {}
    for at, settings in enumerate((node.settings, *node.settings.get("alternatives", ()))):
        found.setdefault(settings.get("stride", 1), at)
    return found


def _with(node: Node, pick: int) -> Node:
    """With that of its alternatives as its settings, and those it had among the others."""
    plain = {name: value for name, value in node.settings.items() if name != "alternatives"}
    others = [plain, *node.settings["alternatives"]]
    chosen = others.pop(pick)
    return replace(node, settings={**chosen, "alternatives": tuple(others)})
