"""What status.json holds of a run: its state, how far it is, and how it ended."""

from __future__ import annotations

import time
from typing import Any, Literal, TypedDict, cast

State = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
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
    notices: list[str]  # what was met and dealt with, in words
    then: str | None  # what the run is to do as soon as it is executed: "stop"
    by: str  # whose run it is, as Person.id of cifar7.runs.people; "": made on the command line, or not known
    by_name: str  # the owner's name when it was made; "" without one
    queued: float | None  # when it began to wait, after its making or its newest resumption
    served: float | None  # when a process last took it or let go of it
    worked: float  # seconds that processes have executed it, before the one that does now
    minutes: float  # it is stopped after so many of work; 0: no limit
    expected: float | None  # seconds that it will take from its start, as estimated when it was made


def fresh(name: str, data_name: str, device: str) -> Status:
    """The status of a new run: all that is not known yet is None."""
    status: Any = dict.fromkeys(Status.__annotations__)
    status.update(state="queued", created=time.time(), name=name, data=data_name, device=device, notices=[])
    status.update(by="", by_name="", worked=0.0, minutes=0.0)
    return cast(Status, status)
