"""What a run will take, going by those that were trained here, and whether there is as much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from math import log
from pathlib import Path

from cifar7 import machine
from cifar7.data import library
from cifar7.errors import UserError
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.kinds import Kind
from cifar7.runs.limits import Limits
from cifar7.runs.people import Person
from cifar7.runs.status import Status
from cifar7.runs.workers.published import of_workers
from cifar7.runs.workers.served import worker_pids
from cifar7.training.budget import PastRun, Place, Plan
from cifar7.training.budget import held_out as held_out
from cifar7.training.config import TrainConfig
from cifar7.training.events import EpochEnd, Finished
from cifar7.training.lr_finding import steps_of

NEWEST = 12  # runs that are looked at


def seconds(
    runs_dir: Path,
    spec: NetSpec,
    config: TrainConfig,
    data_name: str,
    kind: Kind = "training",
    past: Sequence[PastRun] | None = None,
) -> float | None:
    """The time of the most similar of the newest runs, in proportion; None where there is none.

    The work of a training is taken as its images, all epochs together, times the MACs of the network; two
    runs are as similar as their MACs. `past`: of `past_runs`, where many are asked about.
    """
    macs = max(1, analyse(spec).macs)
    images = _images(config, data_name, kind)
    past = past_runs(runs_dir) if past is None else past
    if not past or images is None:
        return None
    guide = min(past, key=lambda one: abs(log(one.macs / macs)))
    return guide.seconds * images * macs / (guide.images * guide.macs)


def check(
    runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str, kind: Kind, limits: Limits, by: Person
) -> None:
    """Raises BudgetError where a run would take more memory than there is, or more than the limits."""
    plan = plan_of(runs_dir, spec, config, data_name)
    most = available(runs_dir, plan.place.kind)
    if limits.memory_gb and (most is None or 1e9 * limits.memory_gb < most):
        plan.check_memory(1e9 * limits.memory_gb, "are the limit here")
    elif most is not None:
        plan.check_memory(most)
    plan.check_layer()
    minutes = limits.minutes_of(by)
    if kind == "training" and minutes:
        plan.check_seconds(plan.budget(past_runs(runs_dir)), 60 * minutes)


def plan_of(runs_dir: Path, spec: NetSpec, config: TrainConfig, data_name: str) -> Plan:
    """A training on a set of the library, on the device of this machine that it asks for."""
    sizes = [(i.train_size, i.test_size) for i in library.available() if i.name == data_name]
    return Plan(spec, config, place(runs_dir, config.device), *next(iter(sizes), (0, 0)))


def place(runs_dir: Path, device: str) -> Place:
    """Where a run for this device is trained: as the worker has found it, else as it seems without torch."""
    kind = device.partition(":")[0]
    if kind == "auto":
        seems = "cuda" if machine.accelerators() else "mps" if machine.has_apple_gpu() else "cpu"
        kind = next((one.kind for one in of_workers(runs_dir)), seems)
    return Place(kind, machine.cores(), machine.has_fast_bf16() if kind == "cpu" else kind == "cuda")


def available(runs_dir: Path, kind: str) -> int | None:
    """Bytes that a run can get on a kind of device once the workers have nothing else to do.

    None where that is not known. What is free of a GPU its worker asks just before the run begins.
    """
    if kind == "cuda" and machine.accelerators():
        return max(one.memory for one in machine.accelerators())
    return machine.free_memory(worker_pids(runs_dir)) if kind == "cpu" else None


def past_runs(runs_dir: Path) -> list[PastRun]:
    """The newest runs that came to their end, or were stopped after an epoch."""
    return list(_past_runs(runs_dir))


def _past_runs(runs_dir: Path) -> Iterator[PastRun]:
    for run in islice(list_runs(runs_dir), NEWEST):
        with suppress(UserError):
            steps, took = _worked(run.status())
            if steps > 0 and took > 0 and (size := _size(run)):
                yield PastRun(*size[:3], steps * size[1], took, size[3])


def _worked(status: Status) -> tuple[int, float]:
    """Steps and seconds of a run that has ended: to its test, or to its last whole epoch without one."""
    if result := Finished.from_dict(status["result"]):
        return result.steps, result.seconds
    end = EpochEnd.from_dict(status["epoch"]) if status["state"] == "stopped" else None
    return (end.step, end.seconds) if end else (0, 0.0)


@lru_cache(maxsize=256)
def _size(run: RunFolder) -> tuple[int, int, str, str] | None:
    """MACs, images a batch, precision as set, and kind of device of a run; None for a damaged one."""
    with suppress(UserError):
        config = run.config()
        kind = str(run.environment().get("device_type", "cpu"))
        return max(1, analyse(run.spec()).macs), config.batch_size, config.precision, kind
    return None


def _images(config: TrainConfig, data_name: str, kind: Kind) -> int | None:
    """How many images, all together, a run learns from; None where the set is not known."""
    if kind != "training":
        return steps_of(config) * config.batch_size
    size = next((info.train_size for info in library.available() if info.name == data_name), 0)
    return (size - held_out(size, config)) * config.epochs or None
