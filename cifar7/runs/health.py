"""How a server of runs is: its workers, what waits, its memory and disk, and what the workers said last."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cifar7.disk import open_regular, read_regular
from cifar7.runs import queue
from cifar7.runs.files import try_lock
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.workers.published import NOTHING, Published, read

LAST_LINES = 40  # of a worker's log
LAST_BYTES = 20_000  # of it that are read


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker's process. `pid` and `memory` (bytes) are None where they cannot be known."""

    device: str
    alive: bool
    pid: int | None
    memory: int | None
    log: tuple[str, ...]  # the last lines
    told: Published = NOTHING  # of its device, by itself


@dataclass(frozen=True, slots=True)
class Health:
    """Bytes for memory and disk; None where the system does not tell."""

    workers: tuple[Worker, ...]
    running: tuple[RunFolder, ...]
    waiting: tuple[RunFolder, ...]  # of every kind, the next one first
    runs: int
    memory_free: int | None  # of the machine
    memory_page: int | None  # of this process, which serves the pages
    disk_free: int | None  # where the runs are


def health(runs_dir: Path) -> Health:
    """The state of things now. Raises nothing for what is damaged or gone: it is left out."""
    return Health(
        workers=tuple(_workers(runs_dir / "workers")),
        running=tuple(queue.running(runs_dir)),
        waiting=tuple(queue.line(runs_dir)),
        runs=len(list_runs(runs_dir)),
        memory_free=_kilobytes(Path("/proc/meminfo"), "MemAvailable"),
        memory_page=process_memory(os.getpid()),
        disk_free=_disk_free(runs_dir),
    )


def process_memory(pid: int) -> int | None:
    """The bytes of memory that a process holds; None where the system does not tell, as off Linux."""
    return _kilobytes(Path(f"/proc/{pid}/status"), "VmRSS")


def _workers(folder: Path) -> list[Worker]:
    """Those that have ever served here and left their lock's file."""
    workers = []
    for lock_path in sorted(folder.glob("*.lock")):
        lock = try_lock(lock_path)
        if lock is not None:
            lock.release()
        alive = lock is None
        pid = _pid(lock_path.with_suffix(".pid")) if alive else None
        memory = process_memory(pid) if pid else None
        log = _tail(lock_path.with_suffix(".log"))
        workers.append(Worker(lock_path.stem, alive, pid, memory, log, read(lock_path)))
    return workers


def _pid(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int(read_regular(path, 100))
    return None


def _tail(path: Path) -> tuple[str, ...]:
    """The last lines of a log, without control characters."""
    with suppress(OSError), open_regular(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - LAST_BYTES))
        lines = file.read(LAST_BYTES).decode(errors="replace").splitlines()
        return tuple("".join(c for c in line if c.isprintable()) for line in lines[-LAST_LINES:])
    return ()


def _kilobytes(path: Path, field: str) -> int | None:
    """The value of a line `field: N kB`, in bytes."""
    with suppress(OSError, ValueError, IndexError):
        for line in path.read_text().splitlines():
            if line.startswith(f"{field}:"):
                return 1024 * int(line.split()[1])
    return None


def _disk_free(folder: Path) -> int | None:
    with suppress(OSError):
        return shutil.disk_usage(folder if folder.exists() else folder.parent).free
    return None
