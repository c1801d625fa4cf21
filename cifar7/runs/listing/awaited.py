"""What the queue asks of all runs: those that go on or wait for somebody, and who was served when."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cifar7.runs import turns
from cifar7.runs.folder import RunFolder
from cifar7.runs.kinds import KINDS, Kind
from cifar7.runs.listing.looking import Group, Look
from cifar7.runs.status import Status
from cifar7.runs.workers.served import CLUSTER


def awaited(found: Look[RunFolder]) -> list[tuple[RunFolder, Status]]:
    """Those that go on, are paused or wait for somebody."""
    return [
        (one.run, status)
        for one in found.others
        if (status := one.status)
        and (status["state"] != "queued" or one.run.unwatched_seconds() < KINDS[one.kind].awaited_seconds)
    ]


def here(found: Look[RunFolder]) -> list[tuple[RunFolder, Status]]:
    """Those awaited from this machine: a cluster has its own line."""
    return [one for one in awaited(found) if one[1]["device"] != CLUSTER]


def standings(found: Look[RunFolder], there: Iterable[tuple[RunFolder, Status]]) -> list[turns.Standing]:
    """What `turns.order` needs to know: of those awaited, and of what has been served already."""
    return [*(turns.Standing.of(run.id, run.kind, status) for run, status in there), *_served(found.ended)]


@lru_cache(maxsize=4)
def _served(ended: Group[RunFolder]) -> tuple[turns.Standing, ...]:
    """Of all runs that ended, the one of each person and kind that was served last: it tells as much."""
    last: dict[tuple[str, Kind], turns.Standing] = {}
    for one in ended.seen:
        if one.status is not None:
            standing = turns.Standing.of(one.run.id, one.kind, one.status)
            key = standing.by, standing.kind
            if key not in last or last[key].served < standing.served:
                last[key] = standing
    return tuple(last.values())
