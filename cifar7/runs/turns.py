"""Whose turn is next, and when: plain arithmetic on what the folders say.

Turns go round between people, so that how much somebody queues makes nobody else wait longer.
"""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from cifar7.runs.kinds import Kind
from cifar7.runs.status import State, Status
from cifar7.training.events import Beat


@dataclass(frozen=True, slots=True)
class Standing:
    """A run as the queue sees it. Times are seconds since 1970."""

    id: str
    by: str  # whose it is
    kind: Kind
    state: State
    created: float
    queued: float  # since when it waits, or last waited
    served: float = -inf  # when a process last took it or let go of it

    @classmethod
    def of(cls, run_id: str, kind: Kind, status: Status) -> Standing:
        """From a status, which may be of a version that did not record who was served when."""
        served = max(status["served"] or -inf, status["started"] or -inf, status["ended"] or -inf)
        queued = status["queued"] or status["created"]
        return cls(run_id, status["by"], kind, status["state"], status["created"], queued, served)


def order(standings: Iterable[Standing], *, free: bool = False) -> list[str]:
    """The ids of the waiting runs, the next one first. `free`: a process can take one at once.

    Trainings and tests of a learning rate each go round between people. A test goes before the trainings if
    it waits since before the last training ended, and else after the next one: it waits for one training at
    most, and however many tests there are, a training comes between.
    """
    standings = list(standings)
    trainings = [one for one in standings if one.kind == "training"]
    tests = _rounds([one for one in standings if one.kind != "training"])
    waiting = _rounds(trainings)
    if not waiting:
        return [one.id for one in tests]
    going_on = any(one.state == "running" for one in trainings)
    # Where none is free, the next turn comes when what goes on has ended.
    last = inf if going_on and not free else max(one.served for one in trainings)
    if last == -inf:
        last = min(one.queued for one in waiting)
    due = [one for one in tests if one.queued <= last]
    early = [one for one in tests if one.queued > last]
    return [one.id for one in (*due, waiting[0], *early, *waiting[1:])]


def _rounds(standings: Sequence[Standing]) -> list[Standing]:
    """The waiting ones of one kind: everybody's first, then everybody's second, and so on.

    Within a round those go first of whom fewer run now; then those who were served, or began to wait, longest
    ago. So whoever is served goes to the end, and nobody who comes later is put before those who wait.
    """
    mine: dict[str, list[Standing]] = defaultdict(list)
    running: dict[str, int] = defaultdict(int)
    served: dict[str, float] = defaultdict(lambda: -inf)
    for one in standings:
        served[one.by] = max(served[one.by], one.served)
        running[one.by] += one.state == "running"
        if one.state == "queued":
            mine[one.by].append(one)
    placed = []
    for by, own in mine.items():
        since = max(served[by], min(one.queued for one in own))
        own.sort(key=lambda one: (one.created, one.id))
        placed += [((turn, running[by], since, one.created, one.id), one) for turn, one in enumerate(own)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def starts(left: Sequence[float | None], takes: Sequence[float | None]) -> list[float | None]:
    """In how many seconds each waiting run will begin; None where it depends on what is not known.

    `left`: of what runs now, each in a place, the seconds it still takes; where nothing runs, there is one
    place. `takes`: of what waits, in order, the seconds it will take. A place that is free takes the next.
    """
    places = [inf if seconds is None else max(0.0, seconds) for seconds in left] or [0.0]
    heapq.heapify(places)
    begins: list[float | None] = []
    for seconds in takes:
        start = heapq.heappop(places)
        begins.append(start if isfinite(start) else None)
        heapq.heappush(places, inf if seconds is None else start + seconds)
    return begins


def seconds_left(status: Status) -> float | None:
    """How long a run that goes on still takes: by its progress, else by what was expected of it."""
    beat = Beat.from_dict(status["progress"])
    if beat and isfinite(beat.seconds_left) and status["phase"] == "training":
        return max(0.0, beat.seconds_left)
    if status["expected"] is None:
        return None
    return max(0.0, status["expected"] - (time.time() - (status["served"] or time.time())))


def seconds_needed(status: Status) -> float | None:
    """How long a waiting run will take: one that was left, by its progress; any other, as expected."""
    beat = Beat.from_dict(status["progress"])
    if beat and status["then"] is None and beat.step < beat.steps and isfinite(beat.seconds_left):
        return max(0.0, beat.seconds_left)
    return status["expected"]
