"""What the text of a network leaves open, as questions: where ways part, which settings, and unseen sums."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cifar7.imports.graph import Fork, Graph
from cifar7.imports.networks import Imported, imported
from cifar7.imports.reading import UNCALLED, Read, choices, chosen
from cifar7.imports.wiring import call_name, forks, rewired, setting_words, summed, sums
from cifar7.ui.words.wording import count


def settled(found: Read, reading: Imported, text: str) -> Imported:
    """The reading with what its text leaves open as it was chosen.

    Raises UnreadableError where the network that was chosen cannot be said.
    """
    key = f"bring_{hash(text)}"
    graph = _told(reading.graph, key)
    if found.kind in UNCALLED:
        graph = _summed(graph, key)
    return reading if graph is reading.graph else imported(graph)


def _told(graph: Graph, key: str) -> Graph:
    """The graph with its forks and settings as they were chosen."""
    parted, layers = forks(graph), choices(graph)
    if not parted and not layers:
        return graph
    what = [count(len(layers), "layer")] if layers else []
    what += [count(len(parted), "fork")] if parted else []
    with st.expander(f"What a table cannot tell: {' and '.join(what)}, read as the likeliest"):
        if parted:
            st.caption("A table lists the rows of two ways one below the other. Say where yours part.")
            with st.grid("auto", min_column_width=210, gap="small"):
                picks = {at: _fork(graph, at, options, key) for at, options in parted.items()}
            graph = _applied(graph, picks)
        if layers:
            st.caption(
                "A dilated convolution and a plain one can have the same shapes and counts. Choose yours."
            )
            graph = _with_settings(graph, key)
    return graph


def _applied(graph: Graph, picks: dict[int, int]) -> Graph:
    changed = {at: pick for at, pick in picks.items() if pick}
    return rewired(graph, changed) if changed else graph


def _fork(graph: Graph, join: int, options: Sequence[Fork], key: str) -> int:
    """Where the ways of one join part, in two steps: behind which call, and with which the other begins."""
    name = call_name(graph, join)
    starts = list(dict.fromkeys(fork.start for fork in options))
    start = _pick(graph, f"{name}: ways part behind", starts, f"{key}_from_{join}")
    others = [fork.other for fork in options if fork.start == start]
    label, place = f"{name}: the other way begins with", f"{key}_with_{join}_{start}"
    return options.index(Fork(start, _pick(graph, label, others, place, none=join)))


def _pick(graph: Graph, label: str, calls: Sequence[int], key: str, none: int | None = None) -> int:
    """One of some calls, the first until another is chosen; `none`: the one that stands for no layer."""
    found = st.selectbox(
        label, calls, key=key,
        format_func=lambda at: "no layer" if at == none else call_name(graph, at),
    )  # fmt: skip
    return calls[0] if found is None else found


def _with_settings(graph: Graph, key: str) -> Graph:
    changed: dict[int, int] = {}
    with st.grid("auto", min_column_width=210, gap="small"):
        for at, fitting in choices(graph).items():
            node = graph.nodes[at]
            labels = {i: setting_words(settings, fitting) for i, settings in enumerate(fitting)}
            name = call_name(graph, at)
            pick = st.selectbox(
                f"{name}, line {node.line}" if node.line else name, list(labels),
                format_func=labels.__getitem__, key=f"{key}_{at}_{node.inputs}",
            )  # fmt: skip
            if pick:
                changed[at] = pick
    return chosen(graph, changed) if changed else graph


def _summed(graph: Graph, key: str) -> Graph:
    """The graph with sums that no row shows, where there are any."""
    possible = sums(graph)
    if not possible:
        return graph
    with st.expander("Does yours add an earlier map, as in x + f(x)? A sum has no row"):
        ends = st.multiselect(
            "Behind which layers something is added", list(possible), key=f"{key}_sums",
            format_func=lambda at: call_name(graph, at), placeholder="none",
        )  # fmt: skip
        starts = {
            end: _pick(
                graph, f"Behind {call_name(graph, end)} is added what comes out of", possible[end],
                f"{key}_sum_{end}",
            )
            for end in ends
        }  # fmt: skip
    return summed(graph, starts)
