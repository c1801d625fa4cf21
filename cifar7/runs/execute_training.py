"""Carry out a training: events, weights, checkpoints and predictions go into the run's folder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cifar7.data.imageset import ImageSet
from cifar7.results.predictions import Predictions
from cifar7.runs.claim import Claim
from cifar7.runs.job import Job
from cifar7.training.config import TrainConfig
from cifar7.training.events import EpochEnd, Finished, Paused

if TYPE_CHECKING:  # torch is loaded only once there is something to train
    from torch import Tensor

    from cifar7.training.engine import Training

CHECKPOINT_SECONDS = 1.0  # at least, between two at the ends of epochs: this much work a death may cost


def train(job: Job) -> None:
    """Train the run's network, from its checkpoint if there is one, to its end, a stop or a pause."""
    from cifar7.network.module import build  # loads torch
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
        resume=checkpoint.load(path) if path else None,
    )
    saver = _Saver(claim, training)
    for event in training.events():
        if claim.status["phase"] != "training":
            claim.update(phase="training")
        if isinstance(event, EpochEnd):
            saver.epoch_end()
        if isinstance(event, (Paused, Finished)):
            saver.checkpoint()
        claim.record(event)
        if isinstance(event, Finished):
            _finish(job, event)
        elif isinstance(event, Paused):
            claim.pause()
        job.listen(event)


def _finish(job: Job, event: Finished) -> None:
    claim = job.claim
    _save_weights(claim, event.weights)
    claim.save_predictions(Predictions(event.probabilities, event.labels, job.images.classes))
    reason = (
        None
        if event.state == "finished"
        else f"{job.control.reason}, after {event.steps:,} steps and {event.epochs} whole epochs."
    )
    claim.end("stopped" if reason else "finished", reason, event.to_dict())


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
        """Replace checkpoint.pt by what the rest of the run depends on now."""
        from cifar7.training import checkpoint

        checkpoint.save(self._training.checkpoint(), self._claim.half_of("checkpoint.pt"))
        self._claim.put("checkpoint.pt")
        self._last = time.monotonic()


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
