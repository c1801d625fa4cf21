"""All runs of a directory at a glance, for pages that many look at: only what changed is read again.

A reading asks the folders' names and the time of each status.json, and opens those files that are others now.
However many ask, the folders are looked at once a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from cifar7.errors import UserError
from cifar7.network.arithmetic import Analysis, analyse
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import ENDED, RunFolder, list_runs
from cifar7.runs.status import Status
from cifar7.training.config import TrainConfig
from cifar7.training.events import Finished

Version = tuple[int, int, int]  # of status.json: time of change in ns, inode, bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A run as its status.json told it in this version. The status is shared: look, and change nothing."""

    run: RunFolder
    status: Status
    version: Version
    result: Finished | None  # of a run that came to its end and its test


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
        """The design counted anew, layer by layer: too large to keep for every run."""
        return analyse(self.spec)


class Index:
    """The runs of one kind in a directory. Any number of threads may ask."""

    def __init__(self, runs_dir: Path, *, seconds: float = 1.0) -> None:
        """`seconds`: for so long an answer stands before the folders are looked at again."""
        self._runs_dir, self._seconds = runs_dir, seconds
        self._lock = Lock()
        self._read_at = float("-inf")
        self._listing = Listing()
        # By the name of the folder; None for what could not be read in that version.
        self._entries: dict[str, tuple[Version | None, Entry | None]] = {}
        self._tested: dict[str, tuple[Version, Tested | None]] = {}

    def listing(self) -> Listing:
        """All trainings."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._seconds:
                self._look()
                self._read_at = time.monotonic()
            return self._listing

    def tested(self) -> tuple[list[Tested], int]:
        """The runs that came to their test, the newest first, and how many of them could not be read."""
        entries = [entry for entry in self.listing().entries if entry.result]
        with self._lock:
            found = [self._details(entry) for entry in entries]
        return [one for one in found if one], found.count(None)

    def _look(self) -> None:
        runs = list_runs(self._runs_dir)
        before, self._entries = self._entries, {}
        for run in runs:
            version = _version(run)
            held = before.get(run.id)
            self._entries[run.id] = held if held and held[0] == version else (version, _entry(run, version))
        if len(self._tested) > len(self._entries):
            self._tested = {name: one for name, one in self._tested.items() if name in self._entries}
        known = [entry for _, entry in self._entries.values()]
        entries = tuple(entry for entry in known if entry)
        ended = hash(tuple((one.run.id, one.version) for one in entries if one.status["state"] in ENDED))
        self._listing = Listing(entries, known.count(None), ended)

    def _details(self, entry: Entry) -> Tested | None:
        held = self._tested.get(entry.run.id)
        if held is None or held[0] != entry.version:
            held = self._tested[entry.run.id] = (entry.version, _tested(entry))
        return held[1]


def _version(run: RunFolder) -> Version | None:
    try:
        found = (run.path / "status.json").stat()
    except OSError:  # removed this moment, or there is none
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _entry(run: RunFolder, version: Version | None) -> Entry | None:
    if version is None:
        return None
    try:
        status = run.status()
    except UserError:
        return None
    result = Finished.from_dict(status["result"]) if status["state"] in ENDED else None
    tested = result is not None and 0 <= result.test_accuracy <= 1  # which nan is not
    return Entry(run, status, version, result if tested else None)


def _tested(entry: Entry) -> Tested | None:
    run, result = entry.run, entry.result
    assert result is not None, run.id
    try:
        spec, config, environment = run.spec(), run.config(), run.environment()
        check(spec)
    except UserError:
        return None
    data = environment.get("data")
    data = data if isinstance(data, dict) else {}
    return Tested(
        entry=entry,
        result=result,
        spec=spec,
        parameters=analyse(spec).parameters,
        config=config,
        data_title=str(data.get("title") or entry.status["data"]),
        synthetic=bool(data.get("synthetic")),
        fingerprint=str(data.get("fingerprint") or ""),
        device_type=str(environment.get("device_type") or "cpu"),
    )
