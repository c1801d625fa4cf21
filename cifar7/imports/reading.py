"""Any text that a network can be in: what it is, and the readings of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cifar7.errors import UserError
from cifar7.imports.graph import Graph, Node, UnreadableError
from cifar7.imports.networks import Imported, imported
from cifar7.imports.python import read_notebook, read_source
from cifar7.imports.tabular import looks_like, read_print, read_summary
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec

LARGEST = 32_000_000  # characters: a notebook brings the pictures along that it has drawn
SOURCES = {
    "source": "Python source",
    "notebook": "a notebook",
    "print": "what print(model) shows",
    "summary": "a summary table",
    "spec": "a design of cifar7",
}


@dataclass(frozen=True, slots=True)
class Read:
    """What a text holds: its kind, a name of SOURCES, and the networks it can be, the likeliest first."""

    kind: str
    readings: tuple[Imported, ...]


def read(text: str, class_name: str = "") -> Read:
    """The network in a text. `class_name`: which of several classes, in source and notebooks.

    Raises UnreadableError that says what could not be read, with its line, and what would be right.
    """
    if len(text) > LARGEST:
        raise UnreadableError(f"the text has {len(text):,} characters", f"give at most {LARGEST:,}.")
    kind = kind_of(text)
    if kind == "spec":
        return Read(kind, (_design(text),))
    graphs = _graphs(kind, text, class_name)
    readings, faults = [], []
    for graph in graphs:
        try:
            readings.append(imported(graph))
        except UnreadableError as fault:
            faults.append(fault)
    if not readings:
        raise faults[0]
    return Read(kind, tuple(_distinct(readings)))


def kind_of(text: str) -> str:
    """What a text is, as a name of SOURCES."""
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            data = json.loads(text.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict) and "cells" in data:
            return "notebook"
        if isinstance(data, dict) and "stages" in data:
            return "spec"
    return looks_like(text) or "source"


def choices(graph: Graph) -> dict[int, tuple[Mapping[str, Any], ...]]:
    """Of each call whose settings its text leaves open: the settings that fit, those it has first."""
    return {
        at: ({k: v for k, v in node.settings.items() if k != "alternatives"}, *node.settings["alternatives"])
        for at, node in enumerate(graph.nodes)
        if node.settings.get("alternatives")
    }


def chosen(graph: Graph, picks: Mapping[int, int]) -> Graph:
    """The graph with the choice of that number in place of the settings of some calls. See `choices`."""
    open_calls = choices(graph)
    nodes = list(graph.nodes)
    for at, pick in picks.items():
        fitting = open_calls.get(at, ())
        if not 0 <= pick < len(fitting):
            raise UnreadableError(f"call {at} has no choice {pick}", f"it has {len(fitting)}.")
        nodes[at] = _settled(nodes[at], {**nodes[at].settings, **fitting[pick]})
    return replace(graph, nodes=tuple(nodes))


def _settled(node: Node, settings: Mapping[str, Any]) -> Node:
    return replace(node, settings={k: v for k, v in settings.items() if k != "alternatives"})


def _graphs(kind: str, text: str, class_name: str) -> list[Graph]:
    if kind == "notebook":
        return [read_notebook(text, class_name)]
    if kind == "print":
        return read_print(text)
    if kind == "summary":
        return read_summary(text)
    return [read_source(text, class_name)]


def _design(text: str) -> Imported:
    """A design in JSON, as the page and `export` write it."""
    try:
        spec = NetSpec.from_dict(json.loads(text.removeprefix("\ufeff")))
        check(spec)
    except UserError as error:
        raise UnreadableError(error.fault, error.cure) from None
    return Imported(spec, (), Graph(spec.name, ()), 0)


def _distinct(readings: list[Imported]) -> list[Imported]:
    """Without those that come to the same network."""
    seen: list[NetSpec] = []
    kept = []
    for reading in readings:
        if reading.spec not in seen:
            seen.append(reading.spec)
            kept.append(reading)
    return kept
