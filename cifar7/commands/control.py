"""`pause` and `stop`: asking something of a run that another process trains."""

from __future__ import annotations

import argparse
import time

from cifar7.commands.history import find
from cifar7.commands.output import put, put_json, say
from cifar7.runs.folder import RunError, RunFolder, State
from cifar7.runs.queue import ensure_worker

PATIENCE = 30.0  # seconds that the answer is waited for


def pause(given: argparse.Namespace) -> int:
    """Pause a run; it keeps nothing busy until it is resumed."""
    run = find(given.runs, given.run)
    if run.reconcile()["state"] not in ("queued", "running", "paused"):
        raise RunError(f"the run {run.id} is {run.status()['state']}; what waits or goes on can be paused")
    run.request_pause()
    return _tell(run, given.json, ("paused",))


def stop(given: argparse.Namespace) -> int:
    """Stop a run; what there is of it is tested and kept."""
    run = find(given.runs, given.run)
    run.request_stop()
    if run.status()["state"] == "queued":  # it was paused, and is to be tested
        ensure_worker(given.runs)
    return _tell(run, given.json, ("stopped",))


def _tell(run: RunFolder, json: bool, wanted: tuple[State, ...]) -> int:
    """Wait for a while until it is so, or has come to its end, and say how it stands."""
    deadline = time.monotonic() + PATIENCE
    while (status := run.reconcile())["state"] in ("queued", "running") and time.monotonic() < deadline:
        time.sleep(0.05)
    state = status["state"]
    if json:
        put_json({"run": run.id, "state": state, "reason": status["reason"]})
    elif state in ("queued", "running"):
        say(f"{run.id} was asked, and is still {state}")
    else:
        put(f"{run.id} is {state}" + ("" if state in wanted else ": it had come to its end before"))
    return 0
