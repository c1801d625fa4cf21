"""Any text that a network can be in: what it is, and the readings of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from cifar7.errors import UserError
from cifar7.imports.graph import Graph, Node, UnreadableError
from cifar7.imports.networks import Imported, imported
from cifar7.imports.python import read_notebook, read_source
from cifar7.imports.tabular import looks_like, read_print, read_summary
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec, Unit

LARGEST = 32_000_000  # characters: a notebook brings the pictures along that it has drawn
LIMITS = {limit.name: limit.metadata["high"] for limit in fields(Unit) if limit.name in ("kernel", "stride")}
SOURCES = {
    "source": "Python source",
    "notebook": "a notebook",
    "print": "what print(model) shows",
    "summary": "a summary table",
    "spec": "a design of cifar7",
}
UNCALLED = ("print", "summary")  # of SOURCES: they show modules and no sums


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
            readings.append(_sayable(graph))
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
    return {at: _options(node) for at, node in enumerate(graph.nodes) if node.settings.get("alternatives")}


def _options(node: Node) -> tuple[Mapping[str, Any], ...]:
    """The settings of a call and the others that fit."""
    plain = {name: value for name, value in node.settings.items() if name != "alternatives"}
    return plain, *node.settings["alternatives"]


def chosen(graph: Graph, picks: Mapping[int, int]) -> Graph:
    """The graph with the choice of that number in place of the settings of some calls. See `choices`."""
    open_calls = choices(graph)
    nodes = list(graph.nodes)
    for at, pick in picks.items():
        fitting = open_calls.get(at, ())
        if not 0 <= pick < len(fitting):
            raise UnreadableError(f"call {at + 1} has no choice {pick + 1}", f"it has {len(fitting)}.")
        nodes[at] = _settled(nodes[at], {**nodes[at].settings, **fitting[pick]})
    return replace(graph, nodes=tuple(nodes))


def _sayable(graph: Graph) -> Imported:
    """The network; where it cannot be said, with pools that can, as far as a table leaves them open."""
    try:
        return imported(graph)
    except UnreadableError:
        nodes = tuple(_within(node) for node in graph.nodes)
        if nodes == graph.nodes:
            raise
        return imported(replace(graph, nodes=nodes))


def _within(node: Node) -> Node:
    """A pool with the likeliest settings that a unit can have, the others as alternatives."""
    if "pool" not in node.kind or "alternatives" not in node.settings:
        return node
    fitting = _options(node)
    said = [s for s in fitting if not s["ceil"] and all(s[name] <= high for name, high in LIMITS.items())]
    if not said or said[0] is fitting[0]:
        return node
    rest = tuple(s for s in fitting if s is not said[0])
    return replace(node, settings={**said[0], "alternatives": rest})


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
