"""Runs for lists: those that can be read with their status, the damaged ones with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from cifar7.runs.folder import DamagedError, RunError, RunFolder
from cifar7.runs.status import Status


@dataclass(frozen=True, slots=True)
class Damaged:
    """A run whose status cannot be read; `reason`: why, as in "status.json is a pipe"."""

    run: RunFolder
    reason: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A run and how it stands."""

    run: RunFolder
    status: Status


def listed(runs: Iterable[RunFolder]) -> Iterator[Listed | Damaged]:
    """The runs as they stand, each reconciled; what was removed in between is left out."""
    for run in runs:
        with suppress(RunError):
            try:
                yield Listed(run, run.reconcile())
            except DamagedError as error:
                yield Damaged(run, error.reason)
