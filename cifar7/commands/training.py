"""`train`, `resume` and `check`: a run in this process, through the same folder and code as the worker's."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from cifar7 import machine
from cifar7.commands.history import find
from cifar7.commands.networks import read_network
from cifar7.commands.output import Progress, duration, percent, put_json, say, table, with_progress
from cifar7.commands.recipes import read_config
from cifar7.data import library
from cifar7.data.imageset import ImageSet
from cifar7.network import problems
from cifar7.network.arithmetic import analyse
from cifar7.network.spec import NetSpec
from cifar7.runs import children
from cifar7.runs.claim import Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunFolder, Status
from cifar7.runs.kept.recheck import recheck
from cifar7.runs.queue import PATIENT_THREADS, resume_here, start_here
from cifar7.training.errors import DeviceStateError
from cifar7.training.events import Beat, EpochEnd, Event, Finished, Notice, Started
from cifar7.wording import count

ANEW = "CIFAR7_ANEW"  # environment variable: set in a process that `anew` has begun


def train(arguments: argparse.Namespace) -> int:
    """Train and test; exit status 0, 2 if the run failed, 130 if it was interrupted."""
    wait_patiently()
    spec = read_network(arguments.network)
    config = read_config(arguments)
    images = with_progress(library.open_data, arguments.data)
    spec = fitted(spec, images)
    from cifar7.training.devices import choose, why_not_gpu  # loads torch

    device = choose(config.device)  # before there is a run: one that is not here is a mistake in the command
    if config.device == "auto" and device.type == "cpu" and (why := why_not_gpu()):
        say(f"cifar7: {machine.unused_gpu(why)}")
    return _carry_out(start_here(arguments.runs, spec, config, images.name), images, arguments.json)


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a run that was paused, stopped or left, or for more epochs; exit status as of `train`."""
    wait_patiently()
    run = find(arguments.runs, arguments.run)
    images = with_progress(library.open_set, run.data_name())
    return _carry_out(resume_here(run, arguments.epochs), images, arguments.json)


def check(arguments: argparse.Namespace) -> int:
    """Compute a run's figures again from its saved weights; exit status 1 where one differs."""
    wait_patiently()
    run = find(arguments.runs, arguments.run)
    images = with_progress(library.open_set, run.data_name())
    figures = recheck(run, images, arguments.device)
    same = all(figure.same for figure in figures)
    if arguments.json:
        names = ("recorded", "recomputed", "images", "same")
        entries = {figure.name: {name: getattr(figure, name) for name in names} for figure in figures}
        put_json({"run": run.id, "same": same, "figures": entries})
        return 0 if same else 1
    rows = []
    for figure in figures:
        title = figure.name.replace("_", " ").replace("heldout", "held-out")
        written = percent if figure.name.endswith("accuracy") else "{:.5f}".format
        values = written(figure.recorded), written(figure.recomputed)
        rows.append((title, *values, f"{figure.images:,}", "same" if figure.same else "differs"))
    print(table(("figure", "recorded", "recomputed", "images", ""), rows, left=(0, 4)))
    if not same:
        print("The saved weights do not give the recorded figures on this machine.")
    return 0 if same else 1


def _carry_out(claim: Claim, images: ImageSet, json: bool) -> int:
    """Execute a run in this process, and tell how it goes and what has come of it."""
    run, spec = claim.run, claim.run.spec()
    say(f"{spec.name} on {images.title} ({len(images.classes)} classes), run {run.id}")
    view, lost = _View(), False
    with interrupts(STOPPING) as signals:
        try:
            execute(
                claim,
                lambda name, progress: images,  # open already, under the title that was given
                stop_reason=lambda: "Interrupted at the command line" if signals else None,
                listen=view.show,
            )
        except DeviceStateError:  # the run says why
            lost = not signals
    status = claim.status
    view.close()
    if status["state"] == "failed":
        say(f"cifar7: {status['reason']}")
        if lost:
            anew(["resume", run.id, "--runs", str(run.path.parent), *(["--json"] if json else [])])
        return 2
    if json:
        put_json(_result(run, spec, images, status))
    elif status["state"] == "paused":
        print(f"paused; `python -m cifar7 resume {run.id}` goes on")
    else:
        _summarise(run, spec, images, status)
    return 130 if signals else 0


def anew(arguments: list[str]) -> None:
    """Carry out a command in a fresh process in the place of this one, which can no longer use its device.

    Returns where this one was put so in the place of another: once is enough.
    """
    if ANEW not in os.environ:
        say("going on in a fresh process")
        children.again(["-m", "cifar7", *arguments], {**children.environment({}), ANEW: "1"})


def wait_patiently() -> None:
    """Before torch is loaded: its threads are to leave the cores to others while they wait."""
    for name, value in PATIENT_THREADS.items():
        os.environ.setdefault(name, value)


def fitted(spec: NetSpec, images: ImageSet) -> NetSpec:
    """The network with as many classes as the set has. Raises SpecError where it cannot have them."""
    if len(images.classes) == spec.classes:
        return spec
    fitted = spec.with_classes(len(images.classes))
    problems.check(fitted)
    say(f"{spec.name} has {spec.classes} classes and {images.title} {len(images.classes)}: "
        f"the output was set to {fitted.classes}")  # fmt: skip
    return fitted


@contextmanager
def interrupts(answer: str) -> Iterator[list[int]]:
    """The signals so far: the first Ctrl-C (or SIGTERM) asks for an end, a second one does not wait.

    `answer`: what is said to the first.
    """
    signals: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        if len(signals) > 1:
            raise KeyboardInterrupt
        say(f"\n{answer}")

    handlers = {}
    with suppress(ValueError):  # not in the main thread: then there are no signals to catch
        handlers = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


class _View(Progress):
    """The run as it goes, on stderr."""

    def show(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Started):
            self.keep(
                f"{event.device}, {event.precision}; {event.parameters:,} parameters; "
                f"{event.train_images:,} images to train on, {event.heldout_images:,} held out, "
                f"{event.test_images:,} to test"
            )
            if event.from_step:
                self.keep(f"going on from step {event.from_step:,} of {event.steps:,}")
        elif isinstance(event, Beat):
            self.update(
                f"{_bar(event.step, event.steps)} epoch {event.epoch}/{event.epochs}  "
                f"loss {event.loss:.3f}  {event.images_per_second:,.0f} images/s  "
                f"{duration(event.seconds_left)} left"
            )
        elif isinstance(event, EpochEnd):
            held, tested = event.heldout_accuracy, event.test_accuracy
            watched = f"test {percent(tested)}" if held is None else f"held out {percent(held)}"
            self.keep(
                f"epoch {event.epoch}/{event.epochs}  loss {event.train_loss:.3f}  "
                f"train {percent(event.train_accuracy)}  {watched}  {duration(event.seconds)}"
            )
        elif isinstance(event, Notice):
            self.keep(event.words)


def _bar(done: int, total: int) -> str:
    """As in "[############------------]  50 %"."""
    filled = 24 * done // max(total, 1)
    return f"[{'#' * filled:-<24}] {100 * done // max(total, 1):3} %"


STOPPING = "stopping; what there is will be kept, and tested if that takes a moment (once more: at once)"
PROTOCOLS = {
    "holdout": "protocol holdout: epoch chosen on held-out training images, test set read once, at the end",
    "test-each-epoch": "protocol test-each-epoch: tested after every epoch, the last weights kept",
}


def _summarise(run: RunFolder, spec: NetSpec, images: ImageSet, status: Status) -> None:
    if status["state"] == "stopped":
        print(status["reason"])
    if result := Finished.from_dict(status["result"]):
        accuracy = percent(result.test_accuracy)
        print(f"test accuracy {accuracy} on {len(images.test):,} images of {images.title}")
        print(PROTOCOLS[result.protocol])
        if result.test_flip:
            print("each image was asked together with its mirror image (test-time flip)")
        if result.averaging:
            print("the weights are averages over the training's steps")
        for note in images.notes:
            print(f"note: {note}")
        print(f"{count(result.epochs, 'epoch')} in {duration(result.seconds)}, "
              f"{result.images_per_second:,.0f} images/s on {result.device}; "
              f"{analyse(spec).parameters:,} parameters")  # fmt: skip
    folder = run.path.parent
    if folder.is_relative_to(Path.home()):
        folder = "~" / folder.relative_to(Path.home())
    print(f"run {run.id} in {folder}")


def _result(run: RunFolder, spec: NetSpec, images: ImageSet, status: Status) -> dict[str, Any]:
    result = {name: value for name, value in (status["result"] or {}).items() if name != "event"}
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
