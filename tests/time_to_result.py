"""How long a run takes from the queue to its result, with a warm worker: `starter` with the recipe `sprint`.

    PYTHONPATH=. python tests/time_to_result.py PATH [SEED ...] [--first]

PATH: a data set's name, class folders, or an archive of them. --first: only until the first progress, and
from there until a request to stop has ended the run. Not a test: a measurement, to be taken quiet.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import tiny

from cifar7.data.library import open_data
from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.runs.folder import ENDED
from cifar7.training.recipes import SPRINT

WARM = 15.0  # seconds for the worker to load its libraries


def main(path: str, seeds: list[int], first: bool) -> None:
    """Measure each seed, one after the other."""
    name = open_data(path).name
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        worker = queue.ensure_worker(runs, warm=True)
        assert worker is not None, "a worker serves this new folder already"
        time.sleep(WARM)
        try:
            for seed in seeds:
                print((_first if first else _measure)(runs, name, seed), flush=True)
        finally:
            os.kill(worker, signal.SIGTERM)


def _measure(runs: Path, data: str, seed: int) -> str:
    """One run from the queue to its result, in words."""
    start, first_step = time.perf_counter(), 0.0
    run = queue.enqueue(runs, preset("starter"), replace(SPRINT.config, seed=seed), data)
    while run.status()["state"] not in ENDED:
        if not first_step and (run.status()["progress"] or {}).get("step"):
            first_step = time.perf_counter() - start
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    accuracy = (tiny.ended(run)["result"] or {})["test_accuracy"]
    return (
        f"seed {seed}: {seconds:.1f} s, first progress after {first_step:.2f} s, "
        f"{accuracy:.2%} of the test images"
    )


def _first(runs: Path, data: str, seed: int) -> str:
    """From the queue to the first progress, and from a request to stop to the end, in words."""
    start = time.perf_counter()
    run = queue.enqueue(runs, preset("starter"), replace(SPRINT.config, seed=seed), data)
    tiny.wait_for(lambda: (run.status()["progress"] or {}).get("step"), 120, "the first step")
    first_step = time.perf_counter() - start
    start = time.perf_counter()
    run.request_stop()
    tiny.ended(run)
    return (
        f"seed {seed}: first progress after {first_step:.2f} s, stopped {time.perf_counter() - start:.2f} s"
    )


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if argument != "--first"]
    main(given[0], [int(seed) for seed in given[1:]] or [1], "--first" in sys.argv)
