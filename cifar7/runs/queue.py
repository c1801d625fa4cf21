"""Which run is next, and that a worker takes it. The queue is the set of run folders in state "queued"."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cifar7.data.store import check_name
from cifar7.disk import read_regular
from cifar7.network.arithmetic import analyse
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.runs import children, turns
from cifar7.runs.claim import Claim, claim
from cifar7.runs.directory import RunError, hold_queue, make_runs_dir, told
from cifar7.runs.expected import check as check_budget
from cifar7.runs.expected import seconds
from cifar7.runs.folder import RunFolder, look, read_statuses
from cifar7.runs.kinds import KINDS, Kind, kind_of
from cifar7.runs.limits import Limits
from cifar7.runs.listing.awaited import awaited, here, standings
from cifar7.runs.people import COMMAND_LINE, Person
from cifar7.runs.workers.served import served_devices, suits
from cifar7.runs.workers.served import worker_lock as worker_lock
from cifar7.training.config import TrainConfig
from cifar7.training.norms import check_norms

IDLE_MINUTES = 20.0  # after which a worker without work ends

# To be set before torch is loaded. By default its threads wait for each other in busy loops,
# ruinous as soon as a page, a browser or another run wants a core too; where they sleep at once, an idle
# machine loses a quarter of its speed. 10,000 rounds cost neither (measured: tests/measured/README.md). The
# first is for other libraries than GNU's, whose own setting the second is.
PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "10000"}


def enqueue(
    runs_dir: Path,
    spec: NetSpec,
    config: TrainConfig,
    data_name: str,
    kind: Kind = "training",
    by: Person = COMMAND_LINE,
    files: Mapping[str, dict[str, Any]] | None = None,
    **known: Any,
) -> RunFolder:
    """Put a run in the queue; `ensure_worker` sees to it that a worker takes it.

    `files` and `known`: as `RunFolder.create` takes them.

    Raises SpecError for a network that cannot be built, ConfigError for one that cannot be trained so,
    DataError for what cannot name a set, LimitError for what is beyond the limits in force, BudgetError for
    what would take more memory or time than there is.
    """
    return enqueue_all(runs_dir, [(spec, config)], data_name, kind, by, files, **known)[0]


def enqueue_all(
    runs_dir: Path,
    wanted: Sequence[tuple[NetSpec, TrainConfig]],
    data_name: str,
    kind: Kind = "training",
    by: Person = COMMAND_LINE,
    files: Mapping[str, dict[str, Any]] | None = None,
    **known: Any,
) -> list[RunFolder]:
    """Put runs in the queue, all of them or, where it raises as `enqueue`, none."""
    check_name(data_name)
    limits = Limits.load()
    for spec, config in wanted:
        check(spec)
        check_norms(spec, config)
        limits.check_parameters(analyse(spec).parameters, by)
        if kind == "training":
            limits.check_epochs(config.epochs, by)
        check_budget(runs_dir, spec, config, data_name, kind, limits, by)
    remove_abandoned(runs_dir)
    limits.check_disk(runs_dir)
    expected = [seconds(runs_dir, spec, config, data_name, kind) for spec, config in wanted]
    known = {"by": by.id, "by_name": by.name, "minutes": limits.minutes_of(by), **known}
    # Counted and made under one lock: of two starts at the same moment, one sees the other's run.
    with hold_queue(make_runs_dir(runs_dir)):
        limits.check_waiting(awaited(look(runs_dir)), kind, by, more=len(wanted))
        made: list[RunFolder] = []
        try:
            for (spec, config), takes in zip(wanted, expected, strict=True):
                run = RunFolder.create(
                    runs_dir, spec, config, data_name, kind, files, **known, expected=takes
                )
                made.append(run)
        except RunError:
            for run in made:
                shutil.rmtree(run.path, ignore_errors=True)
            raise
        return made


def start_here(runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str) -> Claim:
    """Make a run and take it for this process at once: no worker can take it in between.

    Raises ConfigError for a network that cannot be trained so, BudgetError for one that takes too much.
    """
    check_norms(spec, config)
    check_budget(runs_dir, spec, config, data_name, "training", Limits.load(), COMMAND_LINE)
    with hold_queue(make_runs_dir(runs_dir)):
        return claim(RunFolder.create(runs_dir, spec, config, data_name), foreground=True)


def resume_here(run: RunFolder, more_epochs: int = 0) -> Claim:
    """Take a run that was paused, stopped or left for this process, to go on; raises as `request_resume`."""
    run.reconcile()
    with hold_queue(run.path.parent):
        run.requeue(more_epochs)
        return claim(run, foreground=True)


def line(runs_dir: Path, *, free: bool = False) -> list[RunFolder]:
    """The queued runs of every kind, the next one first, without those that nobody waits for any more.

    `free`: as they are taken by a process that has nothing to do; see `turns.order`.
    """
    found = look(runs_dir)
    there = here(found)
    runs = {run.id: run for run, _ in there}
    return [runs[name] for name in turns.order(standings(found, there), free=free)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting run stands."""

    before: int  # waiting runs of every kind that come before it
    seconds: float | None  # until it begins, as expected; None where that is not known


def places(runs_dir: Path) -> dict[str, Place]:
    """The place of each waiting run, by its id, the next one first."""
    found = look(runs_dir)
    there = here(found)
    statuses = {run.id: status for run, status in there}
    ids = turns.order(standings(found, there))
    going_on = [status for _, status in there if status["state"] == "running"]
    begins = turns.starts(
        [turns.seconds_left(status) for status in going_on],
        [turns.seconds_needed(statuses[name]) for name in ids],
    )
    return {name: Place(at, begins[at]) for at, name in enumerate(ids)}


def before_a_new_one(runs_dir: Path, by: str) -> int:
    """How many trainings go on or would come before one that this person, by id, started now."""
    looked = look(runs_dir)
    found = [one for one in standings(looked, here(looked)) if one.kind == "training"]
    new = turns.Standing("", by, "training", "queued", created=inf, queued=time.time())
    return turns.order([*found, new]).index("") + sum(one.state == "running" for one in found)


def waiting(runs_dir: Path, kind: Kind = "training") -> list[RunFolder]:
    """The queued runs of one kind, the next one first."""
    return [run for run in line(runs_dir) if run.kind == kind]


def position(run: RunFolder) -> int | None:
    """The run's position among the queued ones of its kind, from 1; None when it does not wait."""
    queue = waiting(run.path.parent, run.kind)
    return queue.index(run) + 1 if run in queue else None


def running(runs_dir: Path) -> list[RunFolder]:
    """The trainings that are being executed; those whose process died are reconciled on the way."""
    found = []
    for run, status in read_statuses(runs_dir, ended=False):
        with suppress(RunError):  # damaged or removed this moment
            if run.kind == "training" and status["state"] == "running":
                found += [run] if run.reconcile()["state"] == "running" else []
    return found


def reconcile(runs_dir: Path) -> list[RunFolder]:
    """Take up again, or mark as failed, every run whose process died; returns these runs."""
    statuses = read_statuses(runs_dir, ended=False)
    were_running = [run for run, status in statuses if status["state"] == "running"]
    died = []
    for run in were_running:
        with suppress(RunError):  # damaged or removed this moment
            if run.reconcile()["state"] != "running":
                died.append(run)
    return died


def claim_next(runs_dir: Path, device: str = "auto") -> Claim | None:
    """Take the run that is next in the line and suits a worker for `device`; None when there is none."""
    if not line(runs_dir):
        return None
    with hold_queue(runs_dir.absolute()):
        for run in line(runs_dir, free=True):
            with suppress(RunError):  # removed this moment, or held by another process: the next one, then
                if suits(run.status()["device"], device):
                    try:
                        return claim(run)
                    except OSError as error:
                        run.cannot_begin(error)
    return None


def remove_abandoned(runs_dir: Path) -> None:
    """Remove the runs that nobody has looked at for as long as their kind is kept, half-made ones too.

    A run that is being executed stays.
    """
    with suppress(FileNotFoundError), os.scandir(runs_dir.absolute()) as entries:
        for path in [Path(entry.path) for entry in entries if isfinite(_kept_seconds(entry.name))]:
            run = RunFolder(path)
            if run.unwatched_seconds() > _kept_seconds(path.name) and not _is_running(run):
                shutil.rmtree(path, ignore_errors=True)


def _kept_seconds(name: str) -> float:
    # Versions before this one had their learning-rate tests in a folder of their own.
    kind = "lr-test" if name == ".finds" else kind_of(name.removeprefix(".new-"))
    return KINDS[kind].kept_seconds


def _is_running(run: RunFolder) -> bool:
    with suppress(OSError, RunError):  # half-made, damaged, or removed this moment
        return run.reconcile()["state"] == "running"
    return False


def ensure_worker(
    runs_dir: Path,
    device: str = "auto",
    *,
    data_dir: Path | None = None,
    warm: bool = False,
    idle_minutes: float = IDLE_MINUTES,
) -> int | None:
    """See to it that the queue is served: call it after `enqueue` and on every tick of a page that waits.

    When a worker lives, nothing is done. Otherwise runs whose worker died are taken up again or marked
    failed, and a worker is started if a run waits, or at once if `warm`, so that it has its libraries loaded
    beforehand. Where there are several GPUs, that goes for each of them. Returns the pid of a worker started
    by this call; RunError where nothing can be written.
    """
    started = [_ensure_one(runs_dir, one, data_dir, warm, idle_minutes) for one in served_devices(device)]
    return next((pid for pid in started if pid), None)


def _ensure_one(
    runs_dir: Path, device: str, data_dir: Path | None, warm: bool, idle_minutes: float
) -> int | None:
    lock_path = worker_lock(runs_dir, device)
    make_runs_dir(runs_dir, "workers")
    with told(runs_dir), suppress(Timeout), FileLock(lock_path, timeout=0):
        reconcile(runs_dir)
        if not (warm or line(runs_dir)) or _still_starting(lock_path):
            return None
        arguments = [sys.executable, "-m", "cifar7.runs.worker", str(runs_dir.absolute()), "--device", device]
        arguments += ["--idle-minutes", str(idle_minutes)]
        arguments += ["--data-dir", str(data_dir.absolute())] if data_dir else []
        log_path = lock_path.with_suffix(".log")
        pid = children.start(arguments, children.environment(PATIENT_THREADS), log_path)
        with suppress(OSError):  # its lock tells as well, a moment later
            lock_path.with_suffix(".pid").write_text(f"{pid}\n")
        return pid
    return None


def _still_starting(lock_path: Path) -> bool:
    """Whether a worker of ours lives that has not got as far as to its lock (some tenths of a second)."""
    try:
        return children.alive(int(read_regular(lock_path.with_suffix(".pid"), 100)))
    except (OSError, ValueError):
        return False
