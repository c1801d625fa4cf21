"""Memory and time of hostile uploads and of exports, as six sessions of a server ask for them.

    PYTHONPATH=.:tests python tests/measured/uploads.py

An earlier commit is measured by putting a checkout of it in the place of the dot.
"""

from __future__ import annotations

import inspect
import os
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import handmade
from pictures import write_archive

from cifar7.data.archives import archive_members
from cifar7.errors import UserError
from cifar7.network.profiles import profile
from cifar7.results.picture import read_picture
from cifar7.runs.folder import RunFolder
from cifar7.ui.handin import zip_maker

SESSIONS = 6


def png(side: int, height: int) -> bytes:
    """Black, grey, 16 bits a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, height, 16, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(height * (1 + 2 * side)), 9))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


def tiff(pages: int) -> bytes:
    """Pages of one pixel."""
    tags = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 4), (277, 1), (278, 1), (279, 1)]
    page = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, is_) for tag, is_ in tags)
    size = len(page) + 4
    starts = [8 + size * number for number in range(1, pages)]
    return b"II*\0\x08\0\0\0" + b"".join(page + struct.pack("<I", start) for start in [*starts, 0])


def lying_zip(path: Path, true: int = 2**31 - 2**20 + 1, stated: int = 100) -> Path:
    write_archive(path, {"train/cat/1.png": bytes(true)})
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", true), struct.pack("<I", stated)))
    return path


def resident(pid: int | str, field: str = "VmRSS") -> int:
    """MiB."""
    return int(Path(f"/proc/{pid}/status").read_text().split(f"{field}:")[1].split()[0]) >> 10


def children() -> list[int]:
    """MiB of each."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"PPid:\t{os.getpid()}\n" in (folder / "status").read_text():
                found.append(resident(folder.name))
        except (OSError, IndexError):
            continue
    return found


def measure(title: str, work: Callable[[], object], sessions: int = SESSIONS) -> None:
    """Print what `work` takes in so many threads at once."""
    seen: list[list[int]] = [[0]]
    ended = threading.Event()
    stalls = [0.0]

    def watch() -> None:
        while not ended.is_set():
            begin = time.perf_counter()
            time.sleep(0.02)
            stalls.append(time.perf_counter() - begin - 0.02)
            seen.append(children())

    def once(_: int) -> str:
        try:
            return str(work())[:60]
        except UserError as error:
            return str(error)[:90]

    Path("/proc/self/clear_refs").write_text("5")
    before, begin = resident("self"), time.perf_counter()
    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(sessions) as pool:
        said = set(pool.map(once, range(sessions)))
    seconds = time.perf_counter() - begin
    ended.set()
    watcher.join()
    print(f"{title}: {seconds:.1f} s; here {before} → {resident('self', 'VmHWM')} MiB, "
          f"longest stall {1000 * max(stalls):.0f} ms; at most {max(map(len, seen))} processes with "
          f"{max(map(sum, seen))} MiB; {said}", flush=True)  # fmt: skip


def export(run: RunFolder) -> int:
    """Bytes of the zip."""
    with ExitStack() as held:
        if len(inspect.signature(zip_maker.make).parameters) == 2:  # before exports took turns
            return len(zip_maker.make(run, profile("strict")))  # type: ignore[call-arg]
        from cifar7.export.turns import turn

        held.enter_context(turn(lambda: None))
        return len(zip_maker.make(run, profile("strict"), lambda: None))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["CIFAR7_HOME"] = folder
        pictures = {
            "PNG 8000x7990, 16 bit": png(8000, 7990),
            "PNG 4000x4000, 16 bit": png(4000, 4000),
            "TIFF of 40,000 pages": tiff(40_000),
        }
        for title, data in pictures.items():
            measure(f"{title}, {len(data):,} bytes", lambda data=data: read_picture(data, "x").size)
        path = lying_zip(home / "lies.zip")
        measure(f"a zip of {path.stat().st_size:,} bytes that lies",
                lambda: [member.read() for member in archive_members(path)], 1)  # fmt: skip
        handmade.make_set(home / "data")
        run = handmade.make_run(home)
        measure("exports", lambda: export(run))


if __name__ == "__main__":
    main()
