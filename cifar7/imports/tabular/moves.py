"""Orders other than the written one: a dropout or an activation that is defined last is called earlier."""

from __future__ import annotations

from dataclasses import replace

from cifar7.imports.tabular.parts import ACTIVATIONS, NORMS, Part

MOST_PLACES = 9


def arrangements(root: Part) -> list[tuple[str, Part]]:
    """The model in the orders it may be called in, each with its difference in words; mostly as written."""
    children = root.children
    if root.ordered:
        return [("", root)]
    weighted = [at for at, child in enumerate(children) if _weighs(child)]
    if len(weighted) < 2:
        return [("", root)]
    late = [child for child in children[weighted[-1] + 1 :] if child.kind in ("dropout", "dropout2d")]
    single = [child for child in children if child.kind in ACTIVATIONS]
    bare = [at for at in weighted if children[at].kind and not _followed(children, at)]
    if single and len(single) == 1 and len(bare) > 1 and children[-1].kind != "softmax":
        return [
            (f"{single[0].name} called behind each layer with weights", _spread(root, single[0], late)),
            ("each called once, as it is written", root),
        ]
    return _placed(root, late[0], weighted) if late else [("", root)]


def _weighs(part: Part) -> bool:
    return any(layer.kind in ("conv", "linear") for layer in part.layers())


def _followed(children: tuple[Part, ...], at: int) -> bool:
    """Whether an activation comes before the next layer with weights."""
    for child in children[at + 1 :]:
        if child.kind in ACTIVATIONS or any(layer.kind in ACTIVATIONS for layer in child.layers()):
            return True
        if _weighs(child):
            return False
    return True  # the last needs none


def _spread(root: Part, activation: Part, late: list[Part]) -> Part:
    """The activation behind each bare layer and its norm, a late dropout before the last layer."""
    kept = [child for child in root.children if child is not activation and child not in late]
    made: list[Part] = []
    last = max(at for at, child in enumerate(kept) if _weighs(child))
    for at, child in enumerate(kept):
        if at == last:
            made += late
        made.append(child)
        ends = at + 1 == len(kept) or kept[at + 1].kind not in NORMS
        bare = child.kind in ("conv", "linear", *NORMS)
        if bare and ends and at < last:
            made.append(activation)
    return replace(root, children=tuple(made))


def _placed(root: Part, late: Part, weighted: list[int]) -> list[tuple[str, Part]]:
    """A dropout behind the last layer, where it would drop answers: before earlier layers instead."""
    kept = tuple(child for child in root.children if child is not late)
    places = range(weighted[-1], 0, -1)[:MOST_PLACES]
    # Before the linear layer it is likely; anywhere else possible; at the end, as written, hardly.
    found = [
        (f"{late.name} called before {kept[at].name}", replace(root, children=(*kept[:at], late, *kept[at:])))
        for at in places
    ]
    return [*found, (f"{late.name} called last, as it is written", root)]
