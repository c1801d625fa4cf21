"""Who runs next, and that somebody does: the queue is the set of run folders whose state is "queued"."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import cifar7
from cifar7.data.store import check_name
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.runs import children, finds
from cifar7.runs.claim import Claim, claim
from cifar7.runs.files import try_lock
from cifar7.runs.folder import RunError, RunFolder, Status, hold_queue, list_runs, make_runs_dir
from cifar7.training.config import DEVICES, TrainConfig

LONGEST_QUEUE = 200  # waiting runs; a stuck button or a prank must not fill the disk
IDLE_MINUTES = 20.0  # after which a worker without work ends

# To be set before torch is loaded. By default its threads wait for each other in busy loops, ruinous as soon
# as a page, a browser or another run wants a core too. Measured with `starter`, batch 128, bf16, niceness 10,
# on two cores that ten other processes wanted: 38 to 71 images/s by default, 211 to 655 with this (4 trials
# of 8 to 12 s each).
PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}


def enqueue(runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str) -> RunFolder:
    """Lay a run at the end of the queue; `ensure_worker` sees to it that somebody takes it.

    Raises SpecError for a network that cannot be built, DataError for what cannot name a set, RunError when
    too many wait.
    """
    check(spec)
    check_name(data_name)
    if len(waiting(runs_dir)) >= LONGEST_QUEUE:
        raise RunError(f"{LONGEST_QUEUE} runs are waiting already; stop some of them first")
    run = RunFolder.create(runs_dir, spec, config, data_name)
    os.utime(run.path.parent)  # a worker looks at the queue when the folder of runs has changed
    return run


def start_here(runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str) -> Claim:
    """Lay a run and take it for this process at once: no worker can take it in between."""
    with hold_queue(make_runs_dir(runs_dir)):
        return claim(RunFolder.create(runs_dir, spec, config, data_name))


def resume_here(run: RunFolder, more_epochs: int = 0) -> Claim:
    """Take a run that was paused, stopped or left for this process, to go on; raises as `request_resume`."""
    run.reconcile()
    with hold_queue(run.path.parent):
        run.lay_again(more_epochs)
        return claim(run)


def waiting(runs_dir: Path) -> list[RunFolder]:
    """The queued runs, the next one first."""
    queued = [
        (status["created"], run.id, run) for run, status in _statuses(runs_dir) if status["state"] == "queued"
    ]
    return [run for _, _, run in sorted(queued, key=lambda entry: entry[:2])]


def position(run: RunFolder) -> int | None:
    """How many-th in the queue the run is, from 1; None when it does not wait."""
    queue = waiting(run.path.parent)
    return queue.index(run) + 1 if run in queue else None


def running(runs_dir: Path) -> list[RunFolder]:
    """The runs that are being executed now; those whose process died are marked failed on the way."""
    return [
        run
        for run, status in _statuses(runs_dir)
        if status["state"] == "running" and run.reconcile()["state"] == "running"
    ]


def reconcile(runs_dir: Path) -> list[RunFolder]:
    """Mark every run as failed whose process died; returns those that were found so."""
    return [
        run
        for run, status in _statuses(runs_dir)
        if status["state"] == "running" and run.reconcile()["state"] == "failed"
    ]


def claim_next(runs_dir: Path, device: str = "auto") -> Claim | None:
    """Take the run that has waited longest and suits `device`; None when there is none.

    A worker for "auto" takes any; one for "cuda" takes those that ask for "cuda" or do not mind.
    """
    if not waiting(runs_dir):
        return None
    with hold_queue(runs_dir.absolute()):
        for run in waiting(runs_dir):
            with suppress(RunError):  # removed this moment, or held by somebody: the next one, then
                if device == "auto" or run.status()["device"] in ("auto", device):
                    return claim(run)
    return None


def worker_lock(runs_dir: Path, device: str) -> Path:
    """The file that the worker for `device` holds locked as long as it lives."""
    if device not in DEVICES:
        raise RunError(
            f"the device {re.sub(r'[^a-z0-9:]', '?', device)[:20]} is not known; choose {', '.join(DEVICES)}"
        )
    return runs_dir.absolute() / "workers" / f"{device}.lock"


def ensure_worker(
    runs_dir: Path,
    device: str = "auto",
    *,
    data_dir: Path | None = None,
    warm: bool = False,
    idle_minutes: float = IDLE_MINUTES,
) -> int | None:
    """See to it that the queue is served: call it after `enqueue` and on every tick of a page that waits.

    When a worker lives, nothing is done. Otherwise runs whose worker died are marked failed, and a worker is
    started if a run or a learning-rate test waits, or at once if `warm`, so that it has its libraries loaded
    beforehand.
    Returns the pid of a worker started by this call.
    """
    lock_path = worker_lock(runs_dir, device)
    make_runs_dir(runs_dir, "workers")
    lock = try_lock(lock_path)
    if lock is None:
        return None
    try:
        reconcile(runs_dir)
        work = warm or waiting(runs_dir) or finds.waiting(runs_dir)
        if not work or _still_starting(lock_path):
            return None
        arguments = [sys.executable, "-m", "cifar7.runs.worker", str(runs_dir.absolute()), "--device", device]
        arguments += ["--idle-minutes", str(idle_minutes)]
        arguments += ["--data-dir", str(data_dir.absolute())] if data_dir else []
        pid = children.start(arguments, _environment(), lock_path.with_suffix(".log"))
        lock_path.with_suffix(".pid").write_text(f"{pid}\n")
        return pid
    finally:
        lock.release()


def _still_starting(lock_path: Path) -> bool:
    """Whether a worker of ours lives that has not got as far as to its lock (some tenths of a second)."""
    try:
        return children.alive(int(lock_path.with_suffix(".pid").read_text()))
    except (OSError, ValueError):
        return False


def _environment() -> dict[str, str]:
    package_parent = str(Path(cifar7.__file__).absolute().parent.parent)
    paths = [package_parent, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**PATIENT_THREADS, **os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _statuses(runs_dir: Path) -> list[tuple[RunFolder, Status]]:
    found = []
    for run in list_runs(runs_dir):
        with suppress(RunError):  # deleted or damaged by hand: no reason to hold up the others
            found.append((run, run.status()))
    return found
