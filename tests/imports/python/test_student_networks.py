"""Networks of other students, written in their manner: parameters and shapes are those worked out apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from imports.python.witness import compare
from where import ROOT

from cifar7.imports.graph import IMAGE, Graph, Node, learnt
from cifar7.imports.python import read_source

CASES = ROOT.parent / "shared" / "cases" / "networks"
FILES = sorted(CASES.glob("s*_*.py"))
pytestmark = pytest.mark.skipif(not FILES, reason="the shared cases are not here")


def windowed(side: int, node: Node) -> int:
    """Pixels along a side behind a window: floor((n + 2p - d(k-1) - 1) / s) + 1."""
    s = node.settings
    span = s.get("dilation", 1) * (s["kernel"] - 1) + 1
    return (side + 2 * s["padding"] - span) // s["stride"] + 1


def outputs(graph: Graph) -> list[list[int]]:
    """[C, H, W] behind each convolution, pool and linear layer."""
    shapes: dict[int, list[int]] = {IMAGE: [3, 32, 32]}
    for at, node in enumerate(graph.nodes):
        channels, *sides = shapes[node.inputs[0]]
        if node.kind in ("conv", "max_pool", "avg_pool"):
            assert not node.settings.get("ceil")
            sides = [windowed(side, node) for side in sides]
        elif node.kind == "adaptive_avg_pool":
            sides = [node.settings["size"]] * 2
        elif node.kind == "flatten":
            channels, sides = channels * sides[0] * sides[1], [1, 1]
        channels = node.settings.get("out_channels", node.settings.get("out_features", channels))
        shapes[at] = [channels, *sides]
    kinds = ("conv", "linear", "max_pool", "avg_pool", "adaptive_avg_pool")
    return [shapes[at] for at, node in enumerate(graph.nodes) if node.kind in kinds]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_students_network(path: Path):
    truth = json.loads(path.with_suffix(".json").read_text())
    graph = read_source(path.read_text())
    called = sum(
        learnt(node.kind, node.settings)
        for node in {n.name or i: n for i, n in enumerate(graph.nodes)}.values()
    )
    assert graph.name == truth["class"]
    assert called == truth.get("parameters_called", truth["parameters"])
    assert called + sum(layer.parameters for layer in graph.unused) == truth["parameters"]
    assert outputs(graph) == truth["outputs"]
    assert sum(node.kind == "max_pool" for node in graph.nodes) == truth["max_pools"]
    compare(path.read_text(), graph)


def test_there_are_twelve():
    assert len(FILES) == 12
