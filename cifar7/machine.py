"""What this machine has: cores, memory, accelerators. Asked of the system; loads no torch."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"  # environment: which of the GPUs CUDA shows, and in which order
_CGROUPS = Path("/sys/fs/cgroup")
_LIMITS = (  # files of a control group: limit, usage, and what of the usage is given back on demand
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt, from its malloc.h
_LARGEST_MAPS = 1 << 30  # bytes; no map of a training is larger


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A GPU that CUDA has."""

    name: str  # as its driver calls it
    memory: int  # bytes, all of it


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_apple_gpu() -> bool:
    """Whether it is a Mac with a GPU that torch can use."""
    return platform.system() == "Darwin" and platform.machine() == "arm64"


@lru_cache(maxsize=1)
def has_fast_bf16() -> bool:
    """Whether the processor multiplies bf16 itself: what torch asks it, read from Linux's list of flags."""
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text()
        flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
        return bool({"avx512_bf16", "amx_tile"} & set(flags))
    return False


@lru_cache(maxsize=1)
def accelerators() -> tuple[Accelerator, ...]:
    """The GPUs of CUDA in its order, `cuda:0` first; asked once, of their driver."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        output = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
        found = []
        for line in filter(None, map(str.strip, output.splitlines())):
            name, _, memory = line.rpartition(",")
            found.append(Accelerator(name.strip(), int(float(memory)) << 20))
        return tuple(_visible(found))
    return ()


def unused_gpu(why: str) -> str:
    """What is said of a GPU that torch cannot use; `why`: the reason and the cure, without a full stop."""
    names = " and ".join(dict.fromkeys(one.name for one in accelerators()))
    return f"The GPU here{f', {names},' if names else ''} is not used: {why}."


def _visible(found: list[Accelerator]) -> list[Accelerator]:
    """Those that $CUDA_VISIBLE_DEVICES names, by their numbers; all where it is not set."""
    named = os.environ.get(VISIBLE)
    if named is None:
        return found
    shown: list[Accelerator] = []
    for name in filter(None, named.split(",")):
        at = int(name) if name.strip().lstrip("-").isdigit() else len(shown)  # others are unique names
        if not 0 <= at < len(found):
            break  # as CUDA does: what stands behind one that is not there is not shown
        shown.append(found[at])
    return shown


def keep_freed_memory() -> bool:
    """From now on, what this process frees stays with it for its next request; whether that could be asked.

    A training frees and takes the same maps again in every step. By itself glibc hands those above 128 KiB
    back to the system at once, or later, by chance, and each page of them must then be found and blanked
    anew. Other C libraries are left as they are.
    """
    with suppress(OSError, AttributeError, TypeError):  # TypeError: of Windows
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_MAPS) and mallopt(_TRIM_THRESHOLD, 2**31 - 1))
    return False


def give_back_freed_memory() -> None:
    """Hand all that this process has freed back to the system, where the C library can."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def free_memory(ours: Iterable[int] = ()) -> int | None:
    """Bytes that a process can still get, by the system and by the limits of its control groups.

    `ours`: processes whose memory counts as free. None where the system does not say.
    """
    rooms = [*_free_of_system(), *_free_in_groups()]
    return min(rooms) + sum(map(resident, ours)) if rooms else None


def resident(pid: int) -> int:
    """The bytes that a process holds in memory; 0 where that is not known."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _free_of_system() -> Iterator[int]:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) << 10
                return
    with suppress(AttributeError, OSError, ValueError):  # elsewhere: all that there is
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _free_in_groups() -> Iterator[int]:
    """What each control group of this process that has a limit leaves, of version 1 or 2."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            root = _CGROUPS / "memory" if kinds else _CGROUPS
            if kinds and "memory" not in kinds.split(","):
                continue
            folder = root / path.lstrip("/")
            for group in (folder, *(p for p in folder.parents if p.is_relative_to(root))):
                yield from _free_in(group)


def _free_in(group: Path) -> Iterator[int]:
    for limit, usage, reclaimable in _LIMITS:
        with suppress(OSError, ValueError):
            most = int((group / limit).read_text())  # "max": no limit, a ValueError
            used = int((group / usage).read_text())
            for line in (group / "memory.stat").read_text().splitlines():
                if line.split()[0] == reclaimable:
                    used -= int(line.split()[1])
            yield max(0, most - used)
