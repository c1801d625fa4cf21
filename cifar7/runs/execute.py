"""Carry out one claimed run, from its folder to its folder, for the worker and the command line alike."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from cifar7.data.imageset import ImageSet, Progress
from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.runs.carry_out import Control, EndedEarly, Job, test_learning_rate, train
from cifar7.runs.claim import Claim
from cifar7.runs.directory import RunError
from cifar7.runs.files import append_line
from cifar7.runs.kinds import Kind
from cifar7.runs.reasons import mistake_reason, remains, unexpected_reason
from cifar7.runs.status import Status
from cifar7.runs.workers.soundness import lost
from cifar7.training.budget import Plan
from cifar7.training.config import TrainConfig
from cifar7.training.errors import DeviceStateError
from cifar7.training.events import Event
from cifar7.training.norms import check_norms

log = logging.getLogger(__name__)

OpenImages = Callable[[str, Progress], ImageSet]  # (library name, progress) -> the set
CARRY_OUT: dict[Kind, Callable[[Job], None]] = {"training": train, "lr-test": test_learning_rate}


def execute(
    claim: Claim,
    open_images: OpenImages,
    *,
    device: str = "auto",
    stop_reason: Callable[[], str | None] = lambda: None,
    listen: Callable[[Event], None] = lambda event: None,
) -> Status:
    """Carry out the claimed run and bring it to its end, whatever happens; returns its last status.

    Nothing is raised but KeyboardInterrupt and, once the run waits for another process or has failed,
    DeviceStateError: this process should train no more. A mistake of the user's becomes the reason of a
    failed run, anything unexpected a plain reason, with the traceback in the run's worker.log. `device` takes
    the place of "auto"; `stop_reason` is called before every batch: why this process wants to stop, None to
    go on.
    """
    control = Control(claim, stop_reason)
    claim.give_up = stop_reason
    try:
        CARRY_OUT[claim.run.kind](_prepare(claim, open_images, device, control, listen))
    except EndedEarly:
        if control.reason:
            claim.end("stopped", f"{control.reason}, while the images were being prepared.")
        else:
            claim.pause()
    except KeyboardInterrupt:
        claim.end("stopped", f"Interrupted; {remains(claim.status, claim.run.kind)}.")
        raise
    except Exception as error:
        if fault := lost(error, _device(claim, device)):
            _lose(claim, fault, error)
            if fault is error:
                raise
            raise fault from error
        if isinstance(error, UserError):
            claim.end("failed", mistake_reason(error, claim.status, claim.run.kind))
        else:
            _fail(claim, error)
    finally:
        claim.release()
    return claim.status


def _prepare(
    claim: Claim, open_images: OpenImages, device: str, control: Control, listen: Callable[[Event], None]
) -> Job:
    """Read the folder and open the images."""
    run = claim.run
    spec, config = run.spec(), run.config()
    if config.device == "auto":
        config = replace(config, device=device)
    images = open_images(run.data_name(), control.preparing)
    if spec.classes != len(images.classes):
        raise RunError(
            f"the design puts out {spec.classes} classes and {images.title} has {len(images.classes)}; "
            f"give the design {len(images.classes)} classes."
        )
    check_norms(spec, config)
    claim.note(phase="starting", preparing=None)
    _check_memory(spec, config, images)
    return Job(claim, spec, config, images, control, listen)


def _device(claim: Claim, device: str) -> str:
    """The device that the run asks for; `device` where it names none, or cannot be read."""
    with suppress(UserError):
        wanted = claim.run.config().device
        return device if wanted == "auto" else wanted
    return device


def _check_memory(spec: NetSpec, config: TrainConfig, images: ImageSet) -> None:
    """Raises BudgetError where the device has too little memory for the run at this moment."""
    from cifar7.training import devices  # loads torch

    device = devices.choose(config.device)
    most = devices.free_memory(device)
    if most is not None:
        sizes = len(images.train.labels), len(images.test.labels)
        Plan(spec, config, devices.place(device), *sizes).check_memory(most)


def _fail(claim: Claim, error: Exception) -> None:
    """End the run after something that nobody foresaw; the folder itself may be what is wrong."""
    run = claim.run
    reason = unexpected_reason(error, claim.status, run.kind, run.checkpoint_path() is not None)
    _write_down(claim, error, reason, lambda: claim.end("failed", reason))


def _lose(claim: Claim, fault: DeviceStateError, error: Exception) -> None:
    """Leave the run to another process after `error`, as `fault` is found with the device."""
    _write_down(claim, error, str(fault), lambda: claim.lose(fault))


def _write_down(claim: Claim, error: Exception, words: str, end: Callable[[], None]) -> None:
    """Put the error into the run's log, and call `end`."""
    run = claim.run
    if not run.path.is_dir():
        log.warning("the run %s was removed while it ran", run.id)
        return
    log.error("the run %s failed: %s", run.id, words)
    try:
        with suppress(OSError):
            append_line(
                run.path / "worker.log", ("".join(traceback.format_exception(error)) + os.linesep).encode()
            )
        end()
    except (OSError, RunError) as second:
        log.error("and it could not be written down: %s", second)  # released, it shows as failed all the same
