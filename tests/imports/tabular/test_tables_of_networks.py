"""Networks written, built, shown as tables and read again: the true one is among what a person can choose.

That is one of the readings, with the forks, settings and sums that the page and the command ask for. Left out
of the comparison is what no table tells: the rate of a dropout and what stands beyond a border.
"""

import os
import re
from dataclasses import replace
from functools import cache
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from imports.tabular import reference
from imports.tabular.reachable import why_not
from imports.tabular.tables import info_like, summary_like
from random_specs import buildable
from torch import nn
from wide_specs import wide_specs

from cifar7.export.model_source import model_source
from cifar7.imports.python import read_source
from cifar7.network.arithmetic import walk
from cifar7.network.presets import PRESETS
from cifar7.network.spec import NetSpec

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "16"))
# Without making a failing network smaller, which takes minutes.
DRAWN = {
    "deadline": None, "database": None, "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate], "max_examples": EXAMPLES,
}  # fmt: skip
TABLES = {"torchsummary": summary_like, "torchinfo": info_like}
formats = pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)


def photographs(spec: NetSpec) -> NetSpec:
    """The same for images of 32 pixels, which a table of torchsummary does not say."""
    return replace(spec, image_size=32)


def convolves(spec: NetSpec) -> bool:
    return any(row.layer.kind == "conv" for row in walk(spec))


@cache
def random_networks() -> list[NetSpec]:
    """As many as are asked for, none twice."""
    found: dict[NetSpec, None] = {}

    @settings(**DRAWN)
    @given(wide_specs().map(photographs).filter(buildable).filter(convolves))
    def draw(spec: NetSpec) -> None:
        found[spec] = None

    for number in count():  # almost half of what Hypothesis draws was there before
        seed(number)(draw)()
        if len(found) >= EXAMPLES:
            break
    return list(found)[:EXAMPLES]


@cache
def built(spec: NetSpec) -> nn.Module:
    space: dict = {"__name__": "model"}
    exec(compile(model_source(spec), "model.py", "exec"), space)
    return space["Network"]()


def missed(make, spec: NetSpec) -> str:
    return why_not(make(built(spec)), read_source(model_source(spec)))


@formats
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset(name, make):
    assert missed(make, photographs(PRESETS[name].spec)) == ""


@formats
@pytest.mark.parametrize("name", reference.NAMES)
def test_a_students_network(name, make):
    source = (reference.NETWORKS / f"{name}.py").read_text()
    assert why_not(make(reference.network(name)), read_source(source)) == ""


@formats
def test_random_networks(make):
    assert {spec: why for spec in random_networks() if (why := missed(make, spec))} == {}


SUM = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.act = nn.ReLU()
        self.third = nn.Conv2d(16, 16, 5, padding=2)
        self.last = nn.Sequential(nn.Conv2d(16, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x):
        x = self.first(x)
        x = self.act(x + self.norm(self.second(x)))
        x = x + self.third(x)
        return self.last(x)
"""


@formats
def test_sums_by_hand_have_no_row_and_can_be_chosen(make):
    space: dict = {"__name__": "model"}
    text = f"from torch import nn\n{SUM}"
    exec(compile(text, "model.py", "exec"), space)
    table = make(space["Net"]())
    assert not re.search("add|sum-", table, re.IGNORECASE)
    assert why_not(table, read_source(text)) == ""
