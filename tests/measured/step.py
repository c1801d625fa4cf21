"""How long a training step takes beside other processes, with the memory kept or not, and in which order.

    PYTHONPATH=. python tests/measured/step.py DESIGN ... --data PATH [--as-before memory order] [--busy N]
        [--nice N] [--steps N] [--batch-size N]

DESIGN: a preset. How torch's threads wait is set in the environment
(OMP_WAIT_POLICY, GOMP_SPINCOUNT, OMP_NUM_THREADS). --as-before: without what was done for it, freed memory
kept, or pools before a ReLU and maps written over. --busy: so many processes that never rest go on meanwhile.
Says the fastest and the slowest of three rounds, and the pages that were found anew in each step.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from contextlib import ExitStack
from itertools import cycle, islice
from time import perf_counter

from torch import nn

from cifar7 import machine
from cifar7.data.imageset import ImageSet
from cifar7.data.library import open_data
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.training.config import TrainConfig
from cifar7.training.state import TrainingState

ROUNDS, FIRST = 3, 4  # FIRST: steps that do not count


def main() -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(description="How long a training step takes.")
    parser.add_argument("designs", nargs="+", metavar="DESIGN")
    parser.add_argument("--data", required=True, metavar="NAME|PATH")
    parser.add_argument("--as-before", nargs="+", default=[], choices=("memory", "order"))
    parser.add_argument("--busy", type=int, default=0, metavar="N")
    parser.add_argument("--nice", type=int, default=0, metavar="N", help="niceness of the steps")
    parser.add_argument("--steps", type=int, default=20, metavar="N", help="of a round")
    parser.add_argument("--batch-size", type=int, default=128, metavar="N")
    given = parser.parse_args()
    images = open_data(given.data)
    if "memory" in given.as_before:
        machine.keep_freed_memory = lambda: False
    os.nice(given.nice)
    with ExitStack() as others:
        for _ in range(given.busy):
            others.callback(subprocess.Popen([sys.executable, "-c", "while True: pass"]).kill)
        for name in given.designs:
            print(name, measure(name, images, given), flush=True)


def measure(name: str, images: ImageSet, given: argparse.Namespace) -> str:
    """Of one design, in words."""
    config = TrainConfig(batch_size=given.batch_size, crop_padding=1, flip="alternating")
    run = TrainingState(build(preset(name), seed=1), images, config)
    run.module.train()
    if "order" in given.as_before:
        run.module._in_training = list(range(len(run.module.layers)))
        for layer in run.module.layers:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False
    batches = cycle(run.batches.epoch(0))

    def seconds(steps: int) -> float:
        began = perf_counter()
        for number, rows in enumerate(islice(batches, steps)):
            run.train_step.take(rows, config.lr / 100, number)
        return (perf_counter() - began) / steps

    seconds(FIRST)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    rounds = [1000 * seconds(given.steps) for _ in range(ROUNDS)]
    pages = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / (ROUNDS * given.steps)
    return f"{min(rounds):.1f} to {max(rounds):.1f} ms, {pages:,.0f} pages a step"


if __name__ == "__main__":
    main()
