"""Networks written, built, shown as tables and read again: the same figures, or the true settings listed."""

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from imports.tabular import reference
from imports.tabular.tables import info_like, summary_like
from random_specs import buildable
from torch import nn
from wide_specs import wide_specs

from cifar7.export.model_source import model_source
from cifar7.imports.graph import Graph, UnreadableError
from cifar7.imports.networks import imported
from cifar7.imports.python import read_source
from cifar7.imports.tabular import read_summary
from cifar7.network.arithmetic import Analysis, analyse, walk
from cifar7.network.presets import PRESETS
from cifar7.network.spec import NetSpec

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "60"))
# Without making a failing network smaller, which takes minutes.
MANY = {
    "deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
}  # fmt: skip
BRANCHED = 0.95  # part of the networks with two ways that must be read; of the others all
TABLES = {"torchsummary": summary_like, "torchinfo": info_like}


def photographs(spec: NetSpec) -> NetSpec:
    """The same for images of 32 pixels, which a table of torchsummary does not say."""
    return replace(spec, image_size=32)


def convolves(spec: NetSpec) -> bool:
    return any(row.layer.kind == "conv" for row in walk(spec))


def figures(found: Analysis) -> tuple:
    """All but sums, of which a row of nn.Sequential leaves no trace."""
    shapes = [row.output for row in found.rows if not row.layer.span]
    return found.parameters, found.macs, found.receptive_field_before, found.receptive_field_total, shapes


def windows(graph: Graph) -> list:
    return [(node.kind, dict(node.settings)) for node in graph.nodes if node.kind == "conv"]


def told(text: str, spec: NetSpec) -> bool:
    """Whether a reading is the network, or leaves each convolution its true settings to choose."""
    true = windows(read_source(model_source(spec)))
    for graph in read_summary(text):
        try:
            analysis = analyse(imported(graph).spec)
        except UnreadableError:
            continue
        mine = windows(graph)
        listed = len(mine) == len(true) and all(
            reference.fits(kind, one, other) for (kind, one), (_, other) in zip(mine, true, strict=True)
        )
        if listed or figures(analysis) == figures(analyse(spec)):
            return True
    return False


def built(spec: NetSpec) -> nn.Module:
    space: dict = {"__name__": "model"}
    exec(compile(model_source(spec), "model.py", "exec"), space)
    return space["Network"]()


def readable(text: str, spec: NetSpec) -> bool:
    try:
        return told(text, spec)
    except UnreadableError:
        return False


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset(name, make):
    spec = photographs(PRESETS[name].spec)
    assert told(make(built(spec)), spec)


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("name", reference.NAMES)
def test_a_students_network(name, make):
    source = (reference.NETWORKS / f"{name}.py").read_text()
    assert told(make(reference.network(name)), imported(read_source(source)).spec)


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_random_networks(make):
    missed: list[NetSpec] = []
    branched: list[bool] = []

    @settings(max_examples=EXAMPLES, **MANY)
    @given(wide_specs().map(photographs).filter(buildable).filter(convolves))
    def each(spec: NetSpec) -> None:
        right = readable(make(built(spec)), spec)
        if any(row.layer.side or row.layer.kind == "concat" for row in walk(spec)):
            branched.append(right)
        elif not right:
            missed.append(spec)

    each()
    assert missed == []
    assert sum(branched) >= BRANCHED * len(branched)
