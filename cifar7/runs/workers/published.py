"""What a worker trains on, told by itself: a small file beside its lock, for the pages, which load no torch.

A driver may name a GPU that torch cannot use. So the worker writes what it has once it has woken its device,
and how often in a row the device was lost since a run last went well. Whoever reads the file trusts nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cifar7.runs.files import is_whole, read_json, replace_json
from cifar7.runs.workers.served import served_devices, worker_lock

KINDS = ("cpu", "cuda", "mps")
MOST_LOST = 3  # workers in a row: the last of them starts none in its place
_MOST_BYTES = 20_000
_LONGEST = {"device": 200, "kind": 10, "why_not": 2_000, "trouble": 2_000}  # characters of each text


@dataclass(frozen=True, slots=True)
class Published:
    """The device of one worker, as it found it."""

    device: str  # in words, as in "NVIDIA T4"; empty before any worker has woken it
    kind: str  # one of KINDS; empty likewise
    why_not: str = ""  # why a GPU that is in the machine is not used, and the cure
    lost: int = 0  # workers that ended, one after the other, as the device was no longer sound
    trouble: str = ""  # what the last of them met


NOTHING = Published("", "")


def publish(lock_path: Path, published: Published) -> None:
    """Put it beside the worker's lock. A disk that is full or closed is none of the runs' concern."""
    content = asdict(published)
    for name, most in _LONGEST.items():  # a driver may say anything
        content[name] = " ".join("".join(c if c.isprintable() else " " for c in content[name]).split())[:most]
    with suppress(OSError):
        replace_json(lock_path.with_suffix(".json"), content)


def read(lock_path: Path) -> Published:
    """What stands beside a worker's lock; NOTHING where nothing does, or something else."""
    try:
        content = read_json(lock_path.with_suffix(".json"), _MOST_BYTES)
    except (OSError, ValueError):
        return NOTHING
    return _checked(content) or NOTHING


def _checked(content: dict[str, Any]) -> Published | None:
    known = {name: content[name] for name in Published.__dataclass_fields__ if name in content}
    for name, most in _LONGEST.items():
        text = known.get(name, "")
        if not isinstance(text, str) or len(text) > most or not text.isprintable():
            return None
    is_named = known.get("kind") in KINDS if known.get("device") else not known.get("kind")
    if not is_named or not is_whole(known.get("lost", 0)):
        return None
    return Published(**{"device": "", "kind": "", **known})


def of_workers(runs_dir: Path) -> list[Published]:
    """What the workers of this folder have, or last had; those left out that have told nothing."""
    found = (read(worker_lock(runs_dir, device)) for device in served_devices())
    return [one for one in found if one.device]
