"""Which devices have a worker, and which runs are for it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cifar7 import machine
from cifar7.disk import read_regular
from cifar7.runs.directory import RunError
from cifar7.training.config import DEVICES, is_device

CLUSTER = "cluster"  # the device of a run that no worker here takes: the driver of its sweep has it trained


def suits(wanted: str, device: str) -> bool:
    """Whether a run for `wanted` is for the worker that serves `device`.

    A worker for "auto" takes any; one for "cuda" takes those for "cuda" and those for "auto"; one for
    "cuda:1" takes any but those for another GPU that has a worker of its own. None takes those for a cluster.
    """
    if wanted == CLUSTER:
        return False
    if device == "auto" or wanted in ("auto", device):
        return True
    return device.startswith("cuda:") and wanted not in _gpus()


def worker_lock(runs_dir: Path, device: str) -> Path:
    """The file that the worker for `device` keeps locked as long as it lives."""
    if not is_device(device):
        raise RunError(f"the device {device!r:.20} is not known; choose {', '.join(DEVICES)}, or cuda:1")
    return runs_dir.absolute() / "workers" / f"{device.replace(':', '-')}.lock"


def served_devices(device: str = "auto") -> tuple[str, ...]:
    """The devices that have a worker each where `device` is to be served: of several GPUs, every one."""
    return _gpus() if device == "auto" and len(_gpus()) > 1 else (device,)


def _gpus() -> tuple[str, ...]:
    return tuple(f"cuda:{at}" for at, _ in enumerate(machine.accelerators()))


def worker_pids(runs_dir: Path) -> list[int]:
    """Of the workers that were started for this folder, some of which may be gone."""
    pids = []
    with suppress(FileNotFoundError):
        for path in (runs_dir / "workers").glob("*.pid"):
            with suppress(OSError, ValueError):
                pids.append(int(read_regular(path, 100)))
    return pids
