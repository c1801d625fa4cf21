"""Removing sweeps: their own folders. Their runs are ordinary runs, and go as those do."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cifar7.errors import UserError
from cifar7.runs.kept.cleaning import Old, size_of
from cifar7.sweeps.folder import SweepFolder, list_sweeps, read_part
from cifar7.sweeps.knobs import SweepError


def remove(sweep: SweepFolder) -> None:
    """Remove a sweep's own folder, a damaged one too. SweepError for one that goes on."""
    state = "damaged"
    with suppress(UserError):
        state = sweep.status()["state"]
    if state == "running":
        raise SweepError(f"the sweep {sweep.id} goes on; stop it first")
    shutil.rmtree(sweep.path)


def old_sweeps(runs_dir: Path, older_than: float) -> list[Old]:
    """The sweeps that ended, or were stopped, more than `older_than` seconds ago, the oldest first."""
    found = []
    for sweep in reversed(list_sweeps(runs_dir)):
        with suppress(UserError, OSError):
            status = sweep.status()
            age = time.time() - (status["ended"] or status["created"])
            if status["state"] not in ("running", "paused") and age > older_than:
                size = size_of(sweep.path)
                found.append(Old("sweep", sweep.id, size, age, status["state"], sweep.path))
    return found


def without_needed(runs_dir: Path, old: Iterable[Old]) -> list[Old]:
    """Those of the old runs that no sweep will come back to: one that goes on, or can, needs its runs."""
    needed: set[str] = set()
    for sweep in list_sweeps(runs_dir):
        with suppress(UserError):
            if sweep.status()["state"] in ("running", "paused"):
                needed.add(sweep.id)
    return [one for one in old if not needed or (read_part(one.path) or {}).get("sweep") not in needed]
