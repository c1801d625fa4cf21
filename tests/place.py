"""A folder of runs that a real worker process serves."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import tiny

from cifar7.runs import children
from cifar7.runs.folder import RunFolder
from cifar7.runs.queue import enqueue, ensure_worker

LONG = 1000  # epochs: many minutes, unless something happens


class Place:
    """A folder of runs with its worker, and the data set `tiny`."""

    def __init__(self, folder: Path) -> None:
        self.runs, self.data = folder / "runs", folder / "data"
        tiny.make_set(self.data)
        self.pids: list[int] = []

    def tick(self) -> int | None:
        """What a page does once a second."""
        pid = ensure_worker(self.runs, "cpu", data_dir=self.data)
        self.pids += [pid] if pid else []
        return pid

    def lay(self, data_name: str = "tiny", **settings: object) -> RunFolder:
        return enqueue(self.runs, tiny.SPEC, tiny.config(**settings), data_name)

    def train(self, **settings: object) -> RunFolder:
        run = self.lay(**settings)
        self.tick()
        return run

    def under_way(self, run: RunFolder, epochs: int = 1) -> int:
        """Wait until some epochs are complete; the pid of who trains."""
        tiny.wait_for(lambda: (run.status()["epoch"] or {}).get("epoch", 0) >= epochs, 60, "an epoch")
        return int(run.status()["pid"] or 0)

    def close(self) -> None:
        for pid in self.pids:
            if children.alive(pid):
                os.kill(pid, signal.SIGKILL)
                children.death(pid)
