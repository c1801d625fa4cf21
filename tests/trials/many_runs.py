"""Ten thousand finished runs in one folder: what a look at all of them takes, and what the pages do.

    PYTHONPATH=. python tests/trials/many_runs.py [--runs 10000] [--few 20] [--only looks|pages|commands]

Not a test: it prints figures, and ends with status 1 where one of them is not what it should be. Everything
is measured beside a folder of few runs, in turn, so that a busy machine slows both. The folders hold what
runs leave, weights left out; the answers to the test images are one file under many names. A worker's lock is
held, so that none loads its libraries meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import browser
import numpy as np
from load import Trouble, judge, memory
from sessions import Session

from cifar7.data.library import open_set
from cifar7.network.arithmetic import analyse
from cifar7.network.edits import set_channels
from cifar7.results.predictions import Predictions
from cifar7.runs import expected, people, queue
from cifar7.runs.experiments import find
from cifar7.runs.files import try_lock
from cifar7.runs.folder import list_runs, read_statuses
from cifar7.runs.listing.index import Index
from cifar7.runs.workers.served import served_devices, worker_lock
from cifar7.training.config import TrainConfig
from cifar7.training.events import Beat, EpochEnd, Finished, Started
from cifar7.ui.shell.person import COOKIE

LOOK, FIRST, RERUN = 0.05, 2.0, 2.0  # s of a worker's look, s of a page's opening, times the rerun with few
PAGES = {"": "Design", "train": "Train", "mistakes": "Mistakes", "compare": "Compare", "handin": "Hand in",
         "class": "Class", "server": "Server"}  # fmt: skip
CHANNELS = (8, 12, 16, 20, 24, 28, 32, 36)  # of the designs' second stage
REPEATS = 7
PAUSE = 1.1  # s: what pages keep for a second is made anew
CONFIG = TrainConfig(epochs=2, batch_size=64, train_sample=500, device="cpu")


def lay(runs_dir: Path, count: int) -> None:
    """Make so many finished runs, a minute apart, of eight designs and thirty people."""
    drawn = runs_dir.with_name("patterns")
    patterns = [_pattern(drawn, channels) for channels in CHANNELS]
    chance, now = random.Random(0), time.time()
    runs_dir.mkdir()
    for number in range(count):
        name, files, answers = patterns[number % len(patterns)]
        made = now - 60 * (count - number)
        when = time.strftime("%Y%m%d-%H%M%S", time.localtime(made))
        path = runs_dir / f"{when}-{name}-{number:05d}abcdefg"
        path.mkdir()
        status: dict[str, Any] = json.loads(files["status.json"])
        told = {"created": made, "queued": made, "started": made + 1, "ended": made + 50, "served": made + 50}
        whose = number % 30
        status |= {**told, "by": f"{whose:020x}", "by_name": f"Person {whose}"}
        status["result"]["test_accuracy"] = round(chance.uniform(0.3, 0.9), 4)
        for file, content in {**files, "status.json": json.dumps(status, indent=1).encode()}.items():
            (path / file).write_bytes(content)
        os.link(answers, path / "predictions.npz")


def _pattern(drawn: Path, channels: int) -> tuple[str, dict[str, bytes], Path]:
    """A run of two epochs: the design's name as in ids, its files, and the file of its answers."""
    spec = replace(set_channels(browser.POCKET, "C2", channels), name=f"pocket {channels}")
    images = open_set("shapes")
    labels = np.array(images.test.labels)
    answers = np.random.default_rng(channels).dirichlet(np.ones(len(images.classes)), len(labels))
    parameters = analyse(spec).parameters
    with queue.start_here(drawn, spec, CONFIG, "shapes") as claim:
        claim.save_environment(
            {"device_type": "cpu", "device": "CPU, 2 cores", "torch": "2.0", "python": "3.11", "data": {
                "name": "shapes", "title": images.title, "synthetic": True, "fingerprint": images.fingerprint,
                "classes": list(images.classes)}})  # fmt: skip
        claim.record(Started(data="shapes", protocol="holdout", device="CPU, 2 cores", precision="fp32",
            seed=0, epochs=2, steps=16, steps_per_epoch=8, batch_size=64, train_images=500,
            heldout_images=500, test_images=len(labels), parameters=parameters, from_step=0,
            seconds=0.1))  # fmt: skip
        for epoch in (1, 2):
            claim.record(Beat(epoch=epoch, epochs=2, step=8 * epoch, steps=16, loss=1.5, accuracy=0.5, lr=0.1,
                images_per_second=900.0, seconds=epoch, seconds_left=2.0 - epoch))  # fmt: skip
            claim.record(EpochEnd(epoch=epoch, epochs=2, step=8 * epoch, train_loss=1.4,
                train_accuracy_running=0.5, train_accuracy=0.5, heldout_loss=1.4, heldout_accuracy=0.5,
                test_loss=None, test_accuracy=None, best=True, lr=0.1, seconds=epoch))  # fmt: skip
        claim.save_predictions(Predictions(answers.astype(np.float32), labels, images.classes))
        result = Finished(state="finished", protocol="holdout", epochs=2, steps=16, best_epoch=2,
            train_accuracy=0.5, heldout_accuracy=0.5, test_accuracy=0.5, test_loss=1.4, seconds=48.0,
            seconds_training=40.0, images_per_second=900.0, device="CPU, 2 cores", precision="fp32",
            test_flip=False, averaging=0.0)  # fmt: skip
        claim.record(result)
        claim.end("finished", result=result.to_dict())
    names = ("spec.json", "config.json", "status.json", "events.jsonl", "environment.json", "run.lock")
    files = {name: (claim.run.path / name).read_bytes() for name in names}
    kept = drawn / f"{channels}.npz"
    (claim.run.path / "predictions.npz").rename(kept)
    shutil.rmtree(claim.run.path)
    return claim.run.id.split("-", 2)[2].rsplit("-", 1)[0], files, kept


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def looks(few: Path, many: Path) -> None:
    """Calls of a process, the first and the middle one of those that follow."""
    spec = replace(browser.POCKET, name="new")
    indexes = {runs: Index(runs, seconds=0) for runs in (few, many)}
    calls: dict[str, Callable[[Path], object]] = {
        "list_runs": list_runs,
        "read_statuses": read_statuses,
        "queue.line": queue.line,
        "queue.places": queue.places,
        "queue.before_a_new_one": lambda runs: queue.before_a_new_one(runs, "somebody"),
        "queue.reconcile": queue.reconcile,
        "a worker's look": lambda runs: (queue.remove_abandoned(runs), queue.claim_next(runs, "cpu")),
        "past_runs": expected.past_runs,
        "experiments.find": find,
        "Index.listing": lambda runs: indexes[runs].listing(),
        "Index.tested": lambda runs: indexes[runs].tested(),
    }
    for name, call in calls.items():
        first = {runs: seconds(partial(call, runs)) for runs in (few, many)}
        after: dict[Path, list[float]] = {few: [], many: []}
        for _ in range(REPEATS):
            for runs, found in after.items():
                found.append(seconds(partial(call, runs)))
        middle = {runs: statistics.median(found) for runs, found in after.items()}
        figure = " ".join(
            f"{words} {1000 * first[runs]:7.1f} ms, then {1000 * middle[runs]:6.1f} ms;"
            for words, runs in (("few:", few), ("many:", many))
        )
        judge(f"{name:24}", figure, middle[many] < LOOK or name != "a worker's look")
    began = time.perf_counter()
    made = queue.enqueue(many, spec, CONFIG, "shapes")
    judge("enqueue", f"{1000 * (time.perf_counter() - began):.0f} ms", True)
    shutil.rmtree(made.path)


async def pages(sites: dict[Path, browser.Site], cookies: dict[Path, str]) -> None:
    """Each page's opening in a new tab, and the middle one of its reruns; the server's first one loads it."""
    for runs, site in sites.items():
        tab = Session(site.address, "", "", cookies=cookies[runs])
        await tab.open()
        await tab.close()
    for page, title in PAGES.items():
        tabs, first = {}, {}
        for runs, site in sites.items():
            query = f"run={list_runs(runs)[3].id}"
            tab = tabs[runs] = Session(site.address, query, page, cookies=cookies[runs])
            began = time.perf_counter()
            await tab.open()
            first[runs] = time.perf_counter() - began
        after: dict[Path, list[float]] = {runs: [] for runs in sites}
        received = {}
        for _ in range(REPEATS):
            await asyncio.sleep(PAUSE)
            for runs, tab in tabs.items():
                before = tab.received
                after[runs].append(await tab.rerun())
                received[runs] = tab.received - before
        for runs, tab in tabs.items():
            for error in tab.errors:
                judge("an error on the page", error, False)
            await tab.close()
            if tab.errors:
                print(sites[runs].log.read_text()[-2000:])
        (few, many) = (statistics.median(after[runs]) for runs in sites)
        told = [f"{1000 * first[r]:.0f} ms, then {1000 * statistics.median(after[r]):.0f} ms and "
                f"{received[r] / 1000:.0f} kB" for r in sites]  # fmt: skip
        good = many <= RERUN * few and list(first.values())[1] < FIRST
        judge(f"{title:9}", f"few: {told[0]}; many: {told[1]}; {many / few:.1f} times", good)


def commands(few: Path, many: Path) -> None:
    """The lists of the command line, each in a process of its own."""
    for options in ([], ["--json"]):
        took = {}
        for runs in (few, many):
            command = [sys.executable, "-m", "cifar7", "runs", "--runs", str(runs), *options]
            took[runs] = seconds(
                lambda command=command: subprocess.run(command, check=True, capture_output=True)
            )
        judge(" ".join(["runs", *options]), f"few: {took[few]:.1f} s; many: {took[many]:.1f} s", True)


def main() -> int:
    """Lay, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--few", type=int, default=20)
    parser.add_argument("--only", choices=("looks", "pages", "commands"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, ExitStack() as held:
        homes = {number: Path(place) / str(number) for number in (options.few, options.runs)}
        os.environ |= {"CIFAR7_HOME": str(homes[options.few]), people.TEACHER: browser.TEACHER}
        cookies, sites = {}, {}
        for number, home in homes.items():
            home.mkdir(exist_ok=True)
            runs = home / "runs"
            print(
                f"laying {number:,} runs took {seconds(lambda n=number, r=runs: lay(r, n)):.0f} s", flush=True
            )
            token = people.new_token()
            people.make_teacher(runs, token)
            cookies[runs] = f"{COOKIE}={token}"
            (runs / "workers").mkdir()
            for device in served_devices("auto"):
                held.callback(try_lock(worker_lock(runs, device)).release)
        shutil.copytree(homes[options.few] / "data", homes[options.runs] / "data")
        few, many = cookies
        if options.only in (None, "looks"):
            looks(few, many)
        if options.only in (None, "commands"):
            commands(few, many)
        if options.only in (None, "pages"):
            for runs in cookies:
                sites[runs] = held.enter_context(browser.serving(runs.parent))
            before = [memory(site.pid) for site in sites.values()]
            asyncio.run(pages(sites, cookies))
            grown = [memory(site.pid) for site in sites.values()]
            judge(
                "the server's memory",
                ", ".join(f"{a:.0f} to {b:.0f} MiB" for a, b in zip(before, grown)),
                True,
            )
    return 1 if Trouble.count else 0


if __name__ == "__main__":
    sys.exit(main())
