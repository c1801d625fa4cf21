"""How long a run takes from the queue to its result, with a warm worker: `sprinter` with the recipe `sprint`.

    PYTHONPATH=. python tests/time_to_result.py PATH [SEED ...] [--first] [--submissions]

PATH: a data set's name, class folders, or an archive of them. --first: only until the first progress, and
from there until a request to stop has ended the run. --submissions: before each run and at the end, the
submissions' loop is timed for 2,000 images, and all seven of its epochs are reckoned from that. Not a test: a
measurement, to be taken quiet.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

import tiny

from cifar7.bench.loops import SUBMISSIONS, plain
from cifar7.bench.report import CIFAR_IMAGES, SEPARABLE
from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_data
from cifar7.network.presets import preset
from cifar7.network.spec import NetSpec
from cifar7.runs import children, queue
from cifar7.runs.folder import ENDED
from cifar7.runs.workers.published import of_workers
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import SPRINT

DESIGN = "sprinter"
LAP = 2000  # images of the submissions' loop
WARM = 120.0  # seconds, at most, for the worker to load its libraries and wake its device


@dataclass(frozen=True, slots=True)
class Timed:
    """One run, from the queue to its end."""

    seed: int
    seconds: float
    first_progress: float  # seconds until the first step was told
    test_accuracy: float  # 0 to 1


def main(path: str, seeds: list[int], first: bool, submissions: bool) -> None:
    """Measure each seed, one after the other."""
    images = open_data(path)
    name, runs, laps = images.name, [], []
    with tempfile.TemporaryDirectory() as folder, warm_worker(Path(folder)):
        for seed in seeds:
            if first:
                print(_first(Path(folder), name, seed), flush=True)
                continue
            if submissions:
                laps.append(_lap(images))
            one = measure(Path(folder), name, preset(DESIGN), replace(SPRINT.config, seed=seed))
            runs.append(one)
            print(
                f"seed {seed}: {one.seconds:.1f} s, first progress after {one.first_progress:.2f} s, "
                f"{one.test_accuracy:.2%} of the test images",
                flush=True,
            )
        if laps:
            laps.append(_lap(images))
    if not runs:
        return
    seconds = mean(one.seconds for one in runs)
    print(f"mean: {seconds:.1f} s, {mean(one.test_accuracy for one in runs):.2%}")
    if laps:
        theirs = SUBMISSIONS.epochs * mean(laps)
        print(f"the submissions' loop: {theirs:.0f} s for its {SUBMISSIONS.epochs} epochs, ", end="")
        print(f"an epoch {min(laps):.0f} to {max(laps):.0f} s: {theirs / seconds:.1f} times as long")


def _lap(images: ImageSet) -> float:
    """Seconds of an epoch of the submissions' loop with their network, from a part of it."""
    lap = plain(preset(SEPARABLE), images, SUBMISSIONS, LAP, 100)
    return CIFAR_IMAGES / lap.images_per_second


@contextmanager
def warm_worker(runs: Path) -> Iterator[None]:
    """A worker for this new folder that has told what it trains on."""
    worker = queue.ensure_worker(runs, warm=True)
    assert worker is not None, "a worker serves this new folder already"
    try:
        tiny.wait_for(lambda: of_workers(runs), WARM, "the worker's waking")
        yield
    finally:
        os.kill(worker, signal.SIGTERM)
        children.death(worker)  # which waits for it


def measure(runs: Path, data: str, spec: NetSpec, config: TrainConfig) -> Timed:
    """One run from the queue to its result."""
    start, first_step = time.perf_counter(), 0.0
    run = queue.enqueue(runs, spec, config, data)
    while run.status()["state"] not in ENDED:
        if not first_step and (run.status()["progress"] or {}).get("step"):
            first_step = time.perf_counter() - start
        time.sleep(0.01 if not first_step else 0.1)  # who looks takes from who trains
    seconds = time.perf_counter() - start
    status = run.status()
    assert status["result"], status["reason"]
    return Timed(config.seed, seconds, first_step, status["result"]["test_accuracy"])


def _first(runs: Path, data: str, seed: int) -> str:
    """From the queue to the first progress, and from a request to stop to the end, in words."""
    start = time.perf_counter()
    run = queue.enqueue(runs, preset(DESIGN), replace(SPRINT.config, seed=seed), data)
    tiny.wait_for(lambda: (run.status()["progress"] or {}).get("step"), 120, "the first step")
    first_step = time.perf_counter() - start
    start = time.perf_counter()
    run.request_stop()
    tiny.ended(run)
    return (
        f"seed {seed}: first progress after {first_step:.2f} s, stopped {time.perf_counter() - start:.2f} s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How long a run takes from the queue to its result.")
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("seeds", nargs="*", type=int, metavar="SEED", default=[1])
    parser.add_argument("--first", action="store_true", help="only until the first progress, then stop")
    parser.add_argument("--submissions", action="store_true", help="time the submissions' loop, too")
    given = parser.parse_args()
    main(given.path, given.seeds, given.first, given.submissions)
