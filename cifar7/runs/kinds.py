"""The kinds of run: how the queue treats each, and how long a run is kept."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

Kind = Literal["training", "lr-test"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is particular to a kind. Runs of all kinds share folders, queue, claim and reconciliation."""

    turn: int  # waiting runs of a kind with a lower number are taken first
    most_waiting: int  # a stuck button or a prank must not fill the disk, nor keep others from their turn
    too_many: str  # the message when so many wait
    absent: str  # the message for an id that names no run
    again: str  # what to do after a failure
    awaited_seconds: float = inf  # a run that nobody has looked at for so long is passed over in the queue
    kept_seconds: float = inf  # ... and is removed after so long


KINDS: dict[Kind, Rules] = {
    "training": Rules(
        turn=1,
        most_waiting=200,
        too_many="{} runs are waiting already; stop some of them first",
        absent="there is no run {}; `python -m cifar7 runs` lists those there are",
        again="start the run again",
    ),
    # Short, and somebody waits for it: after the run that is executed, before those that wait.
    "lr-test": Rules(
        turn=0,
        most_waiting=20,
        too_many="{} tests of a learning rate are waiting already; try again later",
        absent="this test of the learning rate is no longer kept; test again",
        again="test again",
        awaited_seconds=180.0,  # a page looks every second, one in the background every minute
        kept_seconds=3600.0,
    ),
}


def kind_of(run_id: str) -> Kind:
    """The kind of the run with this id: ids of all kinds but trainings begin with their kind.

    So a listing of ten thousand runs tells the kinds without reading a file.
    """
    return next((kind for kind in KINDS if run_id.startswith(f"{kind}-")), "training")
