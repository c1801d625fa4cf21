"""How the command line speaks: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from cifar7 import wording
from cifar7.runs.files import plain


def say(line: str) -> None:
    """One line to the person, on stderr."""
    print(line, file=sys.stderr, flush=True)


def put(text: str = "") -> None:
    """A line of the result, on stdout."""
    print(text)


def put_json(content: dict[str, Any]) -> None:
    """The result as one JSON object on stdout."""
    print(json.dumps(plain(content), ensure_ascii=False, allow_nan=False))


def table(head: Sequence[str], rows: Sequence[Sequence[object]], left: Sequence[int] = (0,)) -> str:
    """Aligned columns, numbers to the right; `left`: indices of the columns of words."""
    cells = [[str(value) for value in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = (v.ljust(w) if i in left else v.rjust(w) for i, (v, w) in enumerate(zip(row, widths)))
        return "  ".join(padded).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(cells[0]), rule, *(line(row) for row in cells[1:])])


def percent(fraction: float | None) -> str:
    """An accuracy, as in "80.25 %"; "-" where there is none."""
    return wording.percent(fraction, none="-")


def duration(seconds: float | None) -> str:
    """A time, as in "3.1 s" or "1 min 05 s"; "-" where there is none."""
    return wording.duration(seconds, tenths_below=10, none="-")


class Progress:
    """A line that follows the work on stderr: redrawn in place on a terminal, else a line now and then."""

    def __init__(self, stream: TextIO | None = None, every_seconds: float = 5.0) -> None:
        self._stream = stream or sys.stderr
        self._in_place = self._stream.isatty()
        self._every = 0.1 if self._in_place else every_seconds
        self._next = 0.0
        self._open = False  # a redrawn line stands there

    def update(self, line: str, *, due: bool = False) -> None:
        """Show `line`, unless the last one was shown just now; `due`: in any case."""
        if not due and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        if self._in_place:
            self._stream.write(f"\r\x1b[K{line}")
            self._open = True
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def keep(self, line: str) -> None:
        """A line that stays."""
        self.close()
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def close(self) -> None:
        """End the redrawn line."""
        if self._open:
            self._stream.write("\r\x1b[K")
            self._open = False
        self._stream.flush()


class DataProgress(Progress):
    """The progress callback of the data room: progress(what, done, total)."""

    def report(self, what: str, done: int, total: int) -> None:
        """Show how far `what` is."""
        share = f"{100 * done // total} %" if total else f"{done:,}"
        self.update(f"{what}: {share}", due=done == total and not self._in_place)
