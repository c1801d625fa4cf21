"""One toggle tried several times: runs of the same design without and with it, paired by seed.

Each run's folder says what it is part of, in experiment.json; there is no other record, so a group is found
again by reading the folders, and lacks what was deleted.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.runs import queue
from cifar7.runs.files import read_json, replace_json
from cifar7.runs.folder import RunError, RunFolder, list_runs
from cifar7.runs.kinds import KINDS
from cifar7.training.config import TrainConfig

FILE = "experiment.json"
MOST_REPEATS = 10
LOOKED_AT = 300  # of the newest runs


@dataclass(frozen=True, slots=True)
class Part:
    """What a run is part of: which experiment, on which side, with which seed."""

    run: RunFolder
    experiment: str
    toggle: str  # in words: "C2 dilation 2"
    with_it: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """All parts that are there, in the order they are trained."""

    id: str
    toggle: str
    parts: tuple[Part, ...]


def start(
    runs_dir: Path,
    toggle: str,
    without: NetSpec,
    with_it: NetSpec,
    config: TrainConfig,
    data_name: str,
    repeats: int,
) -> str:
    """Queue `repeats` pairs of runs, whose seeds begin with that of `config`; returns the experiment's id.

    Raises RunError for a number of repeats that is out of range or a queue that is too long, SpecError for a
    design that cannot be built; then nothing is queued.
    """
    if not 1 <= repeats <= MOST_REPEATS:
        raise RunError(f"the number of repeats is {repeats}; it can be 1 to {MOST_REPEATS}")
    check(without)
    check(with_it)
    most = KINDS["training"].most_waiting
    if len(queue.waiting(runs_dir)) + 2 * repeats > most:
        raise RunError(f"{most} runs can wait at most; stop some of them first")
    name = secrets.token_hex(8)
    configs = [replace(config, seed=config.seed + more) for more in range(repeats)]
    for settings in configs:
        for spec, side in ((without, False), (with_it, True)):
            run = queue.enqueue(runs_dir, spec, settings, data_name)
            part = {"experiment": name, "toggle": toggle, "with": side, "seed": settings.seed}
            replace_json(run.path / FILE, part)
    return name


def part_of(run: RunFolder) -> Part | None:
    """What the run is part of; None for a run of its own, or where the file is damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        part = read_json(run.path / FILE)
        return Part(run, str(part["experiment"]), str(part["toggle"]), bool(part["with"]), int(part["seed"]))
    return None


def find(runs_dir: Path) -> list[Experiment]:
    """The experiments among the newest runs, the newest first."""
    groups: dict[str, list[Part]] = {}
    for run in list_runs(runs_dir)[:LOOKED_AT]:
        part = part_of(run)
        if part is not None:
            groups.setdefault(part.experiment, []).append(part)
    return [
        Experiment(name, parts[0].toggle, tuple(sorted(parts, key=lambda part: (part.seed, part.with_it))))
        for name, parts in groups.items()
    ]
