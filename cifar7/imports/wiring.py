"""What a text that shows no calls leaves open of a network's wiring, and the network as it was chosen.

Two questions. Where do the two ways part that meet at a row of a table? And is there a sum that no row shows:
a sum is no module, so that neither a table nor print(model) lists it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cifar7.imports.graph import IMAGE, Fork, Graph, Node, UnreadableError
from cifar7.imports.tabular import even_strides

PICTURE = (3, 32, 32)  # where a text does not say the image
PAST = 96  # calls that a sum may go around: more than a stage can hold


def forks(graph: Graph) -> dict[int, tuple[Fork, ...]]:
    """Of each join that may have its ways elsewhere: where they may part, as they are read first."""
    return {at: found.options for at, found in graph.forks.items() if len(found.options) > 1}


def rewired(graph: Graph, picks: Mapping[int, int]) -> Graph:
    """The graph with the fork of that number for some joins. See `forks`.

    Raises UnreadableError for a join or a number that there is not.
    """
    nodes = list(graph.nodes)
    for join, pick in picks.items():
        options = forks(graph).get(join, ())
        if not 0 <= pick < len(options):
            raise UnreadableError(f"call {join} has no fork {pick}", f"it has {len(options)}.")
        _move(nodes, join, options[0], options[pick], graph.forks[join].settings)
    left = {at: found for at, found in graph.forks.items() if at not in picks}
    return replace(graph, nodes=even_strides(nodes) if picks else graph.nodes, forks=left)


def _move(
    nodes: list[Node], join: int, old: Fork, new: Fork, settings: Mapping[tuple[int, int], Mapping]
) -> None:
    """Both ways of a join from another place on. Calls stand in the order of their rows, one behind another."""
    if new.other != old.other and old.other != join:
        before = old.other - 1
        nodes[old.other] = replace(
            nodes[old.other], inputs=(before,), settings=settings[old.other, before]
        )
    last = join - 1
    if new.other != join:
        took = settings[new.other, new.start]
        nodes[new.other] = replace(nodes[new.other], inputs=(new.start,), settings=took)
        ends = (new.other - 1, last)
    else:
        ends = (new.start, last) if nodes[join].kind == "add" else (last, new.start)
    nodes[join] = replace(nodes[join], inputs=ends)


def sums(graph: Graph) -> dict[int, tuple[int, ...]]:
    """Of each call that an earlier map may be added to: the calls that put out such a map, or IMAGE.

    The likely first. Connections stand one behind the other, so that none is within another one.
    """
    shape = {IMAGE: graph.image or PICTURE} | {at: node.shape for at, node in enumerate(graph.nodes)}
    found: dict[int, tuple[int, ...]] = {}
    for row in _rows(graph):
        for place in range(1, len(row)):
            end, around = row[place], row[max(0, place - PAST) : place]
            same = [at for at in around if shape[at] == shape[end] and len(shape[end] or ()) == 3]
            if same and end != len(graph.nodes) - 1:
                found[end] = tuple(sorted(same, key=lambda at: _unlikely(graph, at, end)))
    return found


def _unlikely(graph: Graph, start: int, end: int) -> tuple[bool, bool, int]:
    """A sum goes around what has weights and mostly begins before a convolution, at the latest map."""
    inside = [node.kind for node in graph.nodes[start + 1 : end + 1]]
    return "conv" not in inside, inside[0] != "conv", -start


def _rows(graph: Graph) -> Iterator[list[int]]:
    """Calls one behind another that no connection goes around, each row with the map that it begins with."""
    users: dict[int, list[int]] = {}
    for at, node in enumerate(graph.nodes):
        for given in dict.fromkeys(node.inputs):
            users.setdefault(given, []).append(at)
    row = [IMAGE]
    while following := users.get(row[-1], []):
        if len(following) == 1 and len(graph.nodes[following[0]].inputs) == 1:
            row.append(following[0])
            continue
        yield row
        joins = (at for at in range(row[-1] + 1, len(graph.nodes)) if len(graph.nodes[at].inputs) > 1)
        row = [next(joins, len(graph.nodes))]
    yield row


def summed(graph: Graph, starts: Mapping[int, int]) -> Graph:
    """The graph with what some calls put out added to what later ones do: of each later call the earlier.

    Raises UnreadableError where the maps are unlike. Whether connections cross is for `imported` to tell.
    """
    possible = sums(graph) if starts else {}
    for end, start in starts.items():
        if start not in possible.get(end, ()):
            raise UnreadableError(
                f"call {start} cannot be added to call {end}", "both have to put out maps of one size."
            )
    nodes: list[Node] = []
    places = {IMAGE: IMAGE}
    for at, node in enumerate(graph.nodes):
        places[at] = len(nodes)
        nodes.append(replace(node, inputs=tuple(places[given] for given in node.inputs)))
        if at in starts:
            nodes.append(Node("add", (places[starts[at]], places[at]), shape=node.shape))
            places[at] += 1
    return replace(graph, nodes=tuple(nodes), forks={}) if starts else graph
