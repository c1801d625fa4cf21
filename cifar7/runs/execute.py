"""Carry out one claimed run, from its folder to its folder, for the worker and the command line alike."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable
from dataclasses import replace

from cifar7.data.imageset import ImageSet
from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.runs.claim import Claim
from cifar7.runs.directory import RunError
from cifar7.runs.execute_lr_test import test_learning_rate
from cifar7.runs.execute_training import train
from cifar7.runs.job import (
    Control,
    Job,
    Listener,
    OpenImages,
    PausedEarly,
    Preparing,
    StoppedEarly,
    StopReason,
)
from cifar7.runs.kinds import Kind
from cifar7.runs.reasons import mistake_reason, remains, unexpected_reason
from cifar7.runs.status import Status
from cifar7.training.errors import DeviceStateError

log = logging.getLogger(__name__)

CARRY_OUT: dict[Kind, Callable[[Job], None]] = {"training": train, "lr-test": test_learning_rate}


def execute(
    claim: Claim,
    open_images: OpenImages,
    *,
    device: str = "auto",
    stop_reason: StopReason = lambda: None,
    listen: Listener = lambda event: None,
) -> Status:
    """Carry out the claimed run and bring it to its end, whatever happens; returns its last status.

    Nothing is raised but KeyboardInterrupt and, once the run has failed, DeviceStateError: this process
    should train no more. A mistake of the user's becomes the reason of a failed run, anything unexpected a
    plain reason, with the traceback in the run's worker.log. `device` takes the place of "auto";
    `stop_reason` is called before every batch.
    """
    try:
        job = _prepare(claim, open_images, device, Control(claim, stop_reason), listen)
        CARRY_OUT[claim.run.kind](job)
    except UserError as error:
        claim.end("failed", mistake_reason(error, claim.status, claim.run.kind))
        if isinstance(error, DeviceStateError):
            raise
    except StoppedEarly as stop:
        claim.end("stopped", f"{stop}, while the images were being prepared.")
    except PausedEarly:
        claim.pause()
    except KeyboardInterrupt:
        claim.end("stopped", f"Interrupted; {remains(claim.status, claim.run.kind)}.")
        raise
    except Exception as error:
        _fail(claim, error)
    finally:
        claim.release()
    return claim.status


def _prepare(claim: Claim, open_images: OpenImages, device: str, control: Control, listen: Listener) -> Job:
    """Read the folder and open the images."""
    run = claim.run
    spec, config = run.spec(), run.config()
    if config.device == "auto":
        config = replace(config, device=device)
    images = open_images(run.data_name(), Preparing(claim, control))
    _check_classes(spec, images)
    claim.update(phase="starting", preparing=None)
    return Job(claim, spec, config, images, control, listen)


def _check_classes(spec: NetSpec, images: ImageSet) -> None:
    if spec.classes != len(images.classes):
        raise RunError(
            f"the design puts out {spec.classes} classes and {images.title} has {len(images.classes)}; "
            f"give the design {len(images.classes)} classes."
        )


def _fail(claim: Claim, error: Exception) -> None:
    """End the run after something that nobody foresaw; the folder itself may be what is wrong."""
    run = claim.run
    if not run.path.is_dir():
        log.warning("the run %s was removed while it ran", run.id)
        return
    reason = unexpected_reason(error, claim.status, run.kind)
    log.error("the run %s failed: %s", run.id, reason)
    try:
        with (run.path / "worker.log").open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)) + os.linesep)
        claim.end("failed", reason)
    except OSError as second:
        log.error("and it could not be written down: %s", second)  # released, it shows as failed all the same
