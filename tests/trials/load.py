"""A class on one server: thirty sessions toggle and watch while six people's twenty runs are trained.

    PYTHONPATH=. python tests/trials/load.py [--minutes 5] [--sessions 30]

Not a test: it prints figures, and ends with status 1 where one of them is not what it should be. The server,
its worker and the thirty sessions share this machine. For the first half each session toggles something on
Design every two to six seconds, while the bar of the last run in the queue ticks below the strip; for the
second half all watch that run on Train. A toggle is timed until the whole page has been drawn again; a tick
counts once it was carried out.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import browser
from sessions import Session

from cifar7.network.presets import preset
from cifar7.runs import people, queue
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.training.config import TrainConfig
from cifar7.training.events import Started
from cifar7.ui.shell.link import Link, encode
from cifar7.ui.shell.person import COOKIE

RUNS_OF_EACH = (1, 4, 4, 4, 4, 3)  # of the six people
TOGGLES = [(f"C{stage}_dilation", str(dilation)) for stage in (1, 2, 3, 4) for dilation in (2, 3, 4, 1)]
PAUSE = (2.0, 6.0)  # seconds between two clicks of a person
SLOWEST, LEAST_TICKS, MOST_GROWTH = 0.3, 0.9, 100.0  # s at the 95th percentile; share; MiB
CONFIG = TrainConfig(epochs=6, batch_size=64, lr=0.1, train_sample=5000, device="cpu")


async def press_train(site: browser.Site, person: str, runs: int) -> None:
    """Open Train with a small design, as this person, and queue it so many times."""
    query = f"net={encode(Link(browser.POCKET, CONFIG, 'shapes'))}"
    session = Session(site.address, query, "train", cookies=person)
    await session.open()
    for _ in range(runs):
        await session.click("train_queue" if "train_queue" in session.widgets else "train_start")
    report(session)
    await session.close()


async def toggle(session: Session, until: float, seconds: list[float], seed: int) -> None:
    """Toggle dilations, each time after a pause."""
    pauses = random.Random(seed)
    for number in range(seed, 10_000):
        await asyncio.sleep(pauses.uniform(*PAUSE))
        if time.monotonic() > until:
            return
        key, value = TOGGLES[number % len(TOGGLES)]
        took = await session.send(key, lambda state, value=value: state.string_array_value.data.append(value))
        seconds.append(took)


def report(session: Session) -> None:
    """Say what the page could not show."""
    for error in session.errors:
        print("an error on the page:", error)
        Trouble.count += 1


class Trouble:
    """How many of the figures were not what they should be."""

    count = 0


def judge(what: str, figure: str, good: bool) -> None:
    """Print a figure and whether it is what it should be."""
    print(f"{'ok ' if good else 'NOT'} {what}: {figure}")
    Trouble.count += not good


def memory(pid: int) -> float:
    """MiB that the process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the server has ended")


async def trial(site: browser.Site, pid: int, sessions: int, minutes: float) -> None:
    """Everything at once."""
    persons = [f"{COOKIE}={people.new_token()}" for _ in range(max(sessions, len(RUNS_OF_EACH)))]
    for person, runs in zip(persons, sorted(RUNS_OF_EACH, reverse=True)):  # the single run comes last
        await press_train(site, person, runs)
    watched = queue.line(site.runs)[-1].id
    design = encode(Link(preset("starter"), TrainConfig(), "shapes"))
    query = f"run={watched}&net={design}"
    tabs = [Session(site.address, query, cookies=person) for person in persons[:sessions]]
    for tab in tabs:
        await tab.open()
    before = memory(pid)
    half = time.monotonic() + 30 * minutes
    toggles: list[float] = []
    await asyncio.gather(*(toggle(tab, half, toggles, seed) for seed, tab in enumerate(tabs)))
    due, done = [sum(getattr(tab, name) for tab in tabs) for name in ("ticks_due", "ticks")]
    for tab in tabs:
        report(tab)
        await tab.close()
    watchers = [
        Session(site.address, f"run={watched}", "train", cookies=person) for person in persons[:sessions]
    ]
    for tab in watchers:
        await tab.open()
    await asyncio.sleep(half + 30 * minutes - time.monotonic())
    grown = memory(pid) - before
    ordered = sorted(toggles)
    p95 = ordered[round(0.95 * len(ordered)) - 1]
    judge(
        f"{len(toggles)} toggles of {sessions} sessions",
        f"median {1000 * statistics.median(toggles):.0f} ms, 95th percentile {1000 * p95:.0f} ms",
        p95 < SLOWEST,
    )
    share = done / max(1, due)
    judge("ticks while toggling", f"{done} of {due}, {share:.0%}", share >= LEAST_TICKS)
    due, done = [sum(getattr(tab, name) for tab in watchers) for name in ("ticks_due", "ticks")]
    judge("ticks while watching", f"{done} of {due}", done >= LEAST_TICKS * due)
    judge("the server's memory", f"{before:.0f} MiB, grew by {grown:.0f} MiB", grown < MOST_GROWTH)
    for tab in watchers:
        report(tab)
        await tab.close()


def judge_runs(site: browser.Site) -> None:
    """Wait for the last run, then look at all of them."""
    runs = list_runs(site.runs)
    browser.until(
        lambda: all(run.status()["state"] not in ("queued", "running") for run in runs), "the end", 1800
    )
    statuses = [run.status() for run in runs]
    states = Counter(status["state"] for status in statuses)
    judge(
        "runs",
        ", ".join(f"{n} {state}" for state, n in states.items()),
        states == {"finished": sum(RUNS_OF_EACH)},
    )
    starts = [sum(isinstance(event, Started) for event in run.events()[0]) for run in runs]
    judge("starts of a run", f"{min(starts)} to {max(starts)}", set(starts) == {1})
    judge_turns(runs)


def judge_turns(runs: list[RunFolder]) -> None:
    """The person with one run waits for at most one run of each of the others, and the one that goes on."""
    counts = Counter(run.status()["by"] for run in runs)
    single = next(run for run in runs if counts[run.status()["by"]] == 1).status()
    before = Counter(
        status["by"]
        for status in (run.status() for run in runs)
        if status["started"] and single["created"] <= status["started"] < (single["started"] or 0)
    )
    waited = (single["started"] or 0) - single["created"]
    judge(
        "the person with one run waited",
        f"{waited:.0f} s, for at most {max(before.values(), default=0)} run of each other person",
        max(before.values(), default=0) <= 1,
    )


def main() -> int:
    """Serve, drive, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--sessions", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, browser.serving(Path(home)) as site:
        asyncio.run(trial(site, site.pid, options.sessions, options.minutes))
        judge_runs(site)
    return 1 if Trouble.count else 0


if __name__ == "__main__":
    sys.exit(main())
