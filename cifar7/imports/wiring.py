"""What a text that shows no calls leaves open of a network's wiring, and the network as it was chosen.

Two questions. Where do the two ways part that meet at a row of a table? And is there a sum that no row shows:
a sum is no module, so that neither a table nor print(model) lists it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from cifar7.imports.graph import IMAGE, Fork, Graph, Node, UnreadableError
from cifar7.imports.tabular import even_strides

PICTURE = (3, 32, 32)  # where a text does not say the image
Settings = Mapping[tuple[int, int], Mapping[str, Any]]
PAST = 96  # calls that a sum may go around: more than a stage can hold


def call_name(graph: Graph, at: int) -> str:
    """A call for people: its name in the text, or "the image"."""
    if at == IMAGE:
        return "the image"
    node = graph.nodes[at]
    return node.name or f"{node.kind.replace('_', ' ')} without a row"


def fork_words(graph: Graph, join: int, fork: Fork) -> str:
    """Where two ways part, for people."""
    start = call_name(graph, fork.start)
    if fork.other == join:
        return f"{start} itself beside what comes of it"
    return f"both ways begin behind {start}, the other with {call_name(graph, fork.other)}"


def setting_words(settings: Mapping[str, Any], fitting: Sequence[Mapping[str, Any]]) -> str:
    """What tells one choice of settings from the others: "kernel 3, dilation 2, padding 2"."""
    differing = [name for name in settings if len({repr(each.get(name)) for each in fitting}) > 1]
    return ", ".join(f"{name.replace('_', ' ')} {settings[name]}" for name in differing) or "as read"


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
            raise UnreadableError(f"call {join + 1} has no fork {pick + 1}", f"it has {len(options)}.")
        _move(nodes, join, options[0], options[pick], graph.forks[join].settings)
    left = {at: found for at, found in graph.forks.items() if at not in picks}
    return replace(graph, nodes=even_strides(nodes) if picks else graph.nodes, forks=left)


def _move(nodes: list[Node], join: int, old: Fork, new: Fork, settings: Settings) -> None:
    """Both ways of a join from another place on. The calls of both stand one behind another before it."""

    def follow(at: int, source: int) -> None:
        nodes[at] = replace(nodes[at], inputs=(source,), settings=settings[at, source])

    last = join - 1
    if new.other != old.other and old.other != join:
        follow(old.other, old.other - 1)
    if new.other != join:
        follow(new.other, new.start)
        ends = (new.other - 1, last)
    else:
        ends = (new.start, last) if nodes[join].kind == "add" else (last, new.start)
    nodes[join] = replace(nodes[join], inputs=ends)


def sums(graph: Graph) -> dict[int, tuple[int, ...]]:
    """Of each call that an earlier map may be added to: the calls that put out such a map, or IMAGE.

    The likely first. Connections stand one behind the other, so that none is within another one.
    """
    nodes = graph.nodes
    shape = {IMAGE: graph.image or PICTURE} | {at: node.shape for at, node in enumerate(nodes)}
    weighs = [0, *accumulate(node.kind == "conv" for node in nodes)]
    found: dict[int, tuple[int, ...]] = {}
    for row in _rows(graph):
        for place in range(1, len(row)):
            end, around = row[place], row[max(0, place - PAST) : place]
            same = [at for at in reversed(around) if shape[at] == shape[end] and len(shape[end] or ()) == 3]
            if not same or end == len(nodes) - 1:
                continue
            # A sum goes around what has weights and mostly begins before a convolution, at the latest map.
            with_weights = [at for at in same if weighs[end + 1] > weighs[at + 1]]
            likely = [at for at in with_weights if nodes[at + 1].kind == "conv"]
            found[end] = tuple(dict.fromkeys((*likely, *with_weights, *same)))
    return found


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
                f"what call {start + 1} puts out cannot be added to that of call {end + 1}",
                "take maps of one size, between which nothing parts or joins.",
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
