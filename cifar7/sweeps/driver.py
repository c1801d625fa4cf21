"""The process that carries out the sweeps of a folder of runs; it trains nothing itself.

    python -m cifar7.sweeps.driver RUNS_DIR [--data-dir DIR] [--cluster ADDRESS]

One is there while a sweep goes on, holding `driver.lock`: `ensure` starts it, and starts it again where it
was killed. It goes on from what lies in the folders. For the sweeps of each cluster there is one of its own,
as a process is connected to one cluster at a time.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from cifar7.disk import is_trouble, read_regular
from cifar7.errors import UserError
from cifar7.runs import children
from cifar7.runs.directory import told
from cifar7.runs.files import try_lock
from cifar7.sweeps.folder import SWEEPS, SweepFolder, list_sweeps

if TYPE_CHECKING:
    from cifar7.sweeps.drive import Drive

LOOK_SECONDS = 0.1  # between two looks at the sweeps that go on
NEW_SECONDS = 1.0  # between two looks for others, which reads how every sweep stands
IDLE_SECONDS = 5.0  # after which a driver without a sweep ends

log = logging.getLogger("cifar7.sweeps.driver")


def wanted(runs_dir: Path) -> list[SweepFolder]:
    """The sweeps that are to go on, the oldest first. A damaged one is passed over."""
    found = []
    for sweep in reversed(list_sweeps(runs_dir)):
        with suppress(UserError):
            if sweep.status()["state"] == "running":
                found.append(sweep)
    return found


def _cluster(sweep: SweepFolder) -> str:
    """Which driver it is for: that of a cluster, or "", this machine's, which tells what is damaged too."""
    with suppress(UserError):
        return sweep.definition().cluster
    return ""


def _lock(runs_dir: Path, cluster: str) -> Path:
    """What the driver for a cluster, or for this machine, keeps locked."""
    tail = f"-{hashlib.sha256(cluster.encode()).hexdigest()[:12]}" if cluster else ""
    return runs_dir.absolute() / SWEEPS / f"driver{tail}.lock"


def ensure(runs_dir: Path, data_dir: Path | None = None) -> int | None:
    """See to it that sweeps go on: call it after making or resuming one, and where one is looked at.

    Where a driver lives, or none is needed, nothing is done; else the pid of a new one is returned. RunError
    where nothing can be written.
    """
    clusters = sorted({_cluster(sweep) for sweep in wanted(runs_dir)})
    pids = [_ensure_one(runs_dir, data_dir, cluster) for cluster in clusters]
    return next((pid for pid in pids if pid), None)


def _ensure_one(runs_dir: Path, data_dir: Path | None, cluster: str) -> int | None:
    lock = _lock(runs_dir, cluster)
    mark = lock.with_suffix(".pid")
    with told(runs_dir), suppress(Timeout), FileLock(lock, timeout=0):
        with suppress(OSError, ValueError):
            if children.alive(int(read_regular(mark, 100))):  # it has not got as far as to its lock
                return None
        arguments = [sys.executable, "-m", "cifar7.sweeps.driver", str(runs_dir.absolute())]
        arguments += ["--data-dir", str(data_dir.absolute())] if data_dir else []
        arguments += ["--cluster", cluster] if cluster else []
        pid = children.start(arguments, children.environment({}), lock.with_suffix(".log"))
        mark.write_text(f"{pid}\n")
        return pid
    return None


def drive(runs_dir: Path, data_dir: Path | None, patience: float = IDLE_SECONDS, cluster: str = "") -> None:
    """Carry out the sweeps there are and those that come, until there is none for `patience` seconds.

    `cluster`: those for the cluster of this address, or those for this machine.
    """
    drives: dict[str, Drive] = {}
    try:
        _drive(drives, runs_dir, data_dir, patience, cluster)
    finally:
        for one in drives.values():
            one.close()


def _drive(
    drives: dict[str, Drive], runs_dir: Path, data_dir: Path | None, patience: float, cluster: str
) -> None:
    from cifar7.sweeps.drive import Drive  # loads Optuna
    from cifar7.sweeps.executors import executor

    idle_since = time.monotonic()
    others: set[str] = set()  # sweeps for another driver
    next_look = 0.0
    while drives or time.monotonic() - idle_since < patience:
        there: list[SweepFolder] = []
        if time.monotonic() >= next_look:
            there, next_look = wanted(runs_dir), time.monotonic() + NEW_SECONDS
        for sweep in there:
            if sweep.id in drives or sweep.id in others:
                continue
            if _cluster(sweep) != cluster:
                others.add(sweep.id)
                continue
            with _ending(sweep):
                drives[sweep.id] = Drive(sweep, executor(sweep, data_dir))
        for name, one in list(drives.items()):
            goes_on = False
            with _ending(one.folder) as ending:
                try:
                    goes_on = one.step()
                except OSError as error:
                    if not is_trouble(error):
                        raise
                    goes_on = True  # a full disk: it goes on once there is room
                    time.sleep(1.0)
            if ending.failed or not goes_on:
                del drives[name]
                one.close()
        if drives:
            idle_since = time.monotonic()
        time.sleep(LOOK_SECONDS)


class _ending:  # noqa: N801 - read as a word
    """What goes wrong in between ends the sweep with a reason, and no other."""

    def __init__(self, sweep: SweepFolder) -> None:
        self._sweep, self.failed = sweep, False

    def __enter__(self) -> _ending:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        self.failed = True
        if not isinstance(error, UserError):
            log.error("the sweep %s failed", self._sweep.id, exc_info=error)
        unexpected = f"Something unexpected happened ({error!r:.200}); driver.log tells more."
        reason = str(error) if isinstance(error, UserError) else unexpected
        with suppress(OSError, UserError):
            self._sweep.update(self._sweep.status(), state="failed", reason=reason, ended=time.time())
        return True


def main() -> int:
    """Drive the sweeps of a folder, unless a driver does."""
    parser = argparse.ArgumentParser(prog="python -m cifar7.sweeps.driver")
    parser.add_argument("runs_dir", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--cluster", default="")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    lock = try_lock(_lock(options.runs_dir, options.cluster), timeout=1.0)
    if lock is None:
        return 0
    try:
        drive(options.runs_dir, options.data_dir, cluster=options.cluster)
    finally:
        lock.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
