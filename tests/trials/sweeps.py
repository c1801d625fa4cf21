"""What sweeps take and find, on this machine; figures that no test holds, as they take minutes.

    PYTHONPATH=. python tests/trials/sweeps.py field            # what the relational pairs need
    PYTHONPATH=. python tests/trials/sweeps.py asha --data PATH # what stopping the hopeless saves
    PYTHONPATH=. python tests/trials/sweeps.py overhead         # 32 runs of one epoch
    PYTHONPATH=. python tests/trials/sweeps.py opens            # Explore with 10,000 trials that have ended

Ends with status 1 where a figure is not what it should be.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import browser
from load import memory
from sessions import Session
from ui.explore import made_up

from cifar7.data import library, store
from cifar7.data.imageset import RawSet, Split
from cifar7.network.arithmetic import analyse
from cifar7.network.presets import preset
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.runs.folder import RunFolder
from cifar7.sweeps import driver
from cifar7.sweeps.axes import axis
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.folder import SweepFolder
from cifar7.sweeps.outcome import Trial
from cifar7.sweeps.results import results, summary
from cifar7.training.config import TrainConfig

# Sees 24 pixels where C3 and C4 are not dilated, 40 where one of them is by 3, 56 where both are: the two
# things of a pair stand more than 20 apart, and neither stage alone decides whether both are seen.
NEAR = NetSpec(
    name="near",
    bias=False,
    stages=(
        Stage((Unit(16, kernel=5),), pool=2),
        Stage((Unit(32, kernel=1),), pool=2),
        Stage((Unit(48),)),
        Stage((Unit(64),)),
    ),
    output=Head(classifier="linear"),
)


def part_of(data_dir: Path, path: str, train: int = 3000, test: int = 1000) -> str:
    """A set of the first images of each class of another; its name."""
    whole = library.open_data(path)
    splits = []
    for split, most in ((whole.train, train), (whole.test, test)):
        each, labels = most // len(whole.classes), np.array(split.labels)
        rows = np.sort(
            np.concatenate([np.flatnonzero(labels == c)[:each] for c in range(len(whole.classes))])
        )
        splits.append(Split(np.array(split.images[rows]), labels[rows]))
    with store.exclusive(data_dir, "part"):
        raw = RawSet(f"Part of {whole.title}", whole.classes, *splits, whole.origin, whole.synthetic, ())
        store.write_set(data_dir, "part", raw, "part")
    return "part"


def carry_out(home: Path, definition: Definition, data_dir: Path | None = None) -> tuple[SweepFolder, float]:
    """The sweep at its end, and the seconds from its start until then."""
    began = time.monotonic()
    sweep = SweepFolder.create(home / "runs", definition)
    while sweep.status()["state"] == "running":
        driver.ensure(sweep.runs_dir, data_dir)
        time.sleep(2.0)  # a look takes a core from the training
    seconds = time.monotonic() - began
    status = sweep.status()
    print(f"{status['state']}: {status['tried']} trials in {seconds:.0f} s {status['reason']}", flush=True)
    return sweep, seconds


def table(sweep: SweepFolder) -> None:
    """A line a trial."""
    for trial in results(sweep):
        held = [f"{100 * (repeat.heldout or 0):.1f}" for repeat in trial.repeats]
        pairs = [f"{100 * sum(repeat.by_class[-4:]) / 4:.1f}" for repeat in trial.repeats]
        epochs = [repeat.epochs for repeat in trial.repeats]
        print(f"{trial.number + 1:3} {dict(trial.values)} field {trial.receptive_field} "
              f"held out {held}, last four classes {pairs}, epochs {epochs}")  # fmt: skip


def say(good: bool, what: str) -> bool:
    """Print a figure and whether it is what it should be."""
    print(f"{'ok ' if good else 'NOT'} {what}", flush=True)
    return good


def field(home: Path, options: argparse.Namespace) -> bool:
    """A sweep over dilation and kind in C3 and C4, with 2 seeds."""
    library.open_set("shapes", data_dir=home / "data")
    varies = [
        "c3.dilation=1,3",
        "c4.dilation=1,3",
        "c3.kind=standard,separable",
        "c4.kind=standard,separable",
    ]
    settings = TrainConfig(
        epochs=options.epochs or 5, batch_size=32, crop_padding=0, holdout=1000, train_sample=200
    )
    axes = tuple(axis(text, NEAR) for text in varies)
    sweep, seconds = carry_out(home, Definition(NEAR, settings, "shapes", axes, seeds=2), home / "data")
    table(sweep)
    said = summary(sweep.definition(), results(sweep))
    print(*said.sentences, said.method, sep="\n")
    told = (*said.explained, *(finding.text for finding in said.findings if finding.claimed))
    named = [text for text in told if "elational pairs" in text and "eceptive field" in text]
    return say(bool(named), f"the pairs need the receptive field: {named}") and say(
        seconds < 900, f"{seconds:.0f} s of 900"
    )


def asha(home: Path, options: argparse.Namespace) -> bool:
    """16 designs on a part of CIFAR-10, each to its end, and with successive halving."""
    name = part_of(home / "data", options.data)
    start = preset("starter")
    axes = tuple(
        axis(text, start) for text in ("c2.channels=16,64", "activation=relu,silu", "lr=0.01,0.1,0.4,1.0")
    )
    settings = TrainConfig(epochs=options.epochs or 18, batch_size=128, holdout=300, train_sample=300)
    whole, _ = carry_out(home, Definition(start, settings, name, axes))
    halved, _ = carry_out(home, Definition(start, settings, name, axes, stop="asha"))
    table(whole)
    table(halved)

    def epochs(sweep: SweepFolder) -> int:
        runs = [repeat.run for trial in results(sweep) for repeat in trial.repeats]
        return sum((RunFolder(sweep.runs_dir / run).status()["epoch"] or {}).get("epoch", 0) for run in runs)

    def best(sweep: SweepFolder) -> Trial:
        winner = sweep.status()["winner"]
        return next(trial for trial in results(sweep) if trial.number == winner)

    saved = 1 - epochs(halved) / epochs(whole)
    return say(saved >= 0.4, f"{epochs(halved)} of {epochs(whole)} epochs: {saved:.0%} saved") and say(
        best(halved).values == best(whole).values, f"the best design: {dict(best(whole).values)}"
    )


def overhead(home: Path, options: argparse.Namespace) -> bool:
    """32 runs of one epoch take little longer than their own training times."""
    library.open_set("shapes", data_dir=home / "data")
    axes = (axis("lr=log:0.01:0.5", NEAR),)  # a small design, of which anything besides is a large part
    plan = Definition(NEAR, TrainConfig(epochs=1), "shapes", axes, sampler="random", trials=32)
    sweep, seconds = carry_out(home, plan, home / "data")
    own = [repeat.seconds or 0.0 for trial in results(sweep) for repeat in trial.repeats]
    macs = analyse(NEAR).macs
    print(f"{len(own)} runs of {min(own):.1f} to {max(own):.1f} s; {macs:,} MACs for an image")
    return say(seconds <= 1.2 * sum(own), f"{seconds:.0f} s, {seconds / sum(own):.2f} times {sum(own):.0f} s")


def opens(home: Path, options: argparse.Namespace) -> bool:
    """Explore on a sweep of 10,000 made-up trials, in a real server: first, and again."""
    start = preset("starter")
    axes = tuple(
        axis(text, start)
        for text in ("c3.dilation=1,2", "c4.kind=standard,separable", "dropout=0:0.2", "lr=log:0.05:0.5")
    )
    plan = Definition(start, TrainConfig(), "shapes", axes, sampler="random", trials=10_000)
    dice = random.Random(1)
    trials = []
    for number in range(10_000):
        values = {
            "c3.dilation": dice.choice((1, 2)), "c4.kind": dice.choice(("standard", "separable")),
            "dropout": dice.uniform(0, 0.2), "lr": 10 ** dice.uniform(-1.3, -0.3),
        }  # fmt: skip
        accuracy = 0.8 + 0.01 * values["c3.dilation"] + dice.gauss(0, 0.01)
        trials.append(made_up.trial(plan, number, values, (made_up.repeat(1, accuracy),)))
    sweep = made_up.ended(SweepFolder.create(home / "runs", plan), trials)
    with browser.serving(home) as site:
        took = asyncio.run(_open(site, sweep))
    return say(max(took) < 2.0, f"opened in {', '.join(f'{seconds:.2f}' for seconds in took)} s")


async def _open(site: browser.Site, sweep: SweepFolder) -> list[float]:
    """Seconds until Explore is drawn with the sweep, the first time and three times more."""
    await _drawn(site, "")  # the server has its modules loaded
    before = memory(site.pid)
    took = [await _drawn(site, f"sweep={sweep.id}") for _ in range(4)]
    print(f"the server's memory: {before:.0f} MiB, grew by {memory(site.pid) - before:.0f} MiB", flush=True)
    return took


async def _drawn(site: browser.Site, query: str) -> float:
    tab = Session(site.address, query, "explore")
    began = time.monotonic()
    await tab.open()
    seconds = time.monotonic() - began
    assert not tab.errors, tab.errors
    assert "10,000" in tab.text or not query, tab.text
    await tab.close()
    return seconds


def main() -> int:
    """One of them, in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("field", "asha", "overhead", "opens"))
    parser.add_argument("--data", default="", help="class folders or an archive of them, for asha")
    parser.add_argument("--epochs", type=int, default=0, help="of a run, if not the usual ones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["CIFAR7_HOME"] = home
        trial = {"field": field, "asha": asha, "overhead": overhead, "opens": opens}[options.what]
        return 0 if trial(Path(home), options) else 1


if __name__ == "__main__":
    sys.exit(main())
