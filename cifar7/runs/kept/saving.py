"""Tensors into a run's folder, and what is done while the disk is full."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from cifar7.disk import is_full
from cifar7.runs.directory import RunError
from cifar7.runs.files import replacing

PATIENCE = 600.0  # seconds that the end of a run waits for room on the disk
RETRY_SECONDS = 1.0

T = TypeVar("T")


def save_tensors(path: Path, content: Any) -> None:
    """Put `content` at `path` with torch.save in one step; what stood there stays if it fails.

    Raises OSError with its number: torch says RuntimeError, and not why.
    """
    import torch

    with replacing(path, durable=True) as half, half.open("wb") as file:
        kept = _Kept(file)
        try:
            torch.save(content, cast(BinaryIO, kept))
        except Exception:
            if kept.error:
                raise kept.error from None
            raise


class _Kept:
    """A file for torch to write to, which keeps the error of a write."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, content: Any) -> int:
        return self._kept(lambda: self._file.write(content))

    def flush(self) -> None:
        self._kept(self._file.flush)

    def _kept(self, do: Callable[[], T]) -> T:
        try:
            return do()
        except OSError as error:
            self.error = error
            raise


def full_disk(error: BaseException) -> bool:
    """Whether the disk is full, also where that has been put in words."""
    return is_full(error) or (
        isinstance(error, RunError) and bool(error.__cause__ and is_full(error.__cause__))
    )


def insist(write: Callable[[], None], give_up: Callable[[], object]) -> None:
    """Write once there is room: tried again while the disk is full, for PATIENCE seconds or until `give_up`.

    Raises what `write` raises at last, and any other error of it at once.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            write()
            return
        except (OSError, RuntimeError, RunError) as error:
            if not full_disk(error) or time.monotonic() >= deadline or give_up():
                raise
        time.sleep(RETRY_SECONDS)
