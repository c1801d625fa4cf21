"""Carry out a training or a learning-rate test on a claimed run: all that it leaves goes into its folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from cifar7.data.imageset import ImageSet
from cifar7.disk import is_full
from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs.claim import Claim
from cifar7.runs.kept.saving import insist, save_tensors
from cifar7.runs.reasons import untested_reason
from cifar7.training.config import TrainConfig
from cifar7.training.events import EpochEnd, Event, Finished, Left, Paused, RangeStep

if TYPE_CHECKING:  # torch is loaded only once there is something to train
    from torch import Tensor

# At least, between two checkpoints at the ends of epochs, and between the weights of two epochs: this much
# work a death may cost. Each waits for the disk, and on a GPU an epoch may take a moment only.
SAVING_SECONDS = 1.0
ASK_SECONDS = 0.1  # at least, between two looks for a request during a step or an evaluation
TEST_SECONDS = 1.0  # after a request to stop: when testing what there is must be done
REPORT_SECONDS = 0.2  # between two reports of a test's step
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
    """What a training is asked to do, as `Training` takes it; `reason` says why it is to stop.

    A run that is over its time, or waited only to be tested, is tested in full; one that somebody stops makes
    room soon.
    """

    def __init__(self, claim: Claim, stop_reason: Callable[[], str | None]) -> None:
        self._claim, self._stop_reason = claim, stop_reason
        self._next_report = 0.0
        self._minutes = claim.status["minutes"]
        self.reason: str | None = None

    def __call__(self) -> str | None:
        """What the training loop is to do now."""
        asked = self._claim.run.requested()
        if asked in ("stop", "end"):
            self.reason = "Stopped as asked" if asked == "stop" else "Stopped at once as asked"
            return asked
        if reason := self._stop_reason():
            self.reason = reason
            return "stop"
        if asked == "pause":
            return asked
        if reason := "Stopped as asked" if self._claim.then == "stop" else self._over():
            self.reason = reason
            return "test"
        return None

    def _over(self) -> str | None:
        """Why the run's time is over; None while it is not, or has no limit."""
        if not self._minutes or self._claim.worked_seconds() < 60 * self._minutes:
            return None
        return f"Stopped at the limit of {self._minutes:g} minutes for a run"

    def preparing(self, what: str, done: int, total: int) -> None:
        """Write the progress of the data to the status. Raises EndedEarly at a request to stop or pause."""
        if self() in ("stop", "end", "pause"):  # what is only to be tested needs the images too
            raise EndedEarly
        if time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + PREPARING_SECONDS
            self._claim.note(phase="data", preparing={"what": what, "done": done, "total": total})


def train(job: Job) -> None:
    """Train the run's network, from its checkpoint if there is one, to its end, a stop or a pause."""
    from cifar7.network.module import build
    from cifar7.training import checkpoint
    from cifar7.training.engine import Training

    claim = job.claim
    claim.save_environment(_environment(job.config, job.images))
    path = claim.run.checkpoint_path()
    training = Training(
        build(job.spec, seed=job.config.seed),
        job.images,
        job.config,
        control=job.control,
        ask_seconds=ASK_SECONDS,
        test_seconds=TEST_SECONDS,
        resume=checkpoint.load(path) if path else None,
        test=not claim.status["withheld"],
        record=not claim.status["unrecorded"],
    )
    weights = _Weights(claim)
    last_checkpoint = time.monotonic()
    try:
        for event in training.events():
            if claim.status["phase"] != "training":
                claim.note(phase="training")
            if isinstance(event, EpochEnd) and not claim.status["result"]:
                # A run that went on after its end keeps what it had until it has something better, tested.
                weights.take(event.epoch, training.weights())
            due = isinstance(event, EpochEnd) and time.monotonic() - last_checkpoint >= SAVING_SECONDS
            if due or isinstance(event, (Paused, Finished, Left)):
                needed = not isinstance(event, EpochEnd)
                _save(claim, "checkpoint.pt", training.checkpoint(), needed)
                last_checkpoint = time.monotonic()
            claim.record(event)
            if isinstance(event, Finished):
                weights.end(event.weights)
                _finish(job, event)
            elif isinstance(event, Left):
                weights.write()
                claim.end("stopped", untested_reason(job.control.reason, event, claim.status))
            elif isinstance(event, Paused):
                weights.write()
                claim.pause()
            job.listen(event)
    except BaseException:
        with suppress(Exception):  # what went wrong is to be told, and not this
            weights.write()
        raise


class _Weights:
    """Puts the weights of whole epochs into model.pt: the first and then one a second, and the last ones."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._waiting: tuple[int, dict[str, Tensor]] | None = None
        self._written = -inf

    def take(self, epoch: int, weights: dict[str, Tensor]) -> None:
        """Those of one more epoch, which later steps do not change."""
        self._waiting = epoch, _copied(weights)
        if time.monotonic() - self._written >= SAVING_SECONDS:
            self.write()

    def write(self) -> None:
        """Those that wait, if any do: once the training has come to an end, whichever it is."""
        if self._waiting is None:
            return
        epoch, weights = self._waiting
        self._written = time.monotonic()
        if _save(self._claim, "model.pt", weights, needed=False):
            self._waiting = None
            self._claim.note(kept=epoch)

    def end(self, weights: dict[str, Tensor]) -> None:
        """Those of the result, in the place of any others."""
        self._waiting = None
        _save(self._claim, "model.pt", _copied(weights), needed=True)


def _copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in weights.items()}


def _finish(job: Job, event: Finished) -> None:
    claim, reason = job.claim, None
    claim.save_predictions(Predictions(event.probabilities, event.labels, job.images.classes))
    if event.state != "finished":
        reason = f"{job.control.reason}, after {event.steps:,} steps and {event.epochs} whole epochs."
    claim.end("stopped" if reason else "finished", reason, event.to_dict())


def _save(claim: Claim, name: str, content: Any, needed: bool) -> bool:
    """Put tensors into the folder; where the disk is full, the former file stays, and the run goes on.

    Whether they were saved. `needed`: the run cannot do without, and waits for room.
    """
    path = claim.run.path / name
    if needed:
        insist(lambda: save_tensors(path, content), claim.give_up)
        return True
    try:
        save_tensors(path, content)
    except (OSError, RuntimeError) as error:
        if not is_full(error):
            raise
        claim.missed()
        return False
    return True


def test_learning_rate(job: Job) -> None:
    """Take the steps on a copy of the design; the result is the `Finding`, with its seconds."""
    from cifar7.network.module import build  # loads torch
    from cifar7.training.lr_finder import range_test, steps_of
    from cifar7.training.lr_finding import find

    claim, config = job.claim, job.config
    began, steps, next_report = time.perf_counter(), steps_of(config), 0.0
    points = []
    claim.note(phase="training")
    module = build(job.spec, seed=config.seed)
    record = not claim.status["unrecorded"]
    steps_taken = range_test(
        module, job.images, config, control=job.control, ask_seconds=ASK_SECONDS, record=record
    )
    for lr, loss in steps_taken:
        points.append((lr, loss))
        if time.monotonic() >= next_report:
            next_report = time.monotonic() + REPORT_SECONDS
            event = RangeStep(len(points), steps, lr, loss)
            claim.record(event)
            job.listen(event)
    if job.control.reason:
        claim.end("stopped", f"{job.control.reason}, after {len(points)} of {steps} steps.")
        return
    claim.end("finished", None, {**find(points).to_dict(), "seconds": time.perf_counter() - began})


def _environment(config: TrainConfig, images: ImageSet) -> dict[str, Any]:
    """What a repetition would need to know. It is exported: no path, no name of machine or user."""
    import platform
    from importlib.metadata import version

    import torch

    from cifar7 import machine
    from cifar7.training.devices import choose, describe_device

    device = choose(config.device)
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": version("torchvision"),
        "numpy": version("numpy"),
        "cuda": torch.version.cuda if device.type == "cuda" else None,
        "platform": f"{platform.system()} {platform.machine()}",
        "device": describe_device(device),
        "device_type": device.type,
        "cpu_count": machine.cores(),
        "threads": torch.get_num_threads(),
        "data": {
            "name": images.name,
            "title": images.title,
            "origin": images.origin,
            "synthetic": images.synthetic,
            "fingerprint": images.fingerprint,
            "classes": list(images.classes),
            "train": len(images.train.labels),
            "test": len(images.test.labels),
        },
    }
