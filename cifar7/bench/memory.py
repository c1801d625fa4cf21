"""How much memory a piece of work took at most."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import torch

_SELF = Path("/proc/self")


class Memory:
    """Peaks since it was made. On Linux the kernel's mark is set back; elsewhere it is of the whole process.

    `look` while child processes live: what they have for themselves is added, pages shared with them are
    counted once. A peak includes what was resident before, such as torch itself.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._children = 0
        self.peak: int | None = None  # bytes
        self.cuda_peak: int | None = None  # bytes that torch had allocated
        with suppress(OSError):
            (_SELF / "clear_refs").write_text("5")  # see proc(5): the mark of the peak begins anew
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def look(self) -> None:
        """Take note of the peaks so far."""
        self._children = max(self._children, _of_children())
        own = _own_peak()
        self.peak = None if own is None else own + self._children
        if self._device.type == "cuda":
            self.cuda_peak = torch.cuda.max_memory_allocated(self._device)


def _own_peak() -> int | None:
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
    """Bytes that only the child processes hold; 0 where the system does not tell."""
    total = 0
    with suppress(OSError):
        for listed in (_SELF / "task").glob("*/children"):
            for child in listed.read_text().split():
                with suppress(OSError):
                    total += _private(int(child))
    return total


def _private(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def load() -> float | None:
    """Processes that waited for a core over the last minute; None where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None
