"""How long reading one text may take, and how that is measured beside other work."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 2.0  # CPU seconds


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of `work`; where it took too long, the least of three: a shared core counts more."""
    least = float("inf")
    for _ in range(3):
        begin = time.process_time()
        work()
        least = min(least, time.process_time() - begin)
        if least < LONGEST:
            break
    return least
