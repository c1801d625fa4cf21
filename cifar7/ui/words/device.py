"""The device in words, without loading torch into the page's process."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import lru_cache

from cifar7 import machine, paths
from cifar7.errors import UserError
from cifar7.runs.folder import RunFolder

_APPLE = "Apple GPU"


def words(run_id: str | None = None) -> str:
    """The device that the run recorded; without a record, what this machine seems to have."""
    if run_id is not None:
        with suppress(UserError):
            device = RunFolder.open(paths.runs_dir(), run_id).environment().get("device")
            if isinstance(device, str):
                return device
    return _here()


def accelerated() -> bool:
    """Whether this machine seems to have an accelerator."""
    return not _here().startswith("CPU")


def offered(current: str) -> tuple[str, ...]:
    """The devices to choose from: those that this machine seems to have, and `current`, perhaps of a link."""
    here = ["auto", "cpu"]
    if accelerated():
        here.append("mps" if _here() == _APPLE else "cuda")
    several = len(machine.accelerators()) > 1
    here += [f"cuda:{at}" for at, _ in enumerate(machine.accelerators()) if several]
    return tuple(dict.fromkeys([*here, current]))


@lru_cache(maxsize=1)
def _here() -> str:
    """The GPUs as their driver names them; without a driver Apple's, or the processor."""
    if found := machine.accelerators():
        counts = Counter(one.name for one in found)
        return " and ".join(f"{count} × {name}" if count > 1 else name for name, count in counts.items())
    if machine.has_apple_gpu():
        return _APPLE
    cores = machine.cores()
    return f"CPU, {cores} core{'s' if cores > 1 else ''}"
