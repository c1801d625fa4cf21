"""Texts all the way to a network: what a reader lets through is a network, or words that say why not."""

import os
import random

import pytest
from imports.python.test_mutations import mutated
from imports.python.test_styles import STYLES, whole
from where import CASES

from cifar7.imports.graph import UnreadableError
from cifar7.imports.packing import canonical
from cifar7.imports.reading import read
from cifar7.network.arithmetic import analyse

COUNT = int(os.environ.get("CIFAR7_MUTATIONS", "300"))
PADDED = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, stride={step})
        self.pool = nn.AvgPool2d({kernel}, {more})
        self.last = nn.{last}

    def forward(self, x):
        return self.last(self.pool(self.conv(x)){flat}){end}
"""
FLAT = {"step": 2, "last": "Linear({}, 10)", "flat": ".flatten(1)", "end": ""}


def test_a_padded_pool_is_no_head():
    # 8 + 2*1 = 10 pixels: a window of 9 at stride 4 finds one place. O's pooling has no padding.
    more = {"step": 4, "more": "stride=4, padding=1", "flat": "", "end": ".flatten(1)"}
    text = PADDED.format(kernel=9, last="Conv2d(8, 10, 1)", **more)
    spec = read(text).readings[0].spec
    assert spec.output.pooling == "none"
    pool = next(row for row in analyse(spec).rows if row.layer.kind == "avg_pool")
    assert (pool.layer.kernel, pool.layer.padding, pool.output) == (9, 1, (8, 1, 1))


def test_a_pool_with_a_stride_of_its_own_is_no_head_either():
    # 16 pixels, window 4, stride 3: (16 - 4) / 3 + 1 = 5 a side, 8 * 25 values flattened.
    last = FLAT["last"].format(8 * 25)
    text = PADDED.format(kernel=4, more="stride=3", **{**FLAT, "last": last})
    spec = read(text).readings[0].spec
    assert spec.output.pooling == "none"
    pool = next(row for row in analyse(spec).rows if row.layer.kind == "avg_pool")
    assert (pool.layer.kernel, pool.stride, pool.output) == (4, 3, (8, 5, 5))
    # The same without it is the pooling of O: 16 / 4 = 4 a side.
    text = PADDED.format(kernel=4, more="", **{**FLAT, "last": FLAT["last"].format(8 * 16)})
    head = read(text).readings[0].spec.output
    assert (head.pooling, head.pool) == ("average", 4)


def become(texts: list[str], count: int) -> int:
    """How many of so many mutations are read; nothing but an UnreadableError may come out of the others."""
    dice, found = random.Random(11), 0
    for _ in range(count):
        text = mutated(dice.choice(texts), dice)
        try:
            readings = read(text).readings
        except UnreadableError as fault:
            if not fault.fault:
                pytest.fail(text)
            continue
        found += 1
        assert all(canonical(reading.spec) == reading.spec for reading in readings)
    return found


def test_mutated_sources_become_networks_or_words():
    assert 0 < become([whole(text) for text in STYLES.values()], COUNT) < COUNT


@pytest.mark.skipif(not CASES.is_dir(), reason="the students' networks are not on this machine")
def test_mutated_print_outs_and_tables_become_networks_or_words():
    texts = [path.read_text() for path in sorted(CASES.glob("s*_*.txt"))]
    assert 0 < become(texts, COUNT // 3) < COUNT // 3
