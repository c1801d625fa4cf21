"""What goes when a folder of runs is cleaned, and how much room that makes.

Runs that ended long ago; of an experiment all parts or none. Caches of image sets that were given by a path,
and the drawn shapes, where nobody needs them. What dead processes left half-made.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cifar7.data import library
from cifar7.runs.directory import DRAFT, GONE, RunError
from cifar7.runs.experiments import read_part
from cifar7.runs.folder import ENDED, RunFolder, list_runs
from cifar7.runs.kept.listing import Damaged, Listed, listed
from cifar7.runs.kept.removal import remove

DAY = 86_400.0  # seconds
LEFT_OVER_SECONDS = 3600.0  # so long nobody has worked on what was left half-made
CACHE_DAYS = 30.0
_UNITS = {"h": 3600.0, "d": DAY, "w": 7 * DAY}
_SPAN = re.compile(r"(\d{1,5})([hdw])")


@dataclass(frozen=True, slots=True)
class Old:
    """Something that goes: a run, a cache or a left-over."""

    kind: str  # "run", "cache", "left over"
    name: str  # of its folder
    size: int  # bytes on the disk
    age: float  # seconds
    why: str  # state of a run, or what it is
    path: Path


def seconds_of(span: str) -> float:
    """A span of time as a person writes it: "30d", "12h", "2w". Raises RunError for anything else."""
    match = _SPAN.fullmatch(span.strip().lower())
    if not match:
        raise RunError(f"{span!r:.40} is no span of time; give hours, days or weeks, as in 12h, 30d or 4w")
    return int(match[1]) * _UNITS[match[2]]


def old_runs(runs_dir: Path, older_than: float, *, paused: bool = False, damaged: bool = False) -> list[Old]:
    """The runs that ended more than `older_than` seconds ago, the oldest first.

    paused: also those that are paused or wait for so long; damaged: also those that cannot be read, by the
    time of their last change. A run that is executed never goes. The parts of an experiment go together,
    as soon as the last of them may.
    """
    now = time.time()
    found: dict[str, Old] = {}
    groups: dict[str, list[str]] = {}
    for one in listed(list_runs(runs_dir)):
        run = one.run
        if part := read_part(run):
            groups.setdefault(part["experiment"], []).append(run.id)
        old = _old(one, now)
        wanted = damaged if isinstance(one, Damaged) else _may_go(one, paused)
        if old and wanted and old.age > older_than:
            found[run.id] = old
    for ids in groups.values():
        if not all(run_id in found for run_id in ids):
            for run_id in ids:
                found.pop(run_id, None)
    return sorted(found.values(), key=lambda old: -old.age)


def _may_go(one: Listed, paused: bool) -> bool:
    state = one.status["state"]
    return state in ENDED or (paused and state in ("paused", "queued"))


def _old(one: Listed | Damaged, now: float) -> Old | None:
    path = one.run.path
    with suppress(OSError):
        if isinstance(one, Damaged):
            return Old("run", path.name, size_of(path), now - path.lstat().st_mtime, "damaged", path)
        status = one.status
        last = max(status["created"], status["started"] or 0, status["ended"] or 0)
        return Old("run", path.name, size_of(path), now - last, status["state"], path)
    return None


def left_overs(runs_dir: Path) -> list[Old]:
    """Runs half-made or half-removed, and files half-written, by processes that died."""
    paths: list[Path] = []
    with suppress(OSError):
        paths += [path for path in runs_dir.iterdir() if path.name.startswith((DRAFT, GONE))]
    for run in list_runs(runs_dir, every_kind=True):
        with suppress(RunError, OSError):
            if run.status()["state"] != "running" and not run.path.is_symlink():
                paths += run.path.glob(".half-*")
    return list(_aged("left over", paths, LEFT_OVER_SECONDS, "half-made"))


def old_caches(
    runs_dir: Path, data_dir: Path | None = None, older_than: float = CACHE_DAYS * DAY
) -> list[Old]:
    """Image sets that can be made again and that nobody has opened for so long.

    A set given by its path stays as long as a run was trained on it: its pictures are looked at. The shapes
    stay as long as a run waits for them: they are drawn again when they are needed.
    """
    used = {name for name, _ in _data_of_runs(runs_dir)}
    awaited = {name for name, state in _data_of_runs(runs_dir) if state not in ENDED}
    paths = [
        path
        for path in library.caches(data_dir)
        if path.name not in (awaited if path.name == library.BUILT_IN else used)
    ]
    left = list(_aged("left over", library.left_overs(data_dir), LEFT_OVER_SECONDS, "half-made"))
    return [*_aged("cache", paths, older_than, "images that can be made again"), *left]


def uses(runs_dir: Path, data_name: str) -> list[str]:
    """The ids of the runs that wait for an image set, use it, or are paused on it."""
    return [
        one.run.id
        for one in listed(list_runs(runs_dir, every_kind=True))
        if isinstance(one, Listed) and one.status["data"] == data_name and one.status["state"] not in ENDED
    ]


def _data_of_runs(runs_dir: Path) -> Iterator[tuple[str, str]]:
    for one in listed(list_runs(runs_dir, every_kind=True)):
        if isinstance(one, Listed):
            yield one.status["data"], one.status["state"]


def _aged(kind: str, paths: Iterable[Path], older_than: float, why: str) -> Iterator[Old]:
    now = time.time()
    for path in paths:
        with suppress(OSError):
            age = now - path.lstat().st_mtime
            if age > older_than:
                yield Old(kind, path.name, size_of(path), age, why, path)


def clean(old: Collection[Old], data_dir: Path | None = None) -> list[str]:
    """Remove these; returns why one or the other was left, in words."""
    left = []
    for one in old:
        try:
            if one.kind == "run":
                remove(RunFolder(one.path))
            elif one.kind == "cache":
                library.remove(one.name, data_dir)
            elif one.path.is_dir() and not one.path.is_symlink():
                shutil.rmtree(one.path)
            else:
                one.path.unlink(missing_ok=True)
        except (RunError, library.DataError, OSError) as error:
            left.append(f"{one.name}: {error}")
    return left


def size_of(path: Path) -> int:
    """Bytes that a file, or a folder with all that is in it, takes on the disk; links are not followed."""
    total = 0
    with suppress(OSError):
        entry = path.lstat()
        total += getattr(entry, "st_blocks", -(-entry.st_size // 512)) * 512
        if path.is_dir() and not path.is_symlink():
            for below in os.scandir(path):
                total += size_of(Path(below.path))
    return total
