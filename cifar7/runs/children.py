"""The worker processes that this process started, and how they ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import cifar7

# The operating system reports a child's death once, to its parent alone: so the children are kept for the
# whole process. Facts about runs are not here; those are in their folders.
_children: dict[int, subprocess.Popen[bytes]] = {}
_guard = threading.Lock()

_SIGNALS = {
    "SIGKILL": "SIGKILL: ended by force, as the system also does when memory runs out",
    "SIGSEGV": "SIGSEGV: a crash inside a library",
    "SIGTERM": "SIGTERM: asked to end",
}


def environment(defaults: Mapping[str, str]) -> dict[str, str]:
    """This process's environment over `defaults`, for a child that is to find this package."""
    package_parent = str(Path(cifar7.__file__).absolute().parent.parent)
    search = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
    return {**defaults, **os.environ, "PYTHONPATH": search, "PYTHONUNBUFFERED": "1"}


def start(arguments: list[str], environment: dict[str, str], log: Path) -> int:
    """Start a process in a session of its own, its output appended to `log`; returns its pid.

    It outlives this process: Ctrl-C at the server's terminal does not reach it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    append = log.exists() and log.stat().st_size < 1_000_000
    with log.open("ab" if append else "wb") as output, _guard:
        child = subprocess.Popen(
            arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _children[child.pid] = child
    return child.pid


def again(arguments: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Put a fresh Python with these arguments in the place of this process.

    It has the same pid, parent and streams, and nothing else of what was here; locks are let go.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, *arguments]
    if os.name == "nt":  # there, a process cannot be replaced: this one waits for it
        sys.exit(subprocess.call(command, env=environment))
    os.execve(sys.executable, command, environment)


def alive(pid: int) -> bool:
    """Whether `pid` is a child of this process that still runs."""
    with _guard:
        child = _children.get(pid)
        return child is not None and child.poll() is None


def death(pid: int | None) -> str:
    """How the worker `pid` ended, as the end of a sentence that begins with "The worker process ..."."""
    with _guard:
        child = _children.get(pid) if pid is not None else None
    if child is None:
        return "ended without a word"
    try:
        # The kernel frees the locks of a dying process a moment before its parent can hear of it.
        status = child.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        return "let go of the run without a word"
    if status >= 0 or os.name == "nt":
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        return f"was killed by signal {-status}"
    return f"was killed by signal {-status} ({_SIGNALS.get(name, name)})"
