"""`runs` and `show`: the runs and their figures."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

from cifar7.commands.output import duration, percent, put, put_json, say, table
from cifar7.data.library import short
from cifar7.network.arithmetic import analyse
from cifar7.network.problems import problems
from cifar7.runs.folder import RunError, RunFolder, Status, list_runs
from cifar7.runs.queue import ensure_worker, reconcile, waiting
from cifar7.training.events import EpochEnd


def runs(arguments: argparse.Namespace) -> int:
    """List the runs, the newest first."""
    entries = _with_status(arguments.runs)
    if arguments.json:
        put_json(
            {
                "runs_dir": str(arguments.runs.absolute()),
                "runs": [_brief(run, status) for run, status in entries],
            }
        )
        return 0
    if not entries:
        put(f"No runs in {arguments.runs} yet; `python -m cifar7 train starter --data shapes` makes one.")
        return 0
    rows = [
        (
            run.id,
            status["name"],
            short(status["data"]),
            status["state"],
            _epochs(status),
            percent(_result(status).get("test_accuracy")),
            duration(_result(status).get("seconds")),
        )
        for run, status in entries
    ]
    put(table(("run", "network", "data", "state", "epochs", "test", "time"), rows, left=(0, 1, 2, 3)))
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Tell about one run."""
    run = find(arguments.runs, arguments.run)
    status = run.reconcile()
    details = _full(run, status)
    if arguments.json:
        put_json(details)
        return 0
    lines: list[tuple[str, object]] = [("run", run.id), ("state", status["state"])]
    if status["reason"]:
        lines.append(("reason", status["reason"]))
    lines += [
        ("network", _network_line(details)),
        ("data", _data_line(status, details)),
        ("created", _clock(status["created"])),
    ]
    lines += [("device", details["environment"]["device"])] if details["environment"] else []
    lines += _result_lines(status)
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        put(f"{name.ljust(width)}  {value}")
    if details["curve"]:
        put()
        put(_epoch_table(details["curve"]))
    if details["class_accuracy"]:
        put()
        put(
            table(("class", "test accuracy"), [(n, percent(a)) for n, a in details["class_accuracy"].items()])
        )
    return 0


def find(runs_dir: Path, beginning: str) -> RunFolder:
    """The run whose id begins so. Raises RunError when there is none, or more than one."""
    matches = [run for run in list_runs(runs_dir) if run.id.startswith(beginning)] if beginning else []
    matches = [run for run in matches if run.id == beginning] or matches
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise RunError(
            f"no run in {runs_dir} begins with {beginning!r:.80}; `python -m cifar7 runs` lists them"
        )
    raise RunError(f"{len(matches)} runs begin with {beginning!r:.80}; say more, as in {matches[0].id}")


def _with_status(runs_dir: Path) -> list[tuple[RunFolder, Status]]:
    """Every readable run with its status, the newest first; a dead worker is replaced before."""
    if reconcile(runs_dir) and waiting(runs_dir) and ensure_worker(runs_dir):
        say("the worker had died; a new one was started for the runs that wait")
    entries = []
    for run in list_runs(runs_dir):
        with suppress(RunError):
            entries.append((run, run.status()))
    return entries


def _brief(run: RunFolder, status: Status) -> dict[str, Any]:
    result = _result(status)
    figures = ("test_accuracy", "epochs", "seconds", "images_per_second", "device")
    return {"run": run.id, "state": status["state"], "reason": status["reason"], "network": status["name"],
            "data": status["data"], "created": status["created"],
            **{key: result.get(key) for key in figures}}  # fmt: skip


def _full(run: RunFolder, status: Status) -> dict[str, Any]:
    spec, config = run.spec(), run.config()
    accuracies: dict[str, float | None] = {}
    if run.has_predictions():
        predictions = run.predictions()
        accuracies = {
            name: float(accuracy) for name, accuracy in zip(predictions.classes, predictions.class_accuracy())
        }
    queue = [other.id for other in waiting(run.path.parent)] if status["state"] == "queued" else []
    return {
        **_brief(run, status),
        "path": str(run.path),
        "parameters": None if problems(spec) else analyse(spec).parameters,
        "position": queue.index(run.id) + 1 if run.id in queue else None,
        "status": dict(status),
        "spec": spec.to_dict(),
        "config": config.to_dict(),
        "environment": run.environment(),
        "curve": [event.to_dict() for event in run.story() if isinstance(event, EpochEnd)],
        "class_accuracy": accuracies,
    }


def _result(status: Status) -> dict[str, Any]:
    return status["result"] or {}


def _epochs(status: Status) -> str:
    done = _result(status).get("epochs")
    if done is None:
        done = (status["epoch"] or {}).get("epoch", 0)
    total = (status["progress"] or status["epoch"] or {}).get("epochs")
    return f"{done}/{total}" if total else str(done)


def _network_line(details: dict[str, Any]) -> str:
    return f"{details['network']}, {details['parameters'] or 0:,} parameters"


def _data_line(status: Status, details: dict[str, Any]) -> str:
    data = details["environment"].get("data") or {}
    return f"{status['data']} ({data['title']})" if data else status["data"]


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _result_lines(status: Status) -> list[tuple[str, object]]:
    result = _result(status)
    if not result:
        return []
    return [
        ("test accuracy", f"{percent(result.get('test_accuracy'))} (protocol {result.get('protocol')})"),
        ("train accuracy", f"{percent(result.get('train_accuracy'))} (evaluation mode, no augmentation)"),
        ("epochs", _epochs(status)),
        ("time", f"{duration(result.get('seconds'))}, {result.get('images_per_second') or 0:,.0f} images/s"),
    ]


def _epoch_table(epochs: list[dict[str, Any]]) -> str:
    held = "heldout" if epochs[0].get("heldout_accuracy") is not None else "test"
    head = ("epoch", "train loss", "train", "held out" if held == "heldout" else "test", "time")
    rows = [
        (
            event["epoch"],
            f"{event['train_loss']:.4f}" if isfinite(event["train_loss"]) else "-",
            percent(event["train_accuracy"]),
            percent(event[f"{held}_accuracy"]),
            duration(event["seconds"]),
        )
        for event in epochs
    ]
    return table(head, rows, left=())
