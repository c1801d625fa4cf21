"""Carry out one claimed run, from its folder to its folder, for the worker and the command line alike."""

from __future__ import annotations

import errno
import logging
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cifar7.data.imageset import ImageSet, Progress
from cifar7.errors import UserError
from cifar7.network.spec import NetSpec
from cifar7.results.predictions import Predictions
from cifar7.runs.claim import Claim
from cifar7.runs.folder import RunError, Status
from cifar7.training.config import TrainConfig
from cifar7.training.errors import DeviceStateError, TrainingError

if TYPE_CHECKING:  # torch is loaded only once there is something to train
    from torch import Tensor

    from cifar7.training.engine import Training
    from cifar7.training.events import Finished

log = logging.getLogger(__name__)

OpenImages = Callable[[str, Progress], ImageSet]  # (library name, progress) -> the set
Asked = Callable[[], str | None]  # why the process itself wants to stop, in words; None to go on
Listener = Callable[[dict[str, Any]], None]  # hears every event as the dict that is recorded

CHECKPOINT_SECONDS = 1.0  # at least, between two at the ends of epochs: this much work a death may cost
PREPARING_SECONDS = 0.25  # between two reports of the data's progress


def execute(
    claim: Claim,
    open_images: OpenImages,
    *,
    device: str = "auto",
    asked: Asked = lambda: None,
    listen: Listener = lambda event: None,
) -> Status:
    """Train the claimed run and bring it to its end, whatever happens; returns its last status.

    Nothing is raised but KeyboardInterrupt and, once the run has failed, DeviceStateError: this process
    should train no more. A mistake of the user's becomes the reason of a failed run, anything unexpected a
    plain reason, with the traceback in the run's worker.log. `device` takes the place of "auto".
    """
    try:
        _train(claim, open_images, device, asked, listen)
    except UserError as error:
        claim.end("failed", _with_what_is_kept(error, claim.status))
        if isinstance(error, DeviceStateError):
            raise
    except _StopAskedEarly as stop:
        claim.end("stopped", f"{stop}, while the images were being prepared.")
    except _PauseAskedEarly:
        claim.pause()
    except KeyboardInterrupt:
        claim.end("stopped", f"Interrupted; {kept(claim.status)}.")
        raise
    except Exception as error:
        _fail(claim, error)
    finally:
        claim.release()
    return claim.status


def kept(status: Status) -> str:
    """What a run that ended early has left, in words."""
    step = (status["progress"] or {}).get("step")
    epoch = (status["epoch"] or {}).get("epoch")
    if status["result"]:
        return "what it had come to before it went on is kept, with its figures"
    if not step:
        return "nothing had been trained yet"
    if not epoch:
        return f"it had come to step {step:,}, and no epoch was complete"
    return f"it had come to step {step:,}, and the weights of epoch {epoch} are kept"


def _train(claim: Claim, open_images: OpenImages, device: str, asked: Asked, listen: Listener) -> None:
    run = claim.run
    spec, config = run.spec(), run.config()
    if config.device == "auto":
        config = replace(config, device=device)
    reasons = _Reasons(claim, asked)
    images = open_images(run.data_name(), _Preparing(claim, reasons))
    _check_classes(spec, images)
    claim.update(phase="starting", preparing=None)

    from cifar7.network.module import build
    from cifar7.training import checkpoint
    from cifar7.training.engine import Training
    from cifar7.training.events import EpochEnd, Finished, Paused

    claim.save_environment(_environment(config, images))
    path = run.checkpoint_path()
    training = Training(
        build(spec, seed=config.seed),
        images,
        config,
        control=reasons.control,
        resume=checkpoint.load(path) if path else None,
    )
    saver = _Saver(claim, training)
    for event in training.events():
        told = event.to_dict()
        if claim.status["phase"] != "training":
            claim.update(phase="training")
        if isinstance(event, EpochEnd):
            saver.epoch_end()
        if isinstance(event, (Paused, Finished)):
            saver.checkpoint()
        claim.record(told)
        if isinstance(event, Finished):
            _finish(claim, event, images, reasons.why)
        elif isinstance(event, Paused):
            claim.pause()
        listen(told)


def _finish(claim: Claim, event: Finished, images: ImageSet, why: str | None) -> None:
    _save_weights(claim, event.weights)
    claim.save_predictions(Predictions(event.probabilities, event.labels, images.classes))
    result = event.to_dict()
    if event.state == "finished":
        claim.end("finished", None, result)
        return
    claim.end("stopped", f"{why}, after {event.steps:,} steps and {event.epochs} whole epochs.", result)


def _save_weights(claim: Claim, weights: dict[str, Tensor]) -> None:
    import torch

    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    torch.save(plain, claim.half_of("model.pt"))
    claim.put("model.pt")


class _Saver:
    """Writes weights and checkpoints as a run goes."""

    def __init__(self, claim: Claim, training: Training) -> None:
        self._claim, self._training = claim, training
        self._last = time.monotonic()

    def epoch_end(self) -> None:
        """Weights always; a checkpoint unless there was one just now, as an epoch may take a moment only."""
        # A run that went on after its end keeps what it had until it has something better, tested.
        if not self._claim.status["result"]:
            _save_weights(self._claim, self._training.weights())
        if time.monotonic() - self._last >= CHECKPOINT_SECONDS:
            self.checkpoint()

    def checkpoint(self) -> None:
        """What the rest of the run depends on, in the place of what was there."""
        from cifar7.training import checkpoint

        checkpoint.save(self._training.checkpoint(), self._claim.half_of("checkpoint.pt"))
        self._claim.put("checkpoint.pt")
        self._last = time.monotonic()


def _with_what_is_kept(error: UserError, status: Status) -> str:
    """The reason of a failed run; where it had been trained, with what is left of it."""
    said = str(error)
    if not isinstance(error, TrainingError) or not status["progress"]:
        return said
    left = kept(status)
    return f"{said[:1].upper()}{said[1:]} {left[:1].upper()}{left[1:]}."


def _check_classes(spec: NetSpec, images: ImageSet) -> None:
    if spec.classes != len(images.classes):
        raise RunError(
            f"the design puts out {spec.classes} classes and {images.title} has {len(images.classes)}; "
            f"give the design {len(images.classes)} classes."
        )


class _StopAskedEarly(Exception):  # noqa: N818 - nothing is wrong
    """A stop before there was a batch to stop at."""


class _PauseAskedEarly(Exception):  # noqa: N818 - nothing is wrong
    """A pause before there was a batch to pause at."""


class _Reasons:
    """Whether to stop or to pause, and who wants it: the one place that is asked before every batch."""

    def __init__(self, claim: Claim, asked: Asked) -> None:
        self._claim, self._asked = claim, asked
        self.why: str | None = None

    def control(self) -> str | None:
        asked = self._claim.asked()
        self.why = "Stopped as asked" if asked == "stop" else self._asked()
        return "stop" if self.why else "pause" if asked == "pause" else None


class _Preparing:
    """Shows the progress of the data in the status, a few times a second."""

    def __init__(self, claim: Claim, reasons: _Reasons) -> None:
        self._claim, self._reasons = claim, reasons
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        # Who is only to be tested as it is needs the images too.
        asked = None if self._claim.then else self._reasons.control()
        if asked:
            raise _StopAskedEarly(self._reasons.why) if asked == "stop" else _PauseAskedEarly
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PREPARING_SECONDS
            self._claim.update(phase="data", preparing={"what": what, "done": done, "total": total})


def _environment(config: TrainConfig, images: ImageSet) -> dict[str, Any]:
    """What a repetition would need to know. It is exported: no path, no name of machine or user."""
    import platform
    from importlib.metadata import version

    import torch

    from cifar7.training.devices import choose, cpu_cores, describe_device

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
        "cpu_count": cpu_cores(),
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


def _fail(claim: Claim, error: Exception) -> None:
    """End the run after something that nobody foresaw; the folder itself may be what is wrong."""
    path = claim.run.path
    if not path.is_dir():
        log.warning("the run %s was removed while it ran", claim.run.id)
        return
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = f"The disk is full; {kept(claim.status)}. Make room and start the run again."
    elif isinstance(error, ImportError):
        reason = (
            f"A library cannot be loaded ({_line(error)}); install the requirements and start the run again."
        )
    elif _is_out_of_memory(error):
        reason = (
            f"The memory is not enough even to begin; {kept(claim.status)}. Close what else uses it, or "
            "choose a smaller network."
        )
    else:
        reason = (
            f"Something unexpected happened ({_line(error)}); {kept(claim.status)}. worker.log tells more."
        )
    log.error("the run %s failed: %s", claim.run.id, reason)
    try:
        with (path / "worker.log").open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)) + os.linesep)
        claim.end("failed", reason)
    except OSError as second:
        log.error("and it could not be written down: %s", second)  # released, it shows as failed all the same


def _is_out_of_memory(error: Exception) -> bool:
    try:
        from cifar7.training.errors import is_out_of_memory
    except ImportError:
        return False
    return is_out_of_memory(error)


def _line(error: Exception) -> str:
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0][:200]}" if first else type(error).__name__
