"""One toggle tried several times: runs of the same design without and with it, paired by seed.

Each run's folder says what it is part of, in experiment.json; there is no other record, so a group is found
again by reading the folders, and lacks what was deleted.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.runs import queue
from cifar7.runs.directory import told
from cifar7.runs.files import read_json, replace_json
from cifar7.runs.folder import ENDED, RunError, RunFolder, list_runs
from cifar7.runs.kept.removal import remove
from cifar7.runs.people import COMMAND_LINE, Person
from cifar7.training.config import TrainConfig

FILE = "experiment.json"
MOST_REPEATS = 10
LOOKED_AT = 300  # of the newest runs


@dataclass(frozen=True, slots=True)
class Part:
    """A run of an experiment: on which side, with which seed."""

    run: RunFolder
    with_it: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """All parts that are there, in the order they are trained."""

    id: str
    toggle: str  # in words: "C2 dilation 2"
    parts: tuple[Part, ...]


def start(
    runs_dir: Path,
    toggle: str,
    without: NetSpec,
    with_it: NetSpec,
    config: TrainConfig,
    data_name: str,
    repeats: int,
    by: Person = COMMAND_LINE,
) -> str:
    """Queue `repeats` pairs of runs, whose seeds begin with that of `config`; returns the experiment's id.

    Raises RunError for a number of repeats that is out of range, else as `queue.enqueue`; then nothing is
    queued.
    """
    if not 1 <= repeats <= MOST_REPEATS:
        raise RunError(f"the number of repeats is {repeats}; it can be 1 to {MOST_REPEATS}")
    name = secrets.token_hex(8)
    configs = [replace(config, seed=config.seed + more) for more in range(repeats)]
    wanted = [(spec, settings) for settings in configs for spec in (without, with_it)]
    runs = queue.enqueue_all(runs_dir, wanted, data_name, by=by)
    try:
        for run, (spec, settings) in zip(runs, wanted, strict=True):
            part = {"experiment": name, "toggle": toggle, "with": spec is with_it, "seed": settings.seed}
            with told(runs_dir):
                replace_json(run.path / FILE, part)
    except UserError:
        for run in runs:
            with suppress(RunError):  # one that a worker has taken in between goes on as a run of its own
                remove(run)
        raise
    return name


def stop(experiment: Experiment, by: Person = COMMAND_LINE) -> None:
    """Stop what waits or goes on of it. Raises RunError where a run of it is not for `by` to stop."""
    for part in reversed(experiment.parts):  # the last first, so that none starts in between
        try:
            status = part.run.status()
        except RunError:  # the folder was deleted by hand
            continue
        if status["state"] not in ENDED:
            part.run.request_stop(by)


def read_part(run: RunFolder) -> dict[str, Any] | None:
    """What experiment.json says: experiment, toggle, with and seed; None for a run of its own.

    A damaged file makes a run of its own.
    """
    with suppress(OSError, ValueError):
        record = read_json(run.path / FILE)
        texts = all(isinstance(record.get(name), str) for name in ("experiment", "toggle"))
        seed, side = record.get("seed"), record.get("with")
        number = isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0
        if texts and number and isinstance(side, bool):
            return record if len(record["experiment"]) <= 64 and len(record["toggle"]) <= 200 else None
    return None


def find(runs_dir: Path) -> list[Experiment]:
    """The experiments among the newest runs, the newest first."""
    groups: dict[tuple[str, str], list[Part]] = {}
    for run in list_runs(runs_dir)[:LOOKED_AT]:
        if record := read_part(run):
            part = Part(run, record["with"], record["seed"])
            groups.setdefault((record["experiment"], record["toggle"]), []).append(part)
    return [
        Experiment(name, toggle, tuple(sorted(parts, key=lambda part: (part.seed, part.with_it))))
        for (name, toggle), parts in groups.items()
    ]
