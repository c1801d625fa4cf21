"""The download of CIFAR-10 from the page: the command line in a process of its own, one for all browsers."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cifar7 import paths
from cifar7.data.library import OFFICIAL
from cifar7.disk import read_regular, why_not
from cifar7.errors import UserError
from cifar7.runs import children

_SHARE = re.compile(r"(.*): (\d{1,3}) %$")
_PREFIX = "cifar7: "  # begins the one line in which the command line says what went wrong


@dataclass(frozen=True, slots=True)
class Download:
    """State of the download. `running`: `what` is being done, to `share` (0..1); `failed`: `what` is why."""

    state: Literal["none", "running", "failed", "done"]
    what: str = ""
    share: float = 0.0


LARGEST_LOG = 4_000_000  # bytes
_BEGUN = Download("running", "Connecting")


def start() -> None:
    """Begin to download, unless a download goes on. Raises UserError where nothing can be written."""
    if look().state == "running":
        return
    try:
        forget()
        log, pid_file = _files()
        pid = children.start(command(), children.environment({}), log)
        pid_file.write_text(f"{pid}\n")
    except OSError as error:
        raise UserError(f"the download cannot begin: {why_not(error)}") from None


def command() -> list[str]:
    """The command line of the process."""
    return [sys.executable, "-m", "cifar7", "data", "fetch", OFFICIAL]


def look() -> Download:
    """The state that the process's log shows. "none" also when the server was started anew in between."""
    log, pid_file = _files()
    try:
        running = children.alive(int(read_regular(pid_file, 100)))  # before its last words are read
        lines = read_regular(log, LARGEST_LOG).decode(errors="replace").splitlines()
    except (OSError, ValueError):
        return Download("none")
    newest = lines[::-1]
    if running:
        match = next(filter(None, map(_SHARE.match, newest)), None)
        return Download("running", match[1], min(int(match[2]) / 100, 1.0)) if match else _BEGUN
    complaint = next((line for line in newest if line.startswith(_PREFIX)), None)
    if complaint is not None:
        return Download("failed", complaint.removeprefix(_PREFIX))
    if any(line.startswith(f"{OFFICIAL}: ") for line in lines):
        return Download("done")
    return Download("failed", lines[-1] if lines else "The download ended without a word.")


def forget() -> None:
    """Remove the traces of the last download, so that its failure is not shown for ever."""
    for path in _files():
        with suppress(OSError):  # on a disk that can only be read, it stays
            path.unlink(missing_ok=True)


def _files() -> tuple[Path, Path]:
    return paths.home() / "download.log", paths.home() / "download.pid"
