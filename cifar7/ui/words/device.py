"""The device in words, without loading torch into the page's process."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from contextlib import suppress
from functools import lru_cache

from cifar7 import paths
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
    if not accelerated():
        here: tuple[str, ...] = ("auto", "cpu")
    else:
        here = ("auto", "cpu", "mps" if _here() == _APPLE else "cuda")
    return here if current in here else (*here, current)


def cores() -> int:
    """The cores that a worker may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def _here() -> str:
    name = _nvidia()
    if name:
        return name
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return _APPLE
    return f"CPU, {cores()} core{'s' if cores() > 1 else ''}"


def _nvidia() -> str | None:
    """The name of the first GPU, from its driver; None without a driver."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    command = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(output.strip().splitlines()), None)
