"""Ending the process that executes a run, where a second request to stop does not end it by itself."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from cifar7.runs import children
from cifar7.runs.folder import RunFolder
from cifar7.runs.people import COMMAND_LINE, Person

PATIENCE = 0.8  # seconds that the process has to end the run by itself
LOOK_SECONDS = 0.02


def stop(run: RunFolder, by: Person = COMMAND_LINE) -> None:
    """`request_stop`; where it is the second request, see that the run ends now, by force if need be.

    Raises RunError where it is not for `by` to stop. Call `ensure_worker` after it: a worker that was ended
    leaves its queue to a new one.
    """
    run.request_stop(by)
    if run.requested() != "end":
        return
    deadline = time.monotonic() + PATIENCE
    while run.reconcile()["state"] == "running":
        if time.monotonic() >= deadline:
            _kill(run)
            return
        time.sleep(LOOK_SECONDS)


def _kill(run: RunFolder) -> None:
    """Kill the process that executes the run, and wait until the run is let go."""
    status = run.status()
    pid = status["pid"]
    if status["state"] != "running" or not pid or pid in (os.getpid(), os.getppid()):
        return
    if not _executes(pid, run):
        return
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    deadline = time.monotonic() + PATIENCE
    while run.reconcile()["state"] == "running" and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def _executes(pid: int, run: RunFolder) -> bool:
    """Whether the process has the run's lock open. A pid alone may long be another process's.

    Where the system does not tell, a child of this process will do: its pid is not given to another.
    """
    lock, files = run.path / "run.lock", Path(f"/proc/{pid}/fd")
    with suppress(OSError):
        return any(_leads_to(file, lock) for file in files.iterdir())
    return children.alive(pid)


def _leads_to(file: Path, path: Path) -> bool:
    with suppress(OSError):
        return file.samefile(path)
    return False
