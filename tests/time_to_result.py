"""How long it takes from laying a run to its result, with a warm worker: `starter` with the recipe `sprint`.

    PYTHONPATH=. python tests/time_to_result.py PATH [SEED ...]

PATH: a data set's name, class folders, or an archive of them. Not a test: a measurement, to be taken quiet.
"""

from __future__ import annotations

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
        queue.ensure_worker(runs, warm=True)
        time.sleep(WARM)
        for seed in seeds:
            began, first = time.perf_counter(), 0.0
            run = queue.enqueue(runs, preset("starter"), replace(SPRINT.config, seed=seed), name)
            while run.status()["state"] not in ENDED:
                if not first and (run.status()["progress"] or {}).get("step"):
                    first = time.perf_counter() - began
                time.sleep(0.05)
            result = tiny.ended(run)["result"] or {}
            took = time.perf_counter() - began
            right = f"{result['test_accuracy']:.2%} of the test images"
            print(f"seed {seed}: {took:.1f} s, first progress after {first:.2f} s, {right}")


if __name__ == "__main__":
    main(sys.argv[1], [int(seed) for seed in sys.argv[2:]] or [1])
