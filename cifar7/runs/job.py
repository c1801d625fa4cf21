"""What carrying out a claimed run needs, whatever its kind: the claim, the images, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cifar7.data.imageset import ImageSet
from cifar7.network.spec import NetSpec
from cifar7.runs.claim import Claim
from cifar7.training.config import TrainConfig
from cifar7.training.events import Event

PREPARING_SECONDS = 0.25  # between two reports of the data's progress


@dataclass(frozen=True)
class Job:
    """One claimed run with what it works on; `config.device` is a worker's where the run names none."""

    claim: Claim
    spec: NetSpec
    config: TrainConfig
    images: ImageSet
    control: Control
    listen: Callable[[Event], None]


class EndedEarly(Exception):  # noqa: N818 - nothing is wrong
    """A stop, or a pause, before there was a batch to stop at."""


class Control:
    """Called before every batch: "stop", "pause" or None; `reason` says why it is to stop."""

    def __init__(self, claim: Claim, stop_reason: Callable[[], str | None]) -> None:
        self._claim, self._stop_reason = claim, stop_reason
        self._next_report = 0.0
        self.reason: str | None = None

    def __call__(self) -> str | None:
        """What the training loop is to do now."""
        request = self._claim.requested()
        self.reason = "Stopped as asked" if request == "stop" else self._stop_reason()
        return "stop" if self.reason else "pause" if request == "pause" else None

    def preparing(self, what: str, done: int, total: int) -> None:
        """Write the progress of the data to the status. Raises EndedEarly at a request to stop or pause."""
        # A run that is only to be tested as it is needs the images too.
        if not self._claim.then and self():
            raise EndedEarly
        if time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + PREPARING_SECONDS
            self._claim.update(phase="data", preparing={"what": what, "done": done, "total": total})
