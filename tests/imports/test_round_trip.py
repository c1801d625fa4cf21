"""A network written and read again: model.py to the same network, print(model) to the same figures."""

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from random_specs import buildable
from wide_specs import wide_specs

from cifar7.export.model_source import model_source
from cifar7.imports.networks import imported
from cifar7.imports.packing import canonical
from cifar7.imports.python import read_source
from cifar7.imports.reading import kind_of, read
from cifar7.imports.tabular import read_print
from cifar7.network.arithmetic import Analysis, analyse, walk
from cifar7.network.presets import PRESETS
from cifar7.network.problems import problems
from cifar7.network.spec import NetSpec

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "50"))
# Without making a failing network smaller, which takes minutes.
MANY = {
    "deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
}  # fmt: skip


def figures(found: Analysis) -> tuple:
    """What must not change: counts, fields and the shape behind every layer."""
    shapes = [row.output for row in found.rows]
    return found.parameters, found.macs, found.receptive_field_before, found.receptive_field_total, shapes


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_comes_back_as_it_is(name):
    spec = PRESETS[name].spec
    assert canonical(spec) == spec
    found = read(model_source(spec))
    assert (found.kind, len(found.readings)) == ("source", 1)
    assert found.readings[0].spec == spec
    assert found.readings[0].remarks == ()


@settings(max_examples=EXAMPLES, **MANY)
@given(wide_specs().filter(buildable))
def test_the_written_file_gives_the_same_network(spec):
    expected = canonical(spec)
    assert problems(expected) == []
    assert figures(analyse(expected)) == figures(analyse(spec))
    assert canonical(expected) == expected
    reading = imported(read_source(model_source(spec)))
    assert reading.spec == expected
    assert reading.parameters == analyse(spec).parameters


def of_photographs(spec: NetSpec) -> NetSpec:
    """The same for images of 32 pixels: what is printed says nothing of the image."""
    return replace(spec, image_size=32)


def convolves(spec: NetSpec) -> bool:
    return any(row.layer.kind == "conv" for row in walk(spec))


@settings(max_examples=EXAMPLES, **MANY)
@given(wide_specs().map(of_photographs).filter(buildable).filter(convolves))
def test_what_print_shows_gives_the_same_figures(spec):
    space: dict = {"__name__": "model"}
    exec(compile(model_source(spec), "model.py", "exec"), space)
    text = repr(space["Network"]())
    assert kind_of(text) == "print"
    expected = figures(analyse(spec))
    assert expected in [figures(analyse(imported(graph).spec)) for graph in read_print(text)]
