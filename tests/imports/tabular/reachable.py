"""Whether a network is among what a person can choose of a text: its readings, forks, settings and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imports.tabular import reference

from cifar7.imports.graph import IMAGE, Fork, Graph, Node, UnreadableError
from cifar7.imports.networks import Imported, imported
from cifar7.imports.reading import choices, chosen, read
from cifar7.imports.tabular.parts import ACTIVATIONS
from cifar7.imports.wiring import forks, rewired, summed
from cifar7.network.arithmetic import Row, analyse
from cifar7.network.spec import NetSpec

UNTOLD = ("flatten", "softmax", "log_softmax")  # they make no layer
UNLISTED = (*ACTIVATIONS, "dropout", "dropout2d")  # where a function does them, which has no row


def why_not(text: str, true: Graph) -> str:
    """In words why no choice of a text is the network of its source; empty where one is."""
    try:
        found = read(text)
    except UnreadableError as fault:
        return str(fault)
    wanted = imported(listed(true))
    reasons = [_not(reading, wanted) for reading in found.readings]
    return " | ".join(reasons) if all(reasons) else ""


def listed(true: Graph) -> Graph:
    """The network of a source without the activations and dropouts by functions, which have no row.

    Of a sum either way may be called the first; here it is the one that is called first.
    """
    places = {IMAGE: IMAGE}
    nodes: list[Node] = []
    for at, node in enumerate(true.nodes):
        inputs = [places[given] for given in node.inputs]
        if node.kind in UNLISTED and not node.name:
            places[at] = inputs[0]
            continue
        places[at] = len(nodes)
        nodes.append(replace(node, inputs=tuple(sorted(inputs) if node.kind == "add" else inputs)))
    return replace(true, nodes=tuple(nodes))


def _not(reading: Imported, wanted: Imported) -> str:
    """Why no choice of one reading is the network."""
    graph, true = reading.graph, wanted.graph.nodes
    matched = _matched(graph.nodes, true)
    if matched is None:
        return f"other calls: {[node.kind for node in graph.nodes]}"
    place, starts = matched
    back: dict[int, int] = {}  # of a call here the true one; where a sum follows it, the call itself
    for at, here in place.items():
        if at != IMAGE and true[at].kind not in UNTOLD:
            back.setdefault(here, at)
    picks = {}
    for join, options in forks(graph).items():
        start, other = _parting(true, back[join])
        fork = Fork(place[start], place[other])
        if fork not in options:
            return f"call {join} parts at {fork}, and may at {options}"
        picks[join] = options.index(fork)
    graph = rewired(graph, picks)
    settings = {}
    for at, fitting in choices(graph).items():
        kind, given = true[back[at]].kind, dict(true[back[at]].settings)
        right = [number for number, one in enumerate(fitting) if reference.fits(kind, dict(one), given)]
        if not right:
            return f"call {at} has {given}, which are not among {len(fitting)}"
        settings[at] = right[0]
    try:
        found = imported(summed(chosen(graph, settings), starts))
    except UnreadableError as fault:
        return str(fault)
    return _difference(found.spec, wanted.spec)


def _matched(mine: Sequence[Node], true: Sequence[Node]) -> tuple[dict[int, int], dict[int, int]] | None:
    """Of each true call its place here, of a sum without a row that of the call before it; and these sums,
    of each end its start, by their places here. None where the calls are others.
    """
    here = [at for at, node in enumerate(mine) if node.kind not in UNTOLD]
    place, starts = {IMAGE: IMAGE}, {}
    for at, node in enumerate(true):
        if node.kind in UNTOLD:
            place[at] = place[node.inputs[0]]
        elif node.kind == "add" and (not here or mine[here[0]].kind != "add"):
            start, end = sorted(node.inputs)
            starts[place[end]] = place[start]
            place[at] = place[end]
        elif not here or mine[here[0]].kind != node.kind:
            return None
        else:
            place[at] = here.pop(0)
    return None if here else (place, starts)


def _parting(nodes: Sequence[Node], join: int) -> tuple[int, int]:
    """Where the ways of a join part, and the first call of the second: the join itself where it has none."""
    main, side = (_back(nodes, given) for given in nodes[join].inputs)
    start = next(at for at in side if at in main)
    if start == main[0]:  # the identity, which a sum may name first
        return start, join
    return start, ([join, *side])[side.index(start)]


def _back(nodes: Sequence[Node], at: int) -> list[int]:
    """From a call back to the image, at joins along the first way."""
    found = [at]
    while found[-1] != IMAGE:
        found.append(nodes[found[-1]].inputs[0])
    return found


def _difference(found: NetSpec, wanted: NetSpec) -> str:
    """What two networks differ in: layers, wiring, shapes, counts or receptive field."""
    mine, true = analyse(found), analyse(wanted)
    for one, other in zip(mine.rows, true.rows, strict=True):
        if _facts(one) != _facts(other):
            return f"{_facts(one)} is not {_facts(other)}"
    fields = [(a.parameters, a.macs, a.receptive_field_before, a.receptive_field_total) for a in (mine, true)]
    return "" if fields[0] == fields[1] else f"{fields[0]} is not {fields[1]}"


def _facts(row: Row) -> tuple[object, ...]:
    """Of a layer all that a table can tell: not the rate of a dropout, nor what stands beyond a border.

    A dilated 1x1 convolution is a plain one. A pool of all of its map is one, however it is written.
    """
    layer = row.layer
    kind = layer.kind.replace("global_", "")
    window = () if "pool" in kind and row.output[-1] == 1 else (layer.kernel, layer.stride)
    dilation = layer.dilation if layer.kernel > 1 else 1
    return (
        kind, layer.in_channels, layer.out_channels, *window, layer.padding, dilation, layer.groups,
        layer.bias, layer.span, layer.side, row.output,
    )  # fmt: skip
