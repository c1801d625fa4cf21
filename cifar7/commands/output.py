"""How the command line speaks: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TextIO, TypeVar

from cifar7 import wording
from cifar7.runs.files import plain

T = TypeVar("T")

# As everywhere, save that "-" stands for what is missing.
percent = partial(wording.percent, none="-")
duration = partial(wording.duration, tenths_below=10, none="-")


def say(line: str) -> None:
    """One line to the person, on stderr."""
    print(line, file=sys.stderr, flush=True)


def put_json(content: dict[str, Any]) -> None:
    """The result as one JSON object on stdout."""
    print(json.dumps(plain(content), ensure_ascii=False, allow_nan=False))


def table(head: Sequence[str], rows: Sequence[Sequence[object]], left: Sequence[int] = (0,)) -> str:
    """Aligned columns, numbers to the right; `left`: indices of the columns of words."""
    cells = [[str(value) for value in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    cells.insert(1, ["-" * width for width in widths])
    pads = [f"{{:{'<' if i in left else '>'}{width}}}" for i, width in enumerate(widths)]
    return "\n".join("  ".join(pads).format(*row).rstrip() for row in cells)


class Progress:
    """A line that follows the work on stderr: redrawn in place on a terminal, else a line now and then."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._in_place = self._stream.isatty()
        self._pause = 0.1 if self._in_place else 5.0  # seconds between two lines
        self._next = 0.0
        self._open = False  # a redrawn line stands there

    def update(self, line: str, *, due: bool = False) -> None:
        """Show `line`, unless the last one was shown just now; `due`: also then, where lines stay."""
        if time.monotonic() < self._next and (self._in_place or not due):
            return
        self._next = time.monotonic() + self._pause
        self._open = self._in_place
        print(f"\r\x1b[K{line}" if self._in_place else f"{line}\n", end="", file=self._stream, flush=True)

    def keep(self, line: str) -> None:
        """A line that stays."""
        self.close()
        print(line, file=self._stream, flush=True)

    def close(self) -> None:
        """End the redrawn line."""
        print("\r\x1b[K" if self._open else "", end="", file=self._stream, flush=True)
        self._open = False


def with_progress(work: Callable[..., T], *arguments: Any) -> T:
    """The result of a function of the data room, which takes its progress callback last."""
    line = Progress()

    def report(what: str, done: int, total: int) -> None:
        share = f"{100 * done // total} %" if total else f"{done:,}"
        line.update(f"{what}: {share}", due=done == total)

    try:
        return work(*arguments, report)
    finally:
        line.close()
