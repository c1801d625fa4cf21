"""Random networks through torch's print and tables; broken texts; and how long anything may take."""

import os

import pytest
from imports.tabular import reference
from imports.tabular.handmade_nets import ResNet, Tutorial, exported
from imports.tabular.mutations import mutated
from imports.tabular.random_chains import chain
from imports.tabular.tables import info_like, summary_like
from patience import LONGEST, cpu_seconds

from cifar7.imports.graph import UnreadableError
from cifar7.imports.tabular import looks_like, read_print, read_summary

CHAINS = int(os.environ.get("CIFAR7_CHAINS", "60"))
MUTATIONS = int(os.environ.get("CIFAR7_MUTATIONS", "300"))
COLUMNS = ("input_size", "kernel_size", "num_params", "output_size", "mult_adds")


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_random_chains():
    missed = []
    for seed in range(CHAINS):
        model = chain(seed).eval()
        truth = reference.called(model)
        (graph,) = read_print(str(model))
        texts = (summary_like(model), info_like(model), info_like(model, columns=COLUMNS, named=True))
        readings = [[reference.shown(one) for one in read_summary(text)] for text in texts]
        right = [any(reference.allows(one, truth) for one in found) for found in readings]
        right.append(reference.printed(reference.shown(graph)) == reference.printed(truth))
        missed += [] if all(right) else [(seed, right)]
    assert missed == []


def seconds(read, text: str) -> float:
    """Time of the processor; nothing but an UnreadableError in words may come out."""

    def work() -> None:
        try:
            found = read(text)
        except UnreadableError as fault:
            found = [fault.fault, fault.cure]
        assert all(found)

    return cpu_seconds(work)


def test_broken_texts_meet_nothing_but_words():
    texts = [reference.text(name, kind) for name in reference.NAMES for kind in ("print", "summary")]
    for model in (ResNet(), Tutorial(), exported()):
        texts += [
            str(model),
            summary_like(model),
            info_like(model),
            info_like(model, columns=COLUMNS, named=True),
        ]
    longest = 0.0
    for seed in range(MUTATIONS):
        text = mutated(texts, seed)
        looks_like(text)
        longest = max(longest, *(seconds(read, text) for read in (read_print, read_summary)))
    assert longest < LONGEST


def conv(at: int, channels: int, out: int) -> str:
    return f"  (c{at}): Conv2d({channels}, {out}, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\n"


def row(at: int, kind: str, channels: int, count: int) -> str:
    return f"{kind}-{at}  [-1, {channels}, 32, 32]  {count}\n"


INTO, OUT = (3, 8, 16, 32), (16, 32, 8)
HEAVY = {
    "long": "Net(\n" + "".join(conv(at, 8 if at else 3, 8) for at in range(1990)) + ")",
    "paths": "Net(\n" + "".join(conv(at, INTO[at % 4], OUT[at % 3]) for at in range(400)) + ")",
    "never closed": "Net(\n" + "  (a): Block(\n" * 50_000,
    "many of many": "Net(\n" + "  (0-9): 10 x Block(\n" * 30 + conv(0, 3, 3) + ")\n" * 31,
    "brackets": "Net(\n  (a): Conv2d(" + "(1," * 100_000 + ")" * 100_001 + "\n)",
    "rows": "".join(row(at, "Conv2d", 8 * (at % 3 + 1), 576 * (at % 3 + 1)) for at in range(1, 2000)),
    "blocks": row(1, "Conv2d", 8, 216)
    + "".join(row(at, *(("Conv2d", 8, 576) if at % 4 else ("Branches", 8, 0))) for at in range(2, 2000)),
    "blanks": " " * 999_999,
    "lines": "(\n" * 499_999,
}


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_texts_end_in_time(name):
    assert seconds(read_print, HEAVY[name]) < LONGEST
    assert seconds(read_summary, HEAVY[name]) < LONGEST
