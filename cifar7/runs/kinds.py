"""The kinds of run: how the queue treats each, and how long a run is kept."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

Kind = Literal["training", "lr-test"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is particular to a kind. Runs of all kinds share folders, queue, claim and reconciliation."""

    absent: str  # the message for an id that names no run
    again: str  # what to do after a failure
    # Beside `cifar7.runs.limits`: a stuck button or a prank must not keep others from their turn.
    most_waiting: float = inf
    most_waiting_each: float = inf  # of one person
    too_many: str = ""  # the message when so many wait
    awaited_seconds: float = inf  # a run that nobody has looked at for so long is passed over in the queue
    kept_seconds: float = inf  # ... and is removed after so long


KINDS: dict[Kind, Rules] = {
    "training": Rules(
        absent="there is no run {}; `python -m cifar7 runs` lists those there are",
        again="start the run again",
    ),
    # Short, and somebody waits for it: see `cifar7.runs.turns` for when it is taken.
    "lr-test": Rules(
        most_waiting=20,
        most_waiting_each=2,
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
