"""`pause` and `stop`: requests to a run that another process trains."""

from __future__ import annotations

import argparse
import time

from cifar7.commands.history import find
from cifar7.commands.output import put, put_json, say
from cifar7.runs.folder import RunError, RunFolder, State
from cifar7.runs.queue import ensure_worker

PATIENCE = 30.0  # seconds to wait for the answer


def pause(arguments: argparse.Namespace) -> int:
    """Pause a run; it occupies nothing until it is resumed."""
    run = find(arguments.runs, arguments.run)
    if run.reconcile()["state"] not in ("queued", "running", "paused"):
        raise RunError(f"the run {run.id} is {run.status()['state']}; what waits or goes on can be paused")
    run.request_pause()
    return _report(run, arguments.json, expected="paused")


def stop(arguments: argparse.Namespace) -> int:
    """Stop a run; what there is of it is tested and kept."""
    run = find(arguments.runs, arguments.run)
    run.request_stop()
    if run.status()["state"] == "queued":  # it was paused, and is to be tested
        ensure_worker(arguments.runs)
    return _report(run, arguments.json, expected="stopped")


def _report(run: RunFolder, json: bool, expected: State) -> int:
    """Wait for a while until the run leaves the queue or the worker, and say which state it is in."""
    deadline = time.monotonic() + PATIENCE
    while (status := run.reconcile())["state"] in ("queued", "running") and time.monotonic() < deadline:
        time.sleep(0.05)
    state = status["state"]
    if json:
        put_json({"run": run.id, "state": state, "reason": status["reason"]})
    elif state in ("queued", "running"):
        say(f"{run.id} was asked, and is still {state}")
    else:
        put(f"{run.id} is {state}" + ("" if state == expected else ": it had come to its end before"))
    return 0
