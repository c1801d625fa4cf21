"""What status.json holds of a run: its state, how far it is, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal, TypedDict, cast, get_args

from cifar7.runs.files import is_number, is_whole
from cifar7.training.events import is_sound

State = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("finished", "stopped", "failed")  # a paused run is still to end


class Status(TypedDict):
    """status.json. Times are seconds since 1970 (UTC); accuracies are fractions 0..1.

    `progress`, `epoch` and `result` are events of cifar7.training.events as plain data: read them with
    `Beat.from_dict` and the like. The result of a learning-rate test is a `Finding` of
    cifar7.training.lr_finding.
    """

    state: State
    reason: str | None  # why it stopped or failed, in words
    created: float
    started: float | None
    ended: float | None
    pid: int | None  # of the process that executes or executed it
    name: str  # the design's
    data: str  # the image set's name in the library
    device: str  # the requested one: auto, cpu, cuda, mps
    phase: str | None  # while running: "starting", "data", "training"
    preparing: dict[str, Any] | None  # in phase "data": {"what", "done", "total"}
    progress: dict[str, Any] | None  # the newest Beat; of a learning-rate test, the newest RangeStep
    epoch: dict[str, Any] | None  # the newest EpochEnd
    result: dict[str, Any] | None  # Finished; of the last time, in a run that goes on after its end
    kept: int | None  # the epoch whose weights model.pt holds, in a run that has no result
    notices: list[str]  # what was met and dealt with, in words
    then: str | None  # what the run is to do as soon as it is executed: "stop"
    by: str  # whose run it is, as Person.id of cifar7.runs.people; "": made on the command line, or not known
    by_name: str  # the owner's name when it was made; "" without one
    queued: float | None  # when it began to wait, after its making or its newest resumption
    served: float | None  # when a process last took it or let go of it
    worked: float  # seconds that processes have executed it, before the one that does now
    minutes: float  # it is stopped after so many of work; 0: no limit
    expected: float | None  # seconds that it will take from its start, as estimated when it was made
    deaths: int  # of processes that executed it, since somebody last started or resumed it
    withheld: bool  # the test set is not read at its end, but once somebody asks: it is one to choose from
    foreground: bool  # executed by a command that somebody waits for, not by a worker
    unrecorded: bool  # its steps could not be recorded as a CUDA graph here: they are launched one by one


LATEST = 253_402_300_799.0  # the last second of the year 9999: beyond, there are no dates


def _text(most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= most


def _time(value: Any) -> bool:
    return is_number(value) and 0 <= value <= LATEST


def _span(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1e12


def _preparing(value: Any) -> bool:
    return isinstance(value, dict) and (
        _text(500)(value.get("what")) and is_whole(value.get("done")) and is_whole(value.get("total"))
    )


def _notices(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 1000 and all(map(_text(2000), value))


# For each field, whether a value can be its; those with None in their type may be None as well. JSON has been
# read already, so that numbers are finite.
CHECKS: dict[str, Callable[[Any], bool]] = {
    "state": lambda value: isinstance(value, str) and value in STATES,
    "reason": _text(20_000),
    "created": _time,
    "started": _time,
    "ended": _time,
    "pid": is_whole,
    "name": _text(200),
    "data": _text(200),
    "device": _text(60),
    "phase": _text(60),
    "preparing": _preparing,
    "progress": is_sound,
    "epoch": is_sound,
    "result": is_sound,
    "kept": is_whole,
    "notices": _notices,
    "then": _text(60),
    "by": _text(60),
    "by_name": _text(200),
    "queued": _time,
    "served": _time,
    "worked": _span,
    "minutes": _span,
    "expected": _span,
    "deaths": is_whole,
    "withheld": lambda value: isinstance(value, bool),
    "foreground": lambda value: isinstance(value, bool),
    "unrecorded": lambda value: isinstance(value, bool),
}
_MAY_BE_NONE = {name for name, kind in Status.__annotations__.items() if "None" in str(kind)}


def fresh(name: str, data_name: str, device: str) -> Status:
    """The status of a new run: all that is not known yet is None."""
    status: Any = dict.fromkeys(Status.__annotations__)
    status.update(state="queued", created=time.time(), name=name, data=data_name, device=device, notices=[])
    status.update(by="", by_name="", worked=0.0, minutes=0.0, deaths=0)
    status.update(withheld=False, foreground=False, unrecorded=False)
    return cast(Status, status)


def read_status(data: dict[str, Any]) -> Status:
    """The status of a status.json as it was read. Raises ValueError that names the first wrong field.

    A field that is missing, as in runs of earlier versions, has that of a new run; unknown ones stay. Only
    whether an earlier version executed it in the foreground is not known: no worker takes it up by itself.
    """
    status: dict[str, Any] = {**fresh("", "", "auto"), "foreground": True, **data}
    if "state" not in data or "created" not in data:
        raise ValueError("lacks the state or the time of the run")
    for name, valid in CHECKS.items():
        value = status[name]
        if not (valid(value) or (value is None and name in _MAY_BE_NONE)):
            raise ValueError(f"holds no {name} that can be")
    return cast(Status, status)


def read_data_name(settings: dict[str, Any]) -> str:
    """The name of the image set in a config.json; empty where it names none. Raises ValueError."""
    name = settings.get("data", "")
    if not _text(200)(name):
        raise ValueError("names no image set")
    return str(name)


_WHAT = ("name", "title", "origin", "fingerprint")  # texts about the images in environment.json


def read_environment(data: dict[str, Any]) -> dict[str, Any]:
    """An environment.json as it was read: texts and numbers, and an object about the images.

    Raises ValueError that names the first wrong field.
    """
    for name, value in data.items():
        plain = value is None or isinstance(value, bool) or is_number(value) or _text(500)(value)
        if name != "data" and not plain:
            raise ValueError(f"holds no {name[:40]} that can be")
    images = data.get("data")
    if images is None:
        return data
    if not isinstance(images, dict) or not all(_text(500)(images.get(name, "")) for name in _WHAT):
        raise ValueError("does not say which images it was")
    classes = images.get("classes", [])
    if not isinstance(classes, list) or len(classes) > 1000 or not all(map(_text(200), classes)):
        raise ValueError("holds no names of classes")
    if not all(is_whole(images.get(name, 0)) for name in ("train", "test")):
        raise ValueError("holds no numbers of images")
    return data
