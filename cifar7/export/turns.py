"""At most two exports of runs at a time on a machine, whoever asks: each takes 335 MiB, for torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import BaseFileLock

from cifar7 import paths
from cifar7.export.errors import ExportError
from cifar7.runs.files import try_lock

MOST = 2
PATIENCE = 300.0  # seconds to wait for a turn; a class of thirty is through in half of that
PAUSE = 0.2  # seconds between two looks
WAITS = "Waits for two other exports"


@contextmanager
def turn(waiting: Callable[[], object]) -> Iterator[None]:
    """Hold one of the places for an export, across processes; the death of a process gives its place back.

    `waiting` is called at every look while all are taken; what it raises ends the waiting. Raises ExportError
    where none gets free for PATIENCE seconds, and where cifar7's home cannot be written to.
    """
    deadline = time.monotonic() + PATIENCE
    while (place := _free()) is None:
        if time.monotonic() > deadline:
            raise ExportError(
                f"two other exports have not ended for {PATIENCE / 60:.0f} minutes; try again later."
            )
        waiting()
        time.sleep(PAUSE)
    try:
        yield
    finally:
        place.release()


def _free() -> BaseFileLock | None:
    folder = paths.home() / "exports"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(MOST):
            if place := try_lock(folder / f"place-{number + 1}.lock"):
                return place
    except OSError as error:
        why = error.strerror or error
        raise ExportError(f"{folder} cannot be written to ({why}); an export takes its turn there.") from None
    return None
