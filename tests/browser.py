"""A Streamlit server of our own and Debian's chromium, for tests that need to see the page."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from where import ROOT

from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.runs import queue
from cifar7.runs.folder import RunFolder
from cifar7.training.config import TrainConfig

TEACHER = "the-teachers-own"  # the secret of the teacher's link
PATIENCE = 120  # seconds for anything that happens by itself: other work may share the machine
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Nothing answers at this port, so no test downloads anything, whatever the machine's network.
OFFLINE = dict.fromkeys(("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"), "http://127.0.0.1:9")

# Ten classes on a network so small that an epoch of `shapes` takes about a second.
POCKET = NetSpec(
    name="pocket",
    stages=(Stage((Unit(6),), pool=4), Stage((Unit(12),), pool=2), Stage(), Stage()),
    output=Head(classifier="linear"),
)


def missing() -> str | None:
    """Why the browser tests cannot run here; None when they can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed (tests/requirements.txt)"
    return None if shutil.which("chromium") else "chromium is not installed (Debian: apt install chromium)"


class Site:
    """A running server with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runs = home / "runs"
        self.port = _free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        self.pid = 0  # of the server, once it runs
        self.log = home / "server.log"

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")]
        command += ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={self.port}"]
        kept = {k: v for k, v in os.environ.items() if k not in ("CIFAR7_DATA", "CIFAR7_RUNS")}
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**kept, **OFFLINE, "CIFAR7_HOME": str(self.home), "CIFAR7_TEACHER": TEACHER},
                stdout=log,
                stderr=log,
            )
        until(lambda: process.poll() is not None or _answers(f"{self.url}/_stcore/health"), "the server")
        assert process.poll() is None, self.log.read_text()
        self.pid = process.pid
        return process

    def lay(self, **settings: Any) -> RunFolder:
        """A run of the pocket network on `shapes` that was stopped before it began: a link to its design."""
        quick = {"epochs": 4, "batch_size": 64, "lr": 0.1, "train_sample": 500, "device": "cpu"}
        config = TrainConfig(**{**quick, **settings})
        with queue.start_here(self.runs, POCKET, config, "shapes") as claim:
            claim.end("stopped", "Laid by a test.")
            return claim.run

    def run(self, address: str) -> RunFolder:
        """The run that the address names."""
        return RunFolder.open(self.runs, address.split("run=")[1].split("&")[0])

    def kill_workers(self) -> None:
        for file in (self.runs / "workers").glob("*.pid"):
            with suppress(OSError, ValueError):
                os.kill(int(file.read_text()), signal.SIGKILL)


@contextmanager
def serving(home: Path) -> Iterator[Site]:
    site = Site(home)
    process = site.start()
    try:
        yield site
    finally:
        site.kill_workers()
        process.terminate()
        process.wait(timeout=20)


def until(happened: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait for something true and return it, or fail."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.2)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
        return answer.status == 200
    return False
