"""All runs of a directory at a glance, for pages that many look at: only what changed is read again.

A reading asks the folders' names and the time of each status.json, and opens those files that are others now.
However many ask, the folders are looked at once a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from sys import intern
from threading import Lock

from cifar7.errors import UserError
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import ENDED, RunFolder, look
from cifar7.runs.listing.looking import Look, Seen, Version
from cifar7.runs.status import Status
from cifar7.training.config import TrainConfig
from cifar7.training.events import Finished


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A run as its status.json told it in this version. The status is shared: look, and change nothing."""

    run: RunFolder
    status: Status
    version: Version | None  # of status.json
    result: Finished | None  # of a run that came to its end and its test

    @classmethod
    def of(cls, seen: Seen[RunFolder], status: Status) -> Entry:
        """A run that was read."""
        result = Finished.from_dict(status["result"]) if status["state"] in ENDED else None
        tested = result is not None and 0 <= result.test_accuracy <= 1  # which nan is not
        return cls(seen.run, status, seen.version, result if tested else None)


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs, the newest first, and how many folders could not be read.

    `ended` is another number as soon as a run comes to its end, goes on after it, or is removed.
    """

    entries: tuple[Entry, ...] = ()
    damaged: int = 0
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Tested:
    """A run that came to its test, with all that a comparison asks."""

    entry: Entry
    result: Finished
    spec: NetSpec
    parameters: int
    config: TrainConfig
    data_title: str
    synthetic: bool  # whether the images were drawn by cifar7
    fingerprint: str  # of the images; "" where it is not on record
    device_type: str  # "cpu", "cuda", …

    @property
    def id(self) -> str:
        """The run's id."""
        return self.entry.run.id

    def analysis(self) -> Analysis:
        """The design counted layer by layer: too large to keep for every run."""
        return _analysis(self.spec)


class Index:
    """The trainings in a directory. Any number of threads may ask."""

    def __init__(self, runs_dir: Path, *, seconds: float = 1.0) -> None:
        """`seconds`: for so long an answer stands before the folders are looked at again."""
        self._runs_dir, self._seconds = runs_dir, seconds
        self._lock = Lock()
        self._read_at = float("-inf")
        self._look: Look[RunFolder] | None = None
        self._listing = Listing()
        self._entries: dict[Seen[RunFolder], Entry] = {}
        self._tested: dict[Entry, Tested | None] = {}

    def listing(self) -> Listing:
        """All trainings."""
        with self._lock:
            return self._newest()

    def tested(self, most: int | None = None) -> tuple[list[Tested], int]:
        """The runs that came to their test, the newest first, and how many of them could not be read.

        most: only so many of them are looked into.
        """
        with self._lock:
            entries = [entry for entry in self._newest().entries if entry.result][:most]
            before = self._tested
            self._tested = {entry: before[entry] if entry in before else _tested(entry) for entry in entries}
            found = list(self._tested.values())
        return [one for one in found if one], found.count(None)

    def _newest(self) -> Listing:
        if time.monotonic() - self._read_at >= self._seconds:
            found = look(self._runs_dir)
            if found is not self._look:
                self._listing = self._list(found)
                self._look = found
            self._read_at = time.monotonic()
        return self._listing

    def _list(self, found: Look[RunFolder]) -> Listing:
        trainings = [one for one in found.all() if one.kind == "training"]
        before = self._entries
        self._entries = {
            one: before.get(one) or Entry.of(one, one.status) for one in trainings if one.status is not None
        }
        entries = tuple(self._entries.values())
        ended = hash(tuple((one.run.id, one.version) for one in entries if one.status["state"] in ENDED))
        return Listing(entries, len(trainings) - len(entries), ended)


def _tested(entry: Entry) -> Tested | None:
    run, result = entry.run, entry.result
    assert result is not None, run.id
    try:
        spec, parameters = _design(run)
        config, environment = run.config(), run.environment()
    except UserError:
        return None
    data = environment.get("data")
    data = data if isinstance(data, dict) else {}
    return Tested(
        entry=entry,
        result=result,
        spec=spec,
        parameters=parameters,
        config=config,
        data_title=intern(str(data.get("title") or entry.status["data"])),
        synthetic=bool(data.get("synthetic")),
        fingerprint=intern(str(data.get("fingerprint") or "")),
        device_type=intern(str(environment.get("device_type") or "cpu")),
    )


def _design(run: RunFolder) -> tuple[NetSpec, int]:
    """Of the run, and its parameters; the same object for runs of the same design."""
    spec = run.spec()
    return _counted(spec)


@lru_cache(maxsize=4096)
def _counted(spec: NetSpec) -> tuple[NetSpec, int]:
    check(spec)
    return spec, _analysis(spec).parameters


@lru_cache(maxsize=256)
def _analysis(spec: NetSpec) -> Analysis:
    return analyse(spec)
