"""The device in words, without loading torch into the page's process."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from cifar7 import machine, paths
from cifar7.errors import UserError
from cifar7.runs.folder import RunFolder
from cifar7.runs.workers.published import of_workers

_APPLE = "Apple GPU"


def words(run_id: str | None = None) -> str:
    """The device that the run recorded; without a record, what the workers have, or there seems to be."""
    if run_id is not None:
        with suppress(UserError):
            device = RunFolder.open(paths.runs_dir(), run_id).environment().get("device")
            if isinstance(device, str):
                return device
    return _here()


def why_not() -> str:
    """Why the workers leave a GPU of this machine alone, and what would help; empty where they do not."""
    return next((one.why_not for one in of_workers(paths.runs_dir()) if one.why_not), "")


def accelerated() -> bool:
    """Whether runs are trained on an accelerator here, as far as is known."""
    return not _here().startswith("CPU")


def offered(current: str) -> tuple[str, ...]:
    """The devices to choose from: those that this machine seems to have, and `current`, perhaps of a link."""
    here = ["auto", "cpu"]
    if accelerated():
        here.append("mps" if _here() == _APPLE else "cuda")
    several = len(machine.accelerators()) > 1
    here += [f"cuda:{at}" for at, _ in enumerate(machine.accelerators()) if several]
    return tuple(dict.fromkeys([*here, current]))


def _here() -> str:
    """What the workers have; before any has told it, what there seems to be."""
    told = of_workers(paths.runs_dir())
    return _counted(re.sub(r" \(cuda:\d+\)$", "", one.device) for one in told) if told else _seems()


@lru_cache(maxsize=1)
def _seems() -> str:
    """The GPUs as their driver names them; without a driver Apple's, or the processor."""
    if found := machine.accelerators():
        return _counted(one.name for one in found)
    if machine.has_apple_gpu():
        return _APPLE
    cores = machine.cores()
    return f"CPU, {cores} core{'s' if cores > 1 else ''}"


def _counted(names: Iterable[str]) -> str:
    """As in "2 × NVIDIA T4"."""
    counts = Counter(names)
    return " and ".join(f"{count} × {name}" if count > 1 else name for name, count in counts.items())
