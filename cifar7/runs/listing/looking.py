"""A directory of runs, looked at again and again by one process: what did not change is not read again.

The folders are listed when the directory's time has changed, and a status.json is read when its times, inode
or size have. A run that has ended goes on only by a request, which changes the directory's time: while that
stays, such runs are looked at every CHECKED seconds, for the sake of changes by hand. Right after a change a
time says little, as clocks tick coarsely: what changed within SETTLED seconds is looked at once more.
"""

from __future__ import annotations

import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter, is_
from pathlib import Path
from sys import intern
from threading import Lock
from typing import Generic, TypeVar, cast

from cifar7.errors import UserError
from cifar7.runs.contents import Contents
from cifar7.runs.directory import TRAINING_ID
from cifar7.runs.kinds import Kind, kind_of
from cifar7.runs.status import ENDED, Status

SETTLED = 2.0  # seconds: the coarsest clock of a file system, FAT's
CHECKED = 10.0
MOST_DIRECTORIES = 8  # that are kept

R = TypeVar("R", bound=Contents)
Version = tuple[int, ...]  # of a file or directory: times of change in ns, inode, bytes


@dataclass(frozen=True, slots=True, eq=False)
class Seen(Generic[R]):
    """A run as it was found. The same object as long as nothing changed; look at the status, change nothing.

    `status` is None where it could not be read.
    """

    run: R
    name: str  # of its folder, the id
    kind: Kind
    version: Version | None  # of status.json; None where there is none
    status: Status | None


@dataclass(frozen=True, slots=True, eq=False)
class Group(Generic[R]):
    """Runs as they were found: what is worked out of them stays right as long as it is the same object."""

    seen: tuple[Seen[R], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Look(Generic[R]):
    """All runs at one moment, each part the newest first."""

    ended: Group[R]  # the same object as long as none of them changed, and none came or went
    others: tuple[Seen[R], ...] = ()  # that wait, go on or are paused, and those that cannot be read

    def all(self) -> list[Seen[R]]:
        """Every run, the newest first by the time in its id."""
        return sorted([*self.ended.seen, *self.others], key=attrgetter("name"), reverse=True)


class Directory(Generic[R]):
    """One directory. Any number of threads may ask."""

    def __init__(self, runs_dir: Path, make: Callable[[Path], R]) -> None:
        """`runs_dir`: absolute; `make`: the run of a folder."""
        self._path, self._make = runs_dir, make
        self._lock = Lock()
        self._listed: Version | None = None  # of the directory when it was listed; None: list again
        self._runs: dict[str, R] = {}  # all, the newest first
        self._trainings: tuple[R, ...] = ()
        self._links: set[str] = set()
        self._seen: dict[str, Seen[R]] = {}
        self._unsettled: set[str] = set()  # read so soon after a change that there may be another one since
        self._look: Look[R] = Look(Group())
        self._checked = float("-inf")  # when every status.json was last looked at

    def runs(self, *, every_kind: bool) -> list[R]:
        """All trainings, or all runs, the newest first."""
        with self._lock:
            self._list()
            return list(self._runs.values() if every_kind else self._trainings)

    def look(self) -> Look[R]:
        """How they all stand."""
        with self._lock:
            stays = self._list()
            now = time.monotonic()
            if stays and now - self._checked < CHECKED:
                others = [self._see(one.run) for one in self._look.others]
                if all(map(is_, others, self._look.others)):
                    return self._look
                self._seen |= {one.name: one for one in others}
            else:
                self._seen = {name: self._see(run) for name, run in self._runs.items()}
                self._unsettled &= self._seen.keys()
                self._checked = now
            return self._sort()

    def _sort(self) -> Look[R]:
        ended: list[Seen[R]] = []
        others: list[Seen[R]] = []
        for one in self._seen.values():
            (ended if one.status is not None and one.status["state"] in ENDED else others).append(one)
        before = self._look.ended
        same = len(before.seen) == len(ended) and all(map(is_, before.seen, ended))
        self._look = Look(before if same else Group(tuple(ended)), tuple(others))
        return self._look

    def _see(self, run: R) -> Seen[R]:
        name = run.path.name
        held = self._seen.get(name)
        version = None if name in self._links else _version(f"{self._path}/{name}/status.json")
        same = held is not None and version is not None and held.version == version
        if held is not None and same and name not in self._unsettled:
            return held
        status = None
        with suppress(UserError):  # removed or damaged by hand: no reason to hold up the others
            status = _shared(run.status())
        if version is None or _is_settled(version):
            self._unsettled.discard(name)
        else:
            self._unsettled.add(name)
        return (
            held
            if held is not None and same and held.status == status
            else Seen(run, name, run.kind, version, status)
        )

    def _list(self) -> bool:
        """List the folders if need be; whether the directory is as it was, and for long."""
        version = _version(self._path, of=os.stat)  # which may be reached by a link
        if version is not None and version == self._listed:
            return True
        entries: list[tuple[str, bool]] = []
        with suppress(FileNotFoundError), os.scandir(self._path) as found:
            for entry in found:
                # A link is listed, and read as damaged: nothing that somebody takes for a run is passed over.
                if TRAINING_ID.fullmatch(entry.name) or kind_of(entry.name) != "training":
                    is_link = entry.is_symlink()
                    if is_link or entry.is_dir(follow_symlinks=False):
                        entries.append((entry.name, is_link))
        before = self._runs
        entries.sort(reverse=True)
        self._runs = {name: before.get(name) or self._make(self._path / name) for name, _ in entries}
        self._trainings = tuple(run for name, run in self._runs.items() if TRAINING_ID.fullmatch(name))
        self._links = {name for name, is_link in entries if is_link}
        self._listed = version if version is not None and _is_settled(version) else None
        return False


class Directories(Generic[R]):
    """The directories that a process looks at, each kept once."""

    def __init__(self, make: Callable[[Path], R]) -> None:
        self._make = make
        self._lock = Lock()
        self._kept: OrderedDict[Path, Directory[R]] = OrderedDict()

    def __getitem__(self, runs_dir: Path) -> Directory[R]:
        path = runs_dir.absolute()
        with self._lock:
            if path not in self._kept:
                self._kept[path] = Directory(path, self._make)
            self._kept.move_to_end(path)
            if len(self._kept) > MOST_DIRECTORIES:
                self._kept.popitem(last=False)
            return self._kept[path]


def _version(path: str | Path, of: Callable[[str | Path], os.stat_result] = os.lstat) -> Version | None:
    """None where nothing stands, or neither a file nor a directory."""
    try:
        found = of(path)
    except OSError:
        return None
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def _shared(status: Status) -> Status:
    """The same, with the names of fields, which all runs have alike, kept once: half of the memory."""
    kept = {
        name: dict(zip(map(intern, value), value.values())) if isinstance(value, dict) else value
        for name, value in status.items()
    }
    return cast(Status, kept)


def _is_settled(version: Version) -> bool:
    """Whether what changes now would have another time."""
    return time.time() - max(version[:2]) / 1e9 > SETTLED
