"""Small files that several processes read and write: whole or not there, locked by the kernel."""

from __future__ import annotations

import json
import math
import os
import secrets
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol, cast

from filelock import FileLock, Timeout


class Lock(Protocol):
    """A lock that is held until it is released, or until its process dies."""

    def release(self) -> None:
        """Let go of it."""


def try_lock(path: Path, timeout: float = 0.0) -> Lock | None:
    """Take the lock on `path` within `timeout` seconds; None when another one holds it.

    The kernel releases it when its holder dies, however it dies: who can take it knows that nobody works
    there.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout, poll_interval=0.01)
    except Timeout:
        return None
    return cast(Lock, lock)


def plain(value: Any) -> Any:
    """The same value with null for every number that JSON does not know (nan, infinities)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def replace_bytes(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Put `content` in the place of `path` in one step: readers see the old file or the new one, no part.

    durable: wait until it is on the disk, so that it outlives a power cut too.
    """
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with half.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        move_into_place(half, path)
    finally:
        half.unlink(missing_ok=True)


def move_into_place(half: Path, path: Path) -> None:
    """Rename over `path`; tried for a second, as Windows refuses while a reader has the old file open."""
    deadline = time.monotonic() + (1.0 if os.name == "nt" else 0.0)
    while True:
        with suppress(PermissionError) if time.monotonic() < deadline else nullcontext():
            half.replace(path)
            return
        time.sleep(0.02)


def replace_json(path: Path, content: dict[str, Any], *, durable: bool = False) -> None:
    """Write a JSON object in one step; numbers that are not finite become null."""
    text = json.dumps(plain(content), ensure_ascii=False, allow_nan=False, indent=1)
    replace_bytes(path, text.encode() + b"\n", durable=durable)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object. Raises OSError when it is not there, ValueError when it is something else."""
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no JSON object")
    return content


def read_lines(path: Path, after: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The JSON objects on the whole lines of `path` from byte `after` on, and the byte to go on from.

    A line without its end is still being written (or its writer died): it is left for the next reading.
    A torn line in the middle, which a later writer closed, is passed over.
    """
    try:
        with path.open("rb") as file:
            if after > os.fstat(file.fileno()).st_size:
                after = 0
            file.seek(after)
            content = file.read()
    except FileNotFoundError:
        return [], 0
    end = content.rfind(b"\n") + 1
    items: list[dict[str, Any]] = []
    for line in content[:end].splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if isinstance(item, dict):
            items.append(item)
    return items, after + end
