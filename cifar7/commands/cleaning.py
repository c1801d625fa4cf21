"""`runs clean`, `runs delete` and `data remove`: what nobody needs any more, and how much room it takes."""

from __future__ import annotations

import argparse

from cifar7 import paths
from cifar7.commands.history import find
from cifar7.commands.output import put_json, say, table
from cifar7.data import library
from cifar7.data.imageset import DataError
from cifar7.runs.kept.cleaning import (
    DAY,
    Old,
    clean,
    left_overs,
    old_caches,
    old_runs,
    seconds_of,
    size_of,
    uses,
)
from cifar7.runs.kept.removal import remove
from cifar7.sweeps.removal import old_sweeps, without_needed


def clean_runs(arguments: argparse.Namespace) -> int:
    """Remove the runs that ended long ago, and caches; exit status 2 where one could not be removed."""
    folder = arguments.runs
    older_than = seconds_of(arguments.older_than)
    runs = old_runs(folder, older_than, paused=arguments.paused, damaged=arguments.damaged)
    old = [
        *without_needed(folder, runs),
        *old_sweeps(folder, older_than),
        *left_overs(folder),
        *old_caches(folder),
    ]
    left = [] if arguments.dry_run else clean(old)
    freed = sum(one.size for one in old)
    if arguments.json:
        entries = [{"kind": one.kind, "name": one.name, "bytes": one.size, "why": one.why} for one in old]
        put_json({"runs_dir": str(folder.absolute()), "dry_run": arguments.dry_run, "bytes": freed,
                  "removed": entries, "left": left})  # fmt: skip
    elif not old:
        print(f"Nothing to remove: nothing in {folder} ended more than {arguments.older_than} ago.")
    else:
        rows = [(one.name, one.kind, one.why, f"{one.age / DAY:,.1f}", megabytes(one.size)) for one in old]
        print(table(("name", "kind", "what", "days", "MB"), rows, left=(0, 1, 2)))
        would = "would make" if arguments.dry_run else "made"
        print(f"{what(old)}: that {would} {megabytes(freed)} MB of room")
    for reason in left:
        say(f"not removed: {reason}")
    return 2 if left else 0


def delete(arguments: argparse.Namespace) -> None:
    """Remove one run that is not being trained."""
    run = find(arguments.runs, arguments.run)
    size = size_of(run.path)
    remove(run)
    if arguments.json:
        put_json({"run": run.id, "bytes": size})
    else:
        print(f"{run.id} is removed, {megabytes(size)} MB")


def remove_data(arguments: argparse.Namespace) -> None:
    """Remove an image set that no run waits for or uses."""
    name = arguments.name
    if name == library.BUILT_IN:
        raise DataError(f"{name!r} is built in and cannot be removed; `runs clean` removes its drawn images")
    if ids := uses(paths.runs_dir(), name):
        others = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
        raise DataError(f"{name!r} is needed by the run {ids[0]}{others}; wait for it, or stop it")
    library.remove(name)
    if arguments.json:
        put_json({"name": name})
    else:
        print(f"{name} is removed")


def what(old: list[Old]) -> str:
    """How many of each kind, as in "3 runs, 1 cache"."""
    counts = {kind: sum(one.kind == kind for one in old) for kind in ("run", "cache", "left over")}
    names = {"run": ("run", "runs"), "cache": ("cache", "caches"), "left over": ("left-over", "left-overs")}
    return ", ".join(f"{n} {names[kind][n != 1]}" for kind, n in counts.items() if n)


def megabytes(size: int) -> str:
    """Bytes as MB with one decimal."""
    return f"{size / 1e6:,.1f}"
