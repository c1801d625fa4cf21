"""What the runs of a machine may take: one file of limits, and the refusals, which name the limit.

`$CIFAR7_LIMITS` names the file, else it is limits.json in cifar7's home; a limit that it leaves out has its
default. Without a file the limits are those of one's own machine. The teacher and the command line are held
by those of the machine alone, and not by those of a person.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cifar7 import paths
from cifar7.fields import number, options, read_value
from cifar7.runs.directory import RunError
from cifar7.runs.kinds import KINDS, Kind
from cifar7.runs.people import Person
from cifar7.runs.status import Status

FILE = "CIFAR7_LIMITS"  # environment
PEOPLE, MACHINE = "a person", "the machine"  # the groups
# What a class of thirty shares on one machine.
CLASS: Mapping[str, Any] = {
    "waiting": 8,
    "waiting_all": 150,
    "epochs": 40,
    "parameters": 3_000_000,
    "minutes": 30.0,
    "disk_gb": 50.0,
    "memory_gb": 4.0,
}


class LimitError(RunError):
    """Something beyond a limit, or a file of limits that is not right."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits; 0 is none where the range begins with it. Raises LimitError for a value out of range."""

    # fmt: off
    waiting: int = number(
        100, low=1, high=1000, title="Waiting runs of a person", group=PEOPLE, unit="runs",
        help="How many runs of one person may wait at a time, the paused ones included.",
    )
    waiting_all: int = number(
        200, low=1, high=10_000, title="Waiting runs of all", group=MACHINE, unit="runs",
        help="How many runs of all people together may wait at a time.",
    )
    epochs: int = number(
        1000, low=1, high=1000, title="Epochs of a run", group=PEOPLE, unit="passes over the training images",
        help="How many epochs a run may have, those that are added later included.",
    )
    parameters: int = number(
        100_000_000, low=1000, high=10**10, title="Parameters of a network", group=PEOPLE, unit="parameters",
        help="How many parameters a network may have that is trained.",
    )
    minutes: float = number(
        0.0, low=0, high=100_000, title="Minutes of a run", group=PEOPLE, unit="minutes",
        help="How long the machine works on a run, pauses left out; then it is stopped, tested and kept.",
    )
    disk_gb: float = number(
        0.0, low=0, high=1_000_000, title="Disk for all runs", group=MACHINE, unit="GB (10^9 bytes)",
        help="How much the folder of runs may hold when a run is started.",
    )
    memory_gb: float = number(
        0.0, low=0, high=1_000_000, title="Memory of a run", group=MACHINE, unit="GB (10^9 bytes)",
        help="How much memory a run may take; 0: what the machine has.",
    )
    # fmt: on

    def __post_init__(self) -> None:
        for declared in fields(self):
            value = read_value(getattr(self, declared.name), declared, declared.name, LimitError)
            object.__setattr__(self, declared.name, value)

    @classmethod
    def load(cls) -> Limits:
        """The limits in force. Raises LimitError where their file is not right."""
        named = os.environ.get(FILE)
        path = Path(named).expanduser() if named else paths.home() / "limits.json"
        if not named and not path.exists():
            return cls()
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Limits:
        """The limits in a file. Raises LimitError where it is not there or not right."""
        try:
            content = json.loads(path.read_bytes())  # named by the teacher: it may be a link
            if not isinstance(content, dict):
                raise ValueError("holds no JSON object")
            return cls.from_dict(content)
        except FileNotFoundError:
            raise LimitError(f"the file of limits {path} is not there; make it, or name another") from None
        except LimitError as error:
            raise LimitError(f"in the file of limits, {error}") from None
        except (OSError, ValueError, RecursionError):
            raise LimitError(f"the file of limits {path} holds no JSON object; mend or remove it") from None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Limits:
        """The limits that `to_dict` wrote, missing ones by default. Raises LimitError."""
        for name in data:
            if name not in OPTIONS:
                raise LimitError(f"there is no limit {name!r:.40}; there are {', '.join(OPTIONS)}")
        return cls(**data)

    @classmethod
    def of_class(cls) -> Limits:
        """The usual limits of a class that shares one machine."""
        return cls.from_dict(CLASS)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, every limit."""
        return asdict(self)

    def check_epochs(self, epochs: int, by: Person) -> None:
        """Raises LimitError where a run would have more epochs than this."""
        if epochs > self.epochs and not by.teacher:
            raise LimitError(
                f"the run would have {epochs:,} epochs, and {self.epochs:,} are the limit here; choose fewer"
            )

    def check_parameters(self, parameters: int, by: Person) -> None:
        """Raises LimitError where a network has more parameters than this."""
        if parameters > self.parameters and not by.teacher:
            raise LimitError(
                f"the network has {parameters:,} parameters, and {self.parameters:,} are the limit here; "
                "give it fewer channels or units, or separable convolutions"
            )

    def check_waiting(
        self, runs: Iterable[tuple[Any, Status]], kind: Kind, by: Person, *, more: int = 1, whose: str = ""
    ) -> None:
        """Raises LimitError where `more` runs cannot wait beside `runs`; the paused ones wait too.

        `whose`: the owner's id, where it is not `by` who asks. Call it under `hold_queue`.
        """
        waiting = [
            status["by"]
            for run, status in runs
            if run.kind == kind and status["state"] in ("queued", "paused")
        ]
        rules, own = KINDS[kind], waiting.count(whose or by.id)
        if len(waiting) + more > rules.most_waiting:
            raise LimitError(rules.too_many.format(len(waiting)))
        if len(waiting) + more > self.waiting_all and kind == "training":
            raise LimitError(
                f"{len(waiting)} runs wait or are paused here, and {self.waiting_all} are the limit; "
                "stop some of them, or try again when some have been trained"
            )
        if by.teacher:
            return
        if own + more > rules.most_waiting_each:
            raise LimitError(rules.too_many.format(f"{own} of your"))
        if own + more > self.waiting and kind == "training":
            raise LimitError(
                f"{own} of your runs wait or are paused, and {self.waiting} are the limit for one person "
                "here; stop some of them, or wait until some have been trained"
            )

    def minutes_of(self, by: Person) -> float:
        """After how many minutes of work a run that this person starts is stopped; 0: no limit."""
        return 0.0 if by.teacher else self.minutes

    def check_minutes(self, worked: float, by: Person) -> None:
        """Raises LimitError where a run that was worked on for so many seconds has had its time."""
        minutes = self.minutes_of(by)
        if minutes and worked >= 60 * minutes:
            raise LimitError(
                f"the run has had its {minutes:g} minutes, the limit here; start it again with fewer epochs "
                "or a smaller network"
            )

    def check_disk(self, runs_dir: Path) -> None:
        """Raises LimitError where the folder of runs is full. Looks at every file, if there is a limit."""
        if self.disk_gb and (used := disk_bytes(runs_dir)) >= 1e9 * self.disk_gb:
            raise LimitError(
                f"the folder of runs holds {used / 1e9:.1f} GB, and {self.disk_gb:g} GB are the limit here; "
                "the teacher can make room by removing old runs"
            )


OPTIONS = options(Limits)


def disk_bytes(folder: Path) -> int:
    """The bytes of all files below a folder. What disappears meanwhile, or cannot be read, counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except OSError:
                continue
    return total
