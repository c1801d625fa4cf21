"""A worker's manners: on one machine with a page, which somebody looks at, it comes second."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NICENESS = 10
AUTOGROUP, OF_SESSION = Path("/proc/self/autogroup"), 5  # a third of what another session gets
# Of 1000: where memory runs out, the kernel ends the worker, whose work is kept, and not the page.
OOM_SCORE = 800


def leave_the_cpu() -> None:
    """Take of the CPU what the page leaves. Not for who feeds an accelerator, which must not wait.

    On Linux this goes for the thread that calls it, and for those that it starts later.
    """
    if not hasattr(os, "nice"):
        return
    os.nice(max(0, NICENESS - os.nice(0)))
    # Linux shares the CPU between sessions first, and this process leads one of its own: by its own niceness
    # alone it would take as much as the server does. See sched(7), "The autogroup feature".
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            AUTOGROUP.write_text(str(OF_SESSION), encoding="ascii")


def leave_the_memory() -> None:
    """Where memory runs out, this process is to go first; of Linux alone, and of no use elsewhere."""
    with suppress(OSError, ValueError):
        score = Path("/proc/self/oom_score_adj")
        score.write_text(str(max(OOM_SCORE, int(score.read_text()))))
