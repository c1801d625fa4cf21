"""What status.json says of a run: its state, how far it is, and how it ended."""

from __future__ import annotations

import time
from typing import Any, Literal, TypedDict

from cifar7.runs.children import death

State = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
ENDED: tuple[State, ...] = ("finished", "stopped", "failed")  # a paused run is still to end


class Status(TypedDict):
    """status.json. Times are seconds since 1970 (UTC); accuracies are fractions 0..1."""

    state: State
    reason: str | None  # why it stopped or failed, in words
    created: float
    started: float | None
    ended: float | None
    pid: int | None  # of the process that executes or executed it
    name: str  # the design's
    data: str  # the image set's name in the library
    device: str  # as asked for: auto, cpu, cuda, mps
    phase: str | None  # while running: "starting", "data", "training"
    preparing: dict[str, Any] | None  # in phase "data": {"what", "done", "total"}
    progress: dict[str, Any] | None  # the newest beat
    epoch: dict[str, Any] | None  # the newest end of an epoch
    result: dict[str, Any] | None  # the finished event; of the last time, in a run that goes on after its end
    notices: list[str]  # what was met and dealt with, in words
    then: str | None  # what is asked of the run as soon as it is executed: "stop"


def fresh(name: str, data_name: str, device: str) -> Status:
    """Of a run that was laid just now."""
    return Status(
        state="queued",
        reason=None,
        created=time.time(),
        started=None,
        ended=None,
        pid=None,
        name=name,
        data=data_name,
        device=device,
        phase=None,
        preparing=None,
        progress=None,
        epoch=None,
        result=None,
        notices=[],
        then=None,
    )


def death_words(status: Status, checkpoint: bool) -> str:
    """Why a run failed whose worker died; `checkpoint`: whether there is something to go on from."""
    step = (status["progress"] or {}).get("step")
    kept = f"what had been written up to step {step:,} is kept" if step else "nothing had been trained yet"
    cure = (
        "Resume it to go on from its last checkpoint."
        if checkpoint
        else "Start the run again from its design."
    )
    return f"The worker process (pid {status['pid']}) {death(status['pid'])}; {kept}. {cure}"
