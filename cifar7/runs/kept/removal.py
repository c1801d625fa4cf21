"""Removing a run: its folder vanishes in one step, and never while somebody executes it."""

from __future__ import annotations

import shutil
from contextlib import suppress

from cifar7.runs.directory import GONE, RunError, hold_queue
from cifar7.runs.files import try_lock
from cifar7.runs.folder import DamagedError, RunFolder


def remove(run: RunFolder) -> None:
    """Remove a run that is not being executed, a damaged one too.

    Raises RunError for one that is, for one that is gone, and where it cannot be removed.
    """
    with hold_queue(run.path.parent):
        if run.path.is_symlink():
            run.path.unlink()
            return
        _check_idle(run)
        gone = run.path.with_name(f"{GONE}{run.id}")
        run.path.rename(gone)  # readers see all of it or nothing
    shutil.rmtree(gone, ignore_errors=True)


def _check_idle(run: RunFolder) -> None:
    with suppress(DamagedError):
        run.status()
    try:
        lock = try_lock(run.path / "run.lock") if run.path.is_dir() else None
    except OSError:  # something else stands there, so that nobody executes it either
        return
    if lock is None:
        raise RunError(f"the run {run.id} is being trained; stop it first")
    lock.release()
