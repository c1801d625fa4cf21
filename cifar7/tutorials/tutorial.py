"""A lesson: steps in a row, each with a text, perhaps a start, and a task: conditions that have to hold."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cifar7.network.profiles import Requirement
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement on a design or a run; `classes`: those that an accuracy is taken on."""

    requirement: Requirement
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a run, by its name in TrainConfig, must stand in `relation` to `value`."""

    name: str
    relation: str
    value: float | str | bool


@dataclass(frozen=True, slots=True)
class OnData:
    """A run must be on this image set of the library."""

    name: str


Want = Asked | Setting | OnData


@dataclass(frozen=True, slots=True)
class DesignTask:
    """What the design on the page must have."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class RunTask:
    """One finished run that has all of these."""

    wants: tuple[Want, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two runs that are compared, and what it is called."""

    called: str
    wants: tuple[Want, ...]


@dataclass(frozen=True, slots=True)
class PairTask:
    """Two finished runs, alike in `same` but for the settings `differ`, which must differ.

    With a `measure`, that of the first must be above that of the second by at least `by`.
    """

    first: Side
    second: Side
    same: tuple[str, ...]
    differ: tuple[str, ...]
    measure: str = ""
    classes: tuple[str, ...] = ()
    by: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """A question with one right answer: one of `choices`, or a number that may be off by `within`."""

    ask: str
    answer: float | str
    choices: tuple[str, ...] = ()
    within: float = 0.0
    unit: str = ""
    hint: str = ""  # after a wrong answer
    because: str = ""  # after the right one

    def right(self, given: object) -> bool:
        """Whether this is the answer."""
        if self.choices:
            return given == self.answer
        is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
        return is_number and abs(given - self.answer) <= self.within + 1e-9  # type: ignore[operator]


Condition = DesignTask | RunTask | PairTask | Question


@dataclass(frozen=True, slots=True)
class Start:
    """What a step can begin with; None and "" leave what there is."""

    design: NetSpec | None = None
    config: TrainConfig | None = None
    data: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `key` tells its task from every other, whatever its texts and its place."""

    title: str
    text: str
    task: tuple[Condition, ...]
    start: Start | None
    key: str


@dataclass(frozen=True, slots=True)
class Tutorial:
    """A lesson. `source`: the JSON that it was read from."""

    name: str
    title: str
    about: str
    steps: tuple[Step, ...]
    source: str = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `reading.read_tutorial` reads."""
        data: dict[str, Any] = json.loads(self.source)
        return data

    def file(self) -> bytes:
        """The lesson's file, laid out to be edited."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1).encode() + b"\n"


def key_of(task: Any) -> str:
    """What tells a task from others: a hash of its JSON, so that mended texts keep what was done."""
    return hashlib.sha256(json.dumps(task, sort_keys=True).encode()).hexdigest()[:16]
