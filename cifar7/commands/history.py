"""`runs`, `show`, `pause` and `stop`: the runs there are, also those that another process trains."""

from __future__ import annotations

import argparse
import time
from math import isfinite
from pathlib import Path
from typing import Any

from cifar7.commands.output import duration, percent, put_json, say, table
from cifar7.data.library import short
from cifar7.network.arithmetic import analyse
from cifar7.network.problems import problems
from cifar7.runs.folder import RunError, RunFolder, list_runs
from cifar7.runs.kept.listing import Damaged, Listed, listed
from cifar7.runs.people import owner
from cifar7.runs.queue import ensure_worker, position, reconcile, waiting
from cifar7.runs.status import State, Status, fresh
from cifar7.runs.workers.force import stop as stop_run
from cifar7.training.events import EpochEnd

PATIENCE = 30.0  # seconds to wait for the answer to a request


def runs(arguments: argparse.Namespace) -> None:
    """List the runs, the newest first, the damaged ones with the reason; a dead worker is replaced before."""
    folder = arguments.runs
    try:
        if reconcile(folder) and waiting(folder) and ensure_worker(folder):
            say("the worker had died; a new one was started for the runs that wait")
    except RunError as error:  # what is there can be listed all the same
        say(f"the runs that wait cannot be served: {error}")
    entries = list(listed(list_runs(folder)))
    if arguments.json:
        put_json({"runs_dir": str(folder.absolute()), "runs": [_entry(one) for one in entries]})
        return
    if not entries:
        print(f"No runs in {folder} yet; `python -m cifar7 train starter --data shapes` makes one.")
        return
    owners = ["" if isinstance(one, Damaged) else _owner(one) for one in entries]
    rows = [[*_row(one), by] for one, by in zip(entries, owners, strict=True)]
    titles = ["run", "network", "data", "state", "epochs", "test", "time", "by"]
    if not any(owners):  # nobody started one on a page
        titles, rows = titles[:-1], [row[:-1] for row in rows]
    print(table(titles, rows, left=(0, 1, 2, 3, 7)))
    for one in entries:
        if isinstance(one, Damaged):
            print(f"{one.run.id} is damaged: {one.reason}")


def _owner(one: Listed) -> str:
    return owner(one.run.path.parent, one.status) or one.status["by"][:6]


def _row(one: Listed | Damaged) -> tuple[str, ...]:
    if isinstance(one, Damaged):
        return (one.run.id, "", "", "damaged", "", "", "")
    status = one.status
    return (
        one.run.id,
        status["name"],
        short(status["data"]),
        status["state"],
        _epochs(status),
        percent(_result(status).get("test_accuracy")),
        duration(_result(status).get("seconds")),
    )


def _entry(one: Listed | Damaged) -> dict[str, Any]:
    """A run for scripts: the same names for a damaged one, without values."""
    if isinstance(one, Listed):
        return _brief(one.run, one.status)
    nothing = dict.fromkeys(_brief(one.run, fresh("", "", "auto")))
    return {**nothing, "run": one.run.id, "state": "damaged", "reason": one.reason}


def show(arguments: argparse.Namespace) -> None:
    """Tell about one run."""
    run = find(arguments.runs, arguments.run)
    status = run.reconcile()
    details = _full(run, status)
    if arguments.json:
        put_json(details)
        return
    lines = _lines(status, details)
    width = max(map(len, lines))
    for name, value in lines.items():
        print(f"{name.ljust(width)}  {value}")
    if curve := details["curve"]:
        held = curve[0]["heldout_accuracy"] is not None
        rows = [
            (
                epoch["epoch"],
                f"{epoch['train_loss']:.4f}" if isfinite(epoch["train_loss"]) else "-",
                percent(epoch["train_accuracy"]),
                percent(epoch["heldout_accuracy" if held else "test_accuracy"]),
                duration(epoch["seconds"]),
            )
            for epoch in curve
        ]
        print()
        print(table(("epoch", "train loss", "train", "held out" if held else "test", "time"), rows, left=()))
    if details["class_accuracy"]:
        classes = [(name, percent(accuracy)) for name, accuracy in details["class_accuracy"].items()]
        print()
        print(table(("class", "test accuracy"), classes))


def pause(arguments: argparse.Namespace) -> None:
    """Pause a run; it occupies nothing until it is resumed."""
    run = find(arguments.runs, arguments.run)
    if run.reconcile()["state"] not in ("queued", "running", "paused"):
        raise RunError(f"the run {run.id} is {run.status()['state']}; what waits or goes on can be paused")
    run.request_pause()
    _report(run, arguments.json, expected="paused")


def stop(arguments: argparse.Namespace) -> None:
    """Stop a run and keep what there is; where that was asked before, end its process if need be."""
    run = find(arguments.runs, arguments.run)
    stop_run(run)
    if run.status()["state"] == "queued":  # it was paused, and is to be tested
        ensure_worker(arguments.runs)
    _report(run, arguments.json, expected="stopped")


def test(arguments: argparse.Namespace) -> None:
    """Test what a stopped run has learnt."""
    run = find(arguments.runs, arguments.run)
    run.request_test()
    ensure_worker(arguments.runs)
    _report(run, arguments.json, expected="stopped")


def _report(run: RunFolder, json: bool, expected: State) -> None:
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
        print(f"{run.id} is {state}" + ("" if state == expected else ": it had come to its end before"))


def find(runs_dir: Path, beginning: str) -> RunFolder:
    """The run whose id begins so. Raises RunError when there is none, or more than one."""
    matches = [run for run in list_runs(runs_dir) if run.id.startswith(beginning)] if beginning else []
    matches = [run for run in matches if run.id == beginning] or matches
    if not matches:
        raise RunError(
            f"no run in {runs_dir} begins with {beginning!r:.80}; `python -m cifar7 runs` lists them"
        )
    if len(matches) > 1:
        raise RunError(f"{len(matches)} runs begin with {beginning!r:.80}; say more, as in {matches[0].id}")
    return matches[0]


def _brief(run: RunFolder, status: Status) -> dict[str, Any]:
    figures = ("test_accuracy", "epochs", "seconds", "images_per_second", "device")
    return {"run": run.id, "state": status["state"], "reason": status["reason"], "network": status["name"],
            "data": status["data"], "created": status["created"], "by": status["by"],
            "by_name": owner(run.path.parent, status),
            **{name: _result(status).get(name) for name in figures}}  # fmt: skip


def _full(run: RunFolder, status: Status) -> dict[str, Any]:
    spec = run.spec()
    predictions = run.predictions() if run.has_predictions() else None
    return {
        **_brief(run, status),
        "path": str(run.path),
        "parameters": None if problems(spec) else analyse(spec).parameters,
        "position": position(run) if status["state"] == "queued" else None,
        "status": dict(status),
        "spec": spec.to_dict(),
        "config": run.config().to_dict(),
        "environment": run.environment(),
        "curve": [event.to_dict() for event in run.story() if isinstance(event, EpochEnd)],
        "class_accuracy": dict(zip(predictions.classes, predictions.class_accuracy().tolist()))
        if predictions
        else {},
    }


def _lines(status: Status, details: dict[str, Any]) -> dict[str, str]:
    """What `show` tells of a run line by line, by the names of the lines."""
    data, title = status["data"], (details["environment"].get("data") or {}).get("title")
    created = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status["created"]))
    lines = {
        "run": details["run"],
        "state": status["state"],
        "reason": status["reason"],
        "network": f"{details['network']}, {details['parameters'] or 0:,} parameters",
        "data": f"{data} ({title})" if title else data,
        "created": created,
        "by": f"{details['by_name'] or 'somebody without a name'} ({details['by']})"
        if details["by"]
        else None,
        "device": details["environment"].get("device"),
    }
    if result := status["result"]:
        speed = f"{result.get('images_per_second') or 0:,.0f} images/s"
        lines |= {
            "test accuracy": f"{percent(result.get('test_accuracy'))} (protocol {result.get('protocol')})",
            "train accuracy": f"{percent(result.get('train_accuracy'))} (evaluation mode, no augmentation)",
            "epochs": _epochs(status),
            "time": f"{duration(result.get('seconds'))}, {speed}",
        }
    return {name: line for name, line in lines.items() if line}


def _result(status: Status) -> dict[str, Any]:
    return status["result"] or {}


def _epochs(status: Status) -> str:
    epoch = status["epoch"] or {}
    done = _result(status).get("epochs")
    if done is None:
        done = epoch.get("epoch", 0)
    total = (status["progress"] or epoch).get("epochs")
    return f"{done}/{total}" if total else str(done)
