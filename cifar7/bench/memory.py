"""How much memory a piece of work took at most."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import torch

from cifar7 import machine

_SELF = Path("/proc/self")


class PeakMemory:
    """Peaks since it was made, when what was freed before is given back.

    On Linux the kernel's mark is reset; elsewhere it is the whole process's.

    Call `update` while child processes live: their private pages are added, pages shared with them are
    counted once. A peak includes what was resident before, such as torch itself.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._children = 0
        self.peak: int | None = None  # bytes
        self.cuda_peak: int | None = None  # bytes that torch had allocated
        machine.give_back_freed_memory()
        with suppress(OSError):
            (_SELF / "clear_refs").write_text("5")  # see proc(5): resets the peak
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def update(self) -> None:
        """Read the peaks so far."""
        self._children = max(self._children, _of_children())
        process = _of_process()
        self.peak = None if process is None else process + self._children
        if self._device.type == "cuda":
            self.cuda_peak = torch.cuda.max_memory_allocated(self._device)


def _of_process() -> int | None:
    """Peak of resident bytes; None where the system does not report it."""
    with suppress(OSError):
        for line in (_SELF / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _of_children() -> int:
    """Bytes that only the child processes hold; 0 where the system does not report it."""
    total = 0
    with suppress(OSError):
        for children in (_SELF / "task").glob("*/children"):
            for child in children.read_text().split():
                with suppress(OSError):
                    lines = Path(f"/proc/{child}/smaps_rollup").read_text().splitlines()
                    sizes = (line.split()[1] for line in lines if line.startswith("Private_"))
                    total += 1024 * sum(map(int, sizes))
    return total


def load() -> float | None:
    """Processes that waited for a core over the last minute; None where the system does not report it."""
    with suppress(AttributeError, OSError):
        return os.getloadavg()[0]
    return None
