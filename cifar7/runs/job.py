"""What carrying out a claimed run needs, whatever its kind: the claim, the images, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cifar7.data.imageset import ImageSet, Progress
from cifar7.network.spec import NetSpec
from cifar7.runs.claim import Claim
from cifar7.training.config import TrainConfig
from cifar7.training.events import Event

OpenImages = Callable[[str, Progress], ImageSet]  # (library name, progress) -> the set
StopReason = Callable[[], str | None]  # why the process itself wants to stop, in words; None to go on
Listener = Callable[[Event], None]  # is called with every event

PREPARING_SECONDS = 0.25  # between two reports of the data's progress


@dataclass(frozen=True)
class Job:
    """One claimed run with what it works on; `config.device` is a worker's where the run names none."""

    claim: Claim
    spec: NetSpec
    config: TrainConfig
    images: ImageSet
    control: Control
    listen: Listener


class StoppedEarly(Exception):  # noqa: N818 - nothing is wrong
    """A stop before there was a batch to stop at; says why."""


class PausedEarly(Exception):  # noqa: N818 - nothing is wrong
    """A pause before there was a batch to pause at."""


class Control:
    """Called before every batch: "stop", "pause" or None; `reason` says why it is to stop."""

    def __init__(self, claim: Claim, stop_reason: StopReason) -> None:
        self._claim, self._stop_reason = claim, stop_reason
        self.reason: str | None = None

    def __call__(self) -> str | None:
        """What the training loop is to do now."""
        request = self._claim.requested()
        self.reason = "Stopped as asked" if request == "stop" else self._stop_reason()
        return "stop" if self.reason else "pause" if request == "pause" else None


class Preparing:
    """Writes the progress of the data to the status, a few times a second, and minds requests."""

    def __init__(self, claim: Claim, control: Control) -> None:
        self._claim, self._control = claim, control
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Report `done` of `total`. Raises StoppedEarly or PausedEarly where that was requested."""
        # A run that is only to be tested as it is needs the images too.
        request = None if self._claim.then else self._control()
        if request == "stop":
            raise StoppedEarly(self._control.reason)
        if request == "pause":
            raise PausedEarly
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PREPARING_SECONDS
            self._claim.update(phase="data", preparing={"what": what, "done": done, "total": total})
