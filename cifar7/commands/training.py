"""`train` and `resume`: a run in this process, through the same folder and code as the worker's."""

from __future__ import annotations

import argparse
import os
import signal
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from cifar7.commands.history import find
from cifar7.commands.networks import read_network
from cifar7.commands.output import DataProgress, Progress, duration, percent, put, put_json, say
from cifar7.commands.recipes import read_config
from cifar7.data import library
from cifar7.data.imageset import ImageSet
from cifar7.network.arithmetic import analyse
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder, Status
from cifar7.runs.queue import PATIENT_THREADS, resume_here, start_here
from cifar7.training.errors import DeviceStateError
from cifar7.training.events import Beat, EpochEnd, Event, Finished, Notice, Started


def train(given: argparse.Namespace) -> int:
    """Train and test; exit status 0, 2 if the run failed, 130 if it was interrupted."""
    wait_patiently()
    spec = read_network(given.network)
    config = read_config(given)
    progress = DataProgress()
    images = library.open_data(given.data, progress.report)
    progress.close()
    spec = fitted(spec, images)
    from cifar7.training.devices import choose  # loads torch

    choose(config.device)  # before there is a run: a device that is not here is a mistake in the command
    return carry_out(start_here(given.runs, spec, config, images.name), images, given.json)


def resume(given: argparse.Namespace) -> int:
    """Go on with a run that was paused, stopped or left, or for more epochs; exit status as of `train`."""
    wait_patiently()
    run = find(given.runs, given.run)
    progress = DataProgress()
    images = library.open_set(run.data_name(), progress.report)
    progress.close()
    return carry_out(resume_here(run, given.epochs), images, given.json)


def carry_out(claim: Claim, images: ImageSet, json: bool) -> int:
    """Execute a run in this process, and tell how it goes and what has come of it."""
    run, spec = claim.run, claim.run.spec()
    say(f"{spec.name} on {images.title} ({len(images.classes)} classes), run {run.id}")
    view = _View()
    # After a DeviceStateError the run has failed and says why; this process ends anyway.
    with _Interrupts() as interrupts, suppress(DeviceStateError):
        # The set is open already, under the title that was given.
        execute(claim, lambda name, progress: images, stop_reason=interrupts.stop_reason, listen=view.show)
    status = claim.status
    view.close()
    if status["state"] == "failed":
        say(f"cifar7: {status['reason']}")
        return 2
    if json:
        put_json(_result(run, spec, images, status))
    elif status["state"] == "paused":
        put(f"paused; `python -m cifar7 resume {run.id}` goes on")
    else:
        _summarise(run, spec, images, status)
    return 130 if interrupts.count else 0


def wait_patiently() -> None:
    """Before torch is loaded: its threads are to leave the cores to others while they wait."""
    for name, value in PATIENT_THREADS.items():
        os.environ.setdefault(name, value)


def fitted(spec: NetSpec, images: ImageSet) -> NetSpec:
    """The network with as many classes as the set has. Raises SpecError where it cannot have them."""
    if len(images.classes) == spec.classes:
        return spec
    fitted = spec.with_classes(len(images.classes))
    check(fitted)
    say(f"{spec.name} has {spec.classes} classes and {images.title} {len(images.classes)}: "
        f"the output was set to {fitted.classes}")  # fmt: skip
    return fitted


class _Interrupts:
    """The first Ctrl-C (or SIGTERM) asks for a stop at the next batch, a second one does not wait."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(ValueError):  # not in the main thread: then there are no signals to catch
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt
        say("\nstopping; what there is will be tested and kept (once more to leave at once)")

    def stop_reason(self) -> str | None:
        """For the training loop: why to stop, if it is to."""
        return "Interrupted at the command line" if self.count else None


class _View:
    """The run as it goes, on stderr."""

    def __init__(self) -> None:
        self._line = Progress()

    def show(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Started):
            self._line.keep(
                f"{event.device}, {event.precision}; {event.parameters:,} parameters; "
                f"{event.train_images:,} images to train on, {event.heldout_images:,} held out, "
                f"{event.test_images:,} to test"
            )
            if event.from_step:
                self._line.keep(f"going on from step {event.from_step:,} of {event.steps:,}")
        elif isinstance(event, Beat):
            self._line.update(
                f"{bar(event.step, event.steps)} epoch {event.epoch}/{event.epochs}  "
                f"loss {event.loss:.3f}  {event.images_per_second:,.0f} images/s  "
                f"{duration(event.seconds_left)} left"
            )
        elif isinstance(event, EpochEnd):
            self._line.keep(_epoch(event))
        elif isinstance(event, Notice):
            self._line.keep(event.words)

    def close(self) -> None:
        """Leave the terminal tidy."""
        self._line.close()


def bar(done: int, total: int, width: int = 24) -> str:
    """A bar of text, as in "[######------]  50 %"."""
    filled = width * done // max(total, 1)
    return f"[{'#' * filled}{'-' * (width - filled)}] {100 * done // max(total, 1):3} %"


def _epoch(end: EpochEnd) -> str:
    watched = (
        f"test {percent(end.test_accuracy)}"
        if end.heldout_accuracy is None
        else f"held out {percent(end.heldout_accuracy)}"
    )
    return (
        f"epoch {end.epoch}/{end.epochs}  loss {end.train_loss:.3f}  train {percent(end.train_accuracy)}  "
        f"{watched}  {duration(end.seconds)}"
    )


PROTOCOLS = {
    "holdout": "protocol holdout: epoch chosen on held-out training images, test set read once, at the end",
    "test-each-epoch": "protocol test-each-epoch: tested after every epoch, the last weights kept",
}


def _summarise(run: RunFolder, spec: NetSpec, images: ImageSet, status: Status) -> None:
    if status["state"] == "stopped":
        put(str(status["reason"]))
    result = Finished.from_dict(status["result"])
    if result is None:
        put(f"run {run.id} in {_short(run.path.parent)}")
        return
    put(f"test accuracy {percent(result.test_accuracy)} on {len(images.test):,} images of {images.title}")
    put(PROTOCOLS[result.protocol])
    if result.test_flip:
        put("each image was asked together with its mirror image (test-time flip)")
    if result.averaging:
        put("the weights are averages over the training's steps")
    for note in images.notes:
        put(f"note: {note}")
    put(f"{result.epochs} epoch{'' if result.epochs == 1 else 's'} in {duration(result.seconds)}, "
        f"{result.images_per_second:,.0f} images/s on {result.device}; "
        f"{analyse(spec).parameters:,} parameters")  # fmt: skip
    put(f"run {run.id} in {_short(run.path.parent)}")


def _short(path: Path) -> str:
    with suppress(ValueError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)


def _result(run: RunFolder, spec: NetSpec, images: ImageSet, status: Status) -> dict[str, Any]:
    result = {key: value for key, value in (status["result"] or {}).items() if key != "event"}
    return {
        "run": run.id,
        "path": str(run.path),
        "network": spec.name,
        "parameters": analyse(spec).parameters,
        "data": images.name,
        "data_title": images.title,
        "data_origin": images.origin,
        "data_fingerprint": images.fingerprint,
        "synthetic": images.synthetic,
        "classes": list(images.classes),
        "state": status["state"],
        "reason": status["reason"],
        **result,
    }
