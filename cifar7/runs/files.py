"""Small files that several processes read and write: whole or not there, locked by the kernel."""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from cifar7.disk import open_regular, parse_json, read_regular

MOST_JSON = 4_000_000  # bytes of a file with one object; some kilobytes are usual
MOST_LINES = 64_000_000  # bytes of a record of events; 2 MB after a night of training
MOST_ITEM = 100_000  # bytes of one of its lines


def try_lock(path: Path, timeout: float = 0.0) -> BaseFileLock | None:
    """Take the lock on `path` within `timeout` seconds; None when another one holds it.

    The kernel releases it when its holder dies: who can take it knows that nobody works there.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout, poll_interval=0.01)
    except Timeout:
        return None
    return lock


def is_number(value: Any) -> bool:
    """Whether a value that was read from JSON is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number from 0 on."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def plain(value: Any) -> Any:
    """The same value with null for every number that JSON does not know (nan, infinities)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A path to write to, put in the place of `path` in one step: readers see the old file or the new one.

    durable: wait until it is on the disk, so that it outlives a power cut too.
    """
    half = path.with_name(f".half-{path.name}-{secrets.token_hex(4)}")
    try:
        yield half
        if durable:
            with half.open("rb+") as file:
                os.fsync(file.fileno())
        _move_into_place(half, path)
    finally:
        with suppress(OSError):  # it may be what stands in the way that is told
            half.unlink(missing_ok=True)


def _move_into_place(half: Path, path: Path) -> None:
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
    with replacing(path, durable=durable) as half:
        half.write_bytes(text.encode() + b"\n")


def read_json(path: Path, most: int = MOST_JSON) -> dict[str, Any]:
    """Read a JSON object from a regular file of at most `most` bytes.

    Raises OSError when there is none, ValueError when it is something else, as `disk.parse_json` says.
    """
    content = parse_json(read_regular(path, most))
    if not isinstance(content, dict):
        raise ValueError("holds no JSON object")
    return content


def read_lines(path: Path, after: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The JSON objects on the whole lines of `path` from byte `after` on, and the byte to go on from.

    A line without its end is still being written (or its writer died): it is left for the next reading.
    A torn line in the middle, which a later writer closed, is passed over, and so is one that is no JSON.
    Raises OSError for what is no regular file, or one of more than MOST_LINES bytes.
    """
    try:
        with open_regular(path, most=MOST_LINES) as file:
            if after > os.fstat(file.fileno()).st_size:
                after = 0
            file.seek(after)
            content = file.read(MOST_LINES)
    except FileNotFoundError:
        return [], 0
    end = content.rfind(b"\n") + 1
    items: list[dict[str, Any]] = []
    for line in content[:end].splitlines():
        with suppress(ValueError):
            item = parse_json(line) if len(line) <= MOST_ITEM else None
            if isinstance(item, dict):
                items.append(item)
    return items, after + end


def append_line(path: Path, line: bytes) -> None:
    """Append a line in one step: a reader meets all of it or nothing, also where the disk is full.

    Raises OSError; then nothing was appended. Only the process that executes a run appends to its files.
    """
    with open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            written = file.write(line)
        except OSError:
            os.ftruncate(file.fileno(), before)
            raise
        if written != len(line):  # the disk is full within the line
            os.ftruncate(file.fileno(), before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def close_torn_line(path: Path) -> None:
    """End the last line of a record whose writer was killed within it."""
    try:
        with open_regular(path, os.O_RDWR) as file:
            if os.fstat(file.fileno()).st_size:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
    except FileNotFoundError:
        return
