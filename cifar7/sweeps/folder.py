"""A sweep is a folder beside its runs: what it does, how it stands, what came of its trials.

Everybody may read it at any time; the driver alone writes how it stands. What it is asked to do lies in
control.json. Of its trials, `trials.jsonl` holds those that have ended, in their order; the journal of the
sampler holds the same, and is what a driver goes on from.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, cast, get_args

from cifar7.errors import UserError
from cifar7.runs.directory import make_runs_dir, told
from cifar7.runs.files import is_number, is_whole, read_json, read_lines, replace_json
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.people import COMMAND_LINE, Person, check_may
from cifar7.sweeps.cluster.setting import check_installed
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.knobs import SweepError
from cifar7.sweeps.outcome import Trial
from cifar7.sweeps.record import read_trial

SWEEPS = "sweeps"  # the folder, among those of the runs
MARK = "sweep.json"  # in a sweep's folder: what it does; in a run's: of which trial it is
ID = re.compile(r"\d{8}-\d{6}-[a-z0-9]{10}")
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"

State = Literal["running", "paused", "stopped", "finished", "failed"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("finished", "failed")  # the others can go on
Ask = Literal["pause", "stop"]


class Standing(TypedDict):
    """status.json of a sweep. Times are seconds since 1970 (UTC)."""

    state: State
    reason: str  # why it ended, if not at its plan's end; "" else
    created: float
    ended: float | None
    worked: float  # seconds that a driver has worked on it
    expected: float | None  # seconds of training that its plan was expected to take
    tried: int  # trials that have ended and were trained
    left_out: int  # trials that could not be, or broke a requirement
    active: list[dict[str, Any]]  # trials that go on: number, values, and the ids of the runs there are
    winner: int | None  # the trial whose runs are tested, or were
    tests: dict[str, float]  # their test accuracies, 0..1, by their ids
    by: str  # whose it is, as Person.id
    by_name: str
    teacher: bool  # whether that is the teacher


@dataclass(frozen=True)
class SweepFolder:
    """One sweep. Reading it takes no lock."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name: its time, and an unguessable end."""
        return self.path.name

    @property
    def runs_dir(self) -> Path:
        """Where its runs lie."""
        return self.path.parent.parent

    @staticmethod
    def create(
        runs_dir: Path, definition: Definition, by: Person = COMMAND_LINE, expected: float | None = None
    ) -> SweepFolder:
        """Make a sweep that a driver may take; it appears whole or not at all. RunError where it cannot.

        SweepError where it is for a cluster and Ray is missing.
        """
        if definition.cluster:
            check_installed()
        folder = make_runs_dir(runs_dir, SWEEPS)
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{''.join(secrets.choice(_LETTERS) for _ in range(10))}"
        sweep, draft = SweepFolder(folder / name), folder / f".new-{name}"
        standing = fresh() | {
            "by": by.id, "by_name": by.name, "teacher": by.teacher, "expected": expected
        }  # fmt: skip
        try:
            with told(runs_dir):
                draft.mkdir()
                replace_json(draft / MARK, definition.to_dict())
                replace_json(draft / "status.json", standing)
                draft.rename(sweep.path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return sweep

    @staticmethod
    def open(runs_dir: Path, sweep_id: str) -> SweepFolder:
        """The sweep of this id, which may come from anywhere. SweepError if there is none."""
        sweep = SweepFolder(runs_dir.absolute() / SWEEPS / sweep_id)
        if not ID.fullmatch(sweep_id) or not os.path.lexists(sweep.path / MARK):
            named = sweep_id if ID.fullmatch(sweep_id) else "of that name"
            raise SweepError(f"there is no sweep {named}; `python -m cifar7 sweeps` lists those there are")
        return sweep

    def definition(self) -> Definition:
        """What it does. SweepError if the file is damaged, or others for what does not fit any more."""
        return Definition.from_dict(self._read(MARK))

    def status(self) -> Standing:
        """How it stands, as written. SweepError if the file is damaged."""
        data = {**fresh(), **self._read("status.json")}
        if not all(valid(data[name]) for name, valid in _CHECKS.items()):
            raise SweepError(f"status.json of the sweep {self.id} is damaged; choose another sweep")
        return cast(Standing, data)

    def trials(self, after: int = 0) -> tuple[list[Trial], int]:
        """The trials that have ended, from byte `after` on, and the byte to read on from next time."""
        with suppress(OSError):
            items, end = read_lines(self.path / "trials.jsonl", after)
            return [trial for item in items if (trial := read_trial(item))], end
        return [], after

    def runs(self) -> Iterator[tuple[RunFolder, dict[str, Any]]]:
        """Its runs, the newest first, each with what its sweep.json says. Looks into every run there is."""
        for run in list_runs(self.runs_dir):
            part = read_part(run.path)
            if part and part["sweep"] == self.id:
                yield run, part

    def asked(self) -> Ask | None:
        """What it is to do, instead of going on."""
        with suppress(OSError, ValueError):
            ask = read_json(self.path / "control.json").get("ask")
            return ask if ask in get_args(Ask) else None
        return None

    def request(self, ask: Ask, by: Person = COMMAND_LINE) -> None:
        """Have it pause or stop. No effect on one that has ended. RunError where it is not for `by` to do."""
        status = self.status()
        check_may(by, status, ask, what="sweep")
        if status["state"] == "running" or (status["state"] == "paused" and ask == "stop"):
            with told(self.runs_dir):
                replace_json(self.path / "control.json", {"ask": ask})
                if status["state"] == "paused":  # no driver looks at it
                    self.update(status, state="stopped", ended=time.time())

    def request_resume(self, by: Person = COMMAND_LINE) -> None:
        """Have a paused or stopped one go on; call `driver.ensure` after it. RunError as `request`."""
        status = self.status()
        check_may(by, status, "resume", what="sweep")
        if status["state"] in ENDED:
            raise SweepError(f"the sweep {self.id} has ended; start another one")
        with told(self.runs_dir):
            (self.path / "control.json").unlink(missing_ok=True)
            if status["state"] != "running":
                self.update(status, state="running", ended=None, reason="")

    def update(self, status: Standing, **changes: Any) -> Standing:
        """Replace status.json with these fields changed; returns it. Raises OSError."""
        changed = {**status, **changes}
        replace_json(self.path / "status.json", changed)
        return cast(Standing, changed)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return read_json(self.path / name)
        except FileNotFoundError:
            raise SweepError(f"the sweep {self.id} is gone, or its {name} is; choose another sweep") from None
        except (OSError, ValueError) as error:
            raise SweepError(f"{name} of the sweep {self.id} is damaged ({error}); choose another") from None


def fresh() -> dict[str, Any]:
    """The status of a new sweep."""
    return {
        "state": "running", "reason": "", "created": time.time(), "ended": None, "worked": 0.0,
        "expected": None, "tried": 0, "left_out": 0, "active": [], "winner": None, "tests": {},
        "by": "", "by_name": "", "teacher": False,
    }  # fmt: skip


def list_sweeps(runs_dir: Path) -> list[SweepFolder]:
    """All sweeps, the newest first."""
    names: list[str] = []
    with suppress(OSError), os.scandir(runs_dir / SWEEPS) as entries:
        names = [entry.name for entry in entries if ID.fullmatch(entry.name) and entry.is_dir()]
    return [SweepFolder(runs_dir.absolute() / SWEEPS / name) for name in sorted(names, reverse=True)]


def read_part(run_path: Path) -> dict[str, Any] | None:
    """Of which sweep, trial and seed a run is, as sweep.json in its folder says; None for any other run."""
    with suppress(OSError, ValueError, UserError):
        part = read_json(run_path / MARK)
        sweep, trial, seed = part.get("sweep"), part.get("trial"), part.get("seed")
        if isinstance(sweep, str) and ID.fullmatch(sweep) and is_whole(trial) and is_whole(seed):
            return part
    return None


def _number(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1e12


def _active(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and is_whole(item.get("trial"))
        and isinstance(item.get("values"), dict)
        and isinstance(item.get("runs"), list)
        and all(isinstance(run, str) for run in item["runs"])
        for item in value
    )


_CHECKS: dict[str, Any] = {
    "state": lambda value: value in STATES,
    "reason": lambda value: isinstance(value, str) and len(value) <= 20_000,
    "created": _number,
    "ended": lambda value: value is None or _number(value),
    "worked": _number,
    "expected": lambda value: value is None or _number(value),
    "tried": is_whole,
    "left_out": is_whole,
    "active": _active,
    "winner": lambda value: value is None or is_whole(value),
    "tests": lambda value: isinstance(value, dict) and all(map(_number, value.values())),
    "by": lambda value: isinstance(value, str),
    "by_name": lambda value: isinstance(value, str),
    "teacher": lambda value: isinstance(value, bool),
}
