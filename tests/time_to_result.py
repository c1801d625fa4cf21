"""How long a run takes from the queue to its result, with a warm worker: `starter` with the recipe `sprint`.

    PYTHONPATH=. python tests/time_to_result.py PATH [SEED ...]

PATH: a data set's name, class folders, or an archive of them. Not a test: a measurement, to be taken quiet.
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


def main(path: str, seeds: list[int]) -> None:
    """Measure each seed, one after the other."""
    name = open_data(path).name
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        worker = queue.ensure_worker(runs, warm=True)
        assert worker is not None, "a worker serves this new folder already"
        time.sleep(WARM)
        try:
            for seed in seeds:
                print(_measure(runs, name, seed), flush=True)
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


if __name__ == "__main__":
    main(sys.argv[1], [int(seed) for seed in sys.argv[2:]] or [1])
