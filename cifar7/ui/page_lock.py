"""One page is drawn at a time: each of ten that are drawn at once is ready only when all of them are.

Python executes one thread at a time, and hands over at each of a page's hundred messages.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 0.3  # seconds; a page that waits for a file or for another process does not keep the others


class PageLock:
    """A lock for threads, first come, first served, that is taken from whoever has held it for `longest`."""

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._changed = threading.Condition()
        self.line: deque[object] = deque()  # who has come; its first holds the lock
        self._since = 0.0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock, and hold it."""
        me = object()
        with self._changed:
            self.line.append(me)
            if self.line[0] is me:
                self._since = time.monotonic()
            while self.line[0] is not me:
                self._changed.wait(max(0.0, self._since + self._longest - time.monotonic()))
                if self.line[0] is not me and time.monotonic() >= self._since + self._longest:
                    self._next()
        try:
            yield
        finally:
            with self._changed:
                if self.line and self.line[0] is me:
                    self._next()

    def _next(self) -> None:
        self.line.popleft()
        self._since = time.monotonic()
        self._changed.notify_all()


lock = PageLock()
