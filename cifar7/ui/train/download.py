"""The download of CIFAR-10 from the page: the command line in a process of its own, one for all browsers."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cifar7
from cifar7 import paths
from cifar7.data.library import OFFICIAL
from cifar7.runs import children

_SHARE = re.compile(r"(.*): (\d{1,3}) %$")
_PREFIX = "cifar7: "  # begins the one line in which the command line says what went wrong


@dataclass(frozen=True, slots=True)
class Download:
    """State of the download. `running`: `what` is being done, to `share` (0..1); `failed`: `what` is why."""

    state: Literal["none", "running", "failed", "done"]
    what: str = ""
    share: float = 0.0


def start() -> None:
    """Begin to download, unless a download goes on."""
    if look().state == "running":
        return
    log, pid_file = _files()
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    package_parent = str(Path(cifar7.__file__).absolute().parent.parent)
    search = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
    pid = children.start(command(), {**os.environ, "PYTHONPATH": search, "PYTHONUNBUFFERED": "1"}, log)
    pid_file.write_text(f"{pid}\n")


def command() -> list[str]:
    """The command line of the process."""
    return [sys.executable, "-m", "cifar7", "data", "fetch", OFFICIAL]


def look() -> Download:
    """The state that the process's log shows. "none" also when the server was started anew in between."""
    log, pid_file = _files()
    try:
        pid = int(pid_file.read_text())
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return Download("none")
    running = children.alive(pid)
    shares = [match for line in lines if (match := _SHARE.match(line))]
    if running:
        what, share = (shares[-1][1], int(shares[-1][2]) / 100) if shares else ("Connecting", 0.0)
        return Download("running", what, min(share, 1.0))
    complaint = next((line for line in reversed(lines) if line.startswith(_PREFIX)), None)
    if complaint is not None:
        return Download("failed", complaint.removeprefix(_PREFIX))
    if any(line.startswith(f"{OFFICIAL}: ") for line in lines):
        return Download("done")
    return Download("failed", lines[-1] if lines else "The download ended without a word.")


def forget() -> None:
    """Remove the traces of the last download, so that its failure is not shown for ever."""
    for path in _files():
        path.unlink(missing_ok=True)


def _files() -> tuple[Path, Path]:
    return paths.home() / "download.log", paths.home() / "download.pid"
