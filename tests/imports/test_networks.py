"""The networks that students built: read in every way there is, each against what is true of it."""

import json

import pytest
from where import CASES

from cifar7.imports.networks import Imported
from cifar7.imports.reading import choices, read
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import Achieved, measure

NAMES = sorted(path.stem for path in CASES.glob("s*_*.py")) if CASES.is_dir() else []
pytestmark = pytest.mark.skipif(not NAMES, reason="the students' networks are not on this machine")


def truth(name: str) -> dict:
    return json.loads((CASES / f"{name}.json").read_text())


def agrees(reading: Imported, name: str) -> bool:
    """Parameters, both receptive fields, MACs, and the shapes behind convolutions, pools, linear layers."""
    found, true = analyse(reading.spec), truth(name)
    shapes = [list(row.output) for row in found.rows if row.layer.weighted or row.layer.windowed]
    called = true.get("parameters_called", true["parameters"])
    field = {"before_pooling": found.receptive_field_before, "total": found.receptive_field_total}
    return (found.parameters, found.macs, field, shapes) == (
        called, true["macs"], true["receptive_field"], true["outputs"],
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_source(name):
    found = read((CASES / f"{name}.py").read_text())
    assert (found.kind, len(found.readings)) == ("source", 1)
    (reading,) = found.readings
    assert agrees(reading, name)
    analysis, true = analyse(reading.spec), truth(name)
    counted = {
        key: measure(key.replace("depthwise_", ""), analysis, Achieved())
        for key in ("max_pools", "depthwise_separable", "dilated", "global_average_pooling")
    }
    assert counted == {key: true[key] for key in counted}
    unused = sum(layer.parameters for layer in reading.graph.unused)
    assert analysis.parameters + unused == true["parameters"]
    assert ("never-called" in {remark.id for remark in reading.remarks}) == bool(unused)


@pytest.mark.parametrize("name", NAMES)
def test_print(name):
    found = read((CASES / f"{name}.print.txt").read_text())
    assert found.kind == "print"
    assert agrees(found.readings[0], name)


@pytest.mark.parametrize("name", NAMES)
def test_table(name):
    """A table hides dilation: the true network is a reading, or some choice of what one leaves open."""
    found = read((CASES / f"{name}.summary.txt").read_text())
    assert found.kind == "summary"
    true = read((CASES / f"{name}.py").read_text()).readings[0]
    assert any(agrees(reading, name) or within(reading, true) for reading in found.readings)


def within(reading: Imported, true: Imported) -> bool:
    """Whether the choices that the reading leaves open hold the true settings of every convolution."""
    own = [node for node in true.graph.nodes if node.kind == "conv"]
    read_here = [(at, node) for at, node in enumerate(reading.graph.nodes) if node.kind == "conv"]
    open_calls = choices(reading.graph)

    def same(at, node, other) -> bool:
        keys = ("kernel", "stride", "padding", "dilation", "groups", "bias")
        return any(
            all(settings.get(key) == other.settings.get(key) for key in keys)
            for settings in open_calls.get(at, (node.settings,))
        )

    return len(own) == len(read_here) and all(
        same(at, node, other) for (at, node), other in zip(read_here, own, strict=True)
    )
