"""A picture that a browser sent, decoded in a process of its own: one at a time, bounded in memory and time.

A picture of 100 kB can take gigabytes or half a minute, and decoders have had holes: a page's process, which
serves a whole class, must not be where that shows. Call `decode_apart`; the module itself is the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

import cifar7
from cifar7.data.decode import Decoded, decode
from cifar7.data.imageset import CHANNELS, SIZE, DataError

ROOT = Path(cifar7.__file__).parents[1]  # where `python -m cifar7...` finds the package
MEMORY = 2**30  # bytes that decoding may take; the largest picture takes a third
SECONDS = 10.0  # of CPU time; the largest picture takes one
LATER = 3.0  # times as long by the clock, on a machine that does other things
PATIENCE = 60.0  # seconds to wait while pictures of others are decoded

_ONE = Lock()  # a second picture waits: two cores serve a class


def decode_apart(data: bytes, name: str, *, memory: int = MEMORY, seconds: float = SECONDS) -> Decoded:
    """`decode`, in another process that may take `memory` bytes and `seconds` of CPU time.

    DataError as `decode`, and for a picture that takes more, and where others are waited for too long.
    """
    if not _ONE.acquire(timeout=PATIENCE):
        raise DataError(f"{name} waited for {PATIENCE:.0f} s, as others bring pictures too: try it again")
    try:
        answer = _ask(data, {"name": name, "memory": memory, "seconds": seconds})
    except subprocess.TimeoutExpired:
        answer = b""
    finally:
        _ONE.release()
    head, _, pixels = answer.partition(b"\n")
    if not head:  # killed, by us or by a limit
        raise DataError(f"{name} takes too much time or memory to be read: save it anew, as PNG or JPEG")
    told = json.loads(head)
    if "error" in told:
        raise DataError(told["error"])
    shape = (SIZE, SIZE, CHANNELS)
    width, height = told["size"]
    decoded = np.frombuffer(pixels, np.uint8).reshape(shape)
    return Decoded(decoded, (width, height), told["see_through"], told["animated"])


def _ask(data: bytes, request: dict[str, Any]) -> bytes:
    """What the process answers; nothing if it was killed. TimeoutExpired: it has been killed now."""
    process = subprocess.run(
        [sys.executable, "-m", "cifar7.data.apart"],
        input=json.dumps(request).encode() + b"\n" + data,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        timeout=LATER * request["seconds"],
    )  # fmt: skip
    return process.stdout if process.returncode == 0 else b""


def _answer(data: bytes, name: str) -> bytes:
    try:
        decoded = decode(data, name)
    except DataError as error:
        return json.dumps({"error": str(error)}).encode() + b"\n"
    told = {"size": decoded.size, "see_through": decoded.see_through, "animated": decoded.animated}
    return json.dumps(told).encode() + b"\n" + np.ascontiguousarray(decoded.pixels).tobytes()


def _limit(memory: int, seconds: float) -> None:
    """Hold this process to `memory` bytes more than it has, and to `seconds` of CPU time.

    Where the system knows no such limits (Windows), the clock of `decode_apart` alone holds.
    """
    try:
        import resource
    except ImportError:
        return
    pages = 0
    with suppress(OSError):  # /proc is Linux's
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    held = pages * resource.getpagesize()
    for kind, limit in (
        (resource.RLIMIT_AS, held + memory),
        (resource.RLIMIT_CPU, max(1, round(seconds))),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # macOS refuses some; those that hold are kept
            resource.setrlimit(kind, (limit, limit))


def main() -> None:
    """Read a request and a picture, write the answer; see `_ask`."""
    request = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    _limit(request["memory"], request["seconds"])
    sys.stdout.buffer.write(_answer(data, request["name"]))


if __name__ == "__main__":
    main()
