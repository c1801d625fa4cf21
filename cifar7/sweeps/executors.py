"""Where the runs of a sweep are trained: the one seam between what is tried and what carries it out.

A run is a folder whoever trains it: an executor makes it, sees to it that it is trained, and can have it
stop. How it stands is read from the folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from cifar7.network.spec import NetSpec
from cifar7.runs.folder import RunFolder
from cifar7.runs.people import COMMAND_LINE, Person
from cifar7.runs.queue import enqueue, ensure_worker
from cifar7.runs.workers.served import served_devices
from cifar7.sweeps.cluster.setting import check_installed
from cifar7.sweeps.folder import SweepFolder
from cifar7.training.config import TrainConfig


class Executor(Protocol):
    """Trains runs, several at once or one after the other."""

    def obstacle(self) -> str:
        """Why nothing can be trained at present, in words; "" where it can."""

    def room(self) -> int:
        """How many runs of a sweep may wait or go on at a time, so that it never idles and hogs nothing."""

    def submit(
        self, spec: NetSpec, config: TrainConfig, data: str, by: Person, files: Mapping[str, dict[str, Any]]
    ) -> RunFolder:
        """Make a run and have it trained, its test withheld; raises as `runs.queue.enqueue`."""

    def resume(self, run: RunFolder) -> None:
        """Have a paused or stopped run go on from its checkpoint. RunError where it cannot, or not now."""

    def test(self, run: RunFolder) -> None:
        """Have a run tested whose test was withheld. RunError where it cannot, or not now."""

    def pause(self, run: RunFolder) -> None:
        """Have it pause."""

    def stop(self, run: RunFolder) -> None:
        """Have it stop, without a test."""

    def tend(self) -> None:
        """Called at every look: see to it that what waits is trained."""

    def close(self) -> None:
        """Let go of what was taken; runs that go on are carried on or can be taken up again."""


class Local:
    """The queue of this machine and its workers, which sweeps share with everybody."""

    def __init__(self, runs_dir: Path, data_dir: Path | None = None, device: str = "auto") -> None:
        self._runs_dir, self._data_dir, self._device = runs_dir, data_dir, device

    def obstacle(self) -> str:
        """There is none: workers are started when they are needed."""
        return ""

    def room(self) -> int:
        """One for each device, and one that is next."""
        return len(served_devices(self._device)) + 1

    def submit(
        self, spec: NetSpec, config: TrainConfig, data: str, by: Person, files: Mapping[str, dict[str, Any]]
    ) -> RunFolder:
        """Put it in the queue."""
        return enqueue(self._runs_dir, spec, config, data, by=by, files=files, withheld=True)

    def resume(self, run: RunFolder) -> None:
        """Put it in the queue again."""
        run.request_resume()

    def test(self, run: RunFolder) -> None:
        """Put it in the queue again, to be tested."""
        run.request_test()

    def pause(self, run: RunFolder) -> None:
        """As a person does."""
        run.request_pause(COMMAND_LINE)

    def stop(self, run: RunFolder) -> None:
        """As a person does."""
        run.request_stop(COMMAND_LINE)

    def tend(self) -> None:
        """A worker for each device, while something waits."""
        ensure_worker(self._runs_dir, self._device, data_dir=self._data_dir)

    def close(self) -> None:
        """The workers go on by themselves."""


def executor(sweep: SweepFolder, data_dir: Path | None) -> Executor:
    """Who trains the runs of a sweep. Raises SweepError without Ray where that is a cluster."""
    definition = sweep.definition()
    if definition.cluster:
        check_installed()
        from cifar7.sweeps.cluster.executor import Ray  # loads ray

        return Ray(sweep, data_dir)
    return Local(sweep.runs_dir, data_dir, definition.config.device)
