"""Everything that the rest of a run depends on, as plain data and tensors, to file and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cifar7.errors import UserError
from cifar7.training.config import TrainConfig
from cifar7.training.evaluation import Evaluation
from cifar7.training.selection import Verdict

if TYPE_CHECKING:
    from cifar7.training.engine import Training

VERSION = 1
Checkpoint = dict[str, Any]

# What may be otherwise when a run goes on: how long it is to be, and where.
_FREE = ("epochs", "device")


class CheckpointError(UserError):
    """A checkpoint that cannot be gone on from, and why."""


def take(run: Training) -> Checkpoint:
    """The run as it stands between two steps, on the CPU: what it does later does not change it."""
    return {
        "version": VERSION,
        "config": run.config.to_dict(),
        "data": run.data.fingerprint,
        "device": run.device.type,
        "epoch": run.epoch,
        "step": run.step,
        "lr": run.lr,
        "parts": run.taking.parts,
        "seconds": run.seconds,
        "training_seconds": run.pace.training_seconds,
        "training_images": run.pace.training_images,
        "weights": _copies(run.module.state_dict()),
        "memories": [_copy(memory) for memory in run.optimiser.memories],
        "average": _copies(run.average.module.state_dict()) if run.average else None,
        "tally": _copy(run.tally.sums),
        "generator": run.feed.generator.get_state(),
        "dropout": _dropout_states(run.device),
        "kept": _verdict_to_plain(run.kept) if run.kept else None,
    }


def put_back(run: Training, saved: Checkpoint) -> str | None:
    """Make a fresh `run` the one that was saved; returns what is to be said about it, if anything.

    Raises CheckpointError where the two are not of one run.
    """
    _check(run, saved)
    run.epoch, run.step, run.lr = saved["epoch"], saved["step"], saved["lr"]
    run.taking.parts = saved["parts"]
    run.seconds_before = saved["seconds"]
    run.pace.training_seconds, run.pace.training_images = saved["training_seconds"], saved["training_images"]
    with torch.no_grad():
        run.module.load_state_dict(saved["weights"])
        if run.average:
            run.average.module.load_state_dict(saved["average"])
        # Copied into the present tensors: their layout in memory is the parameters'.
        for memory, value in zip(run.optimiser.memories, saved["memories"], strict=True):
            memory.copy_(value)
        run.tally.sums.copy_(saved["tally"])
    run.kept = _verdict_from_plain(saved["kept"], run.device) if saved["kept"] else None
    if saved["device"] != run.device.type:
        torch.manual_seed(run.config.seed + run.step)
        return (
            f"It was begun on {saved['device']} and goes on on {run.device.type}: what is drawn by chance "
            "from here on is not what it would have been."
        )
    run.generator_state = saved["generator"]
    _set_dropout_states(run.device, saved["dropout"])
    return None


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint."""
    torch.save(checkpoint, path)


def load(path: Path) -> Checkpoint:
    """Read what `save` wrote. Raises CheckpointError for anything else."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling fails in any way there is
        raise CheckpointError(f"the checkpoint {path.name} is damaged; train the design again.") from error
    if not isinstance(saved, dict) or saved.get("version") != VERSION:
        raise CheckpointError(f"the checkpoint {path.name} is of another cifar7; train the design again.")
    return saved


def _check(run: Training, saved: Checkpoint) -> None:
    if saved["data"] != run.data.fingerprint:
        raise CheckpointError(
            f"the images of {run.data.name} have changed since this run was trained on them; train it anew."
        )
    before, now = TrainConfig.from_dict(saved["config"]).to_dict(), run.config.to_dict()
    for name, value in now.items():
        if name not in _FREE and before[name] != value:
            raise CheckpointError(
                f"the run was begun with {name} {before[name]!r:.40} and cannot go on with "
                f"{value!r:.40}; start a new one."
            )
    if saved["epoch"] > run.config.epochs:
        raise CheckpointError(
            f"{saved['epoch']} epochs are done already, which is more than {run.config.epochs}."
        )
    shapes = {name: value.shape for name, value in run.module.state_dict().items()}
    if shapes != {name: value.shape for name, value in saved["weights"].items()}:
        raise CheckpointError("the checkpoint is of another network; start a new run.")


def _copy(value: Tensor) -> Tensor:
    return value.detach().to("cpu", copy=True)


def _copies(values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: _copy(value) for name, value in values.items()}


def _dropout_states(device: torch.device) -> list[Tensor]:
    """The states of torch's global generators, from which dropout draws."""
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    if device.type == "mps":
        states.append(torch.mps.get_rng_state())
    return states


def _set_dropout_states(device: torch.device, states: list[Tensor]) -> None:
    torch.set_rng_state(states[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1], device)
    if device.type == "mps":
        torch.mps.set_rng_state(states[1])


def _verdict_to_plain(verdict: Verdict) -> dict[str, Any]:
    # Of probabilities, only those on the test images are wanted at the end.
    return {
        "epoch": verdict.epoch,
        "weights": _copies(verdict.weights),
        "train": (verdict.train.loss, verdict.train.accuracy),
        "heldout": (verdict.heldout.loss, verdict.heldout.accuracy) if verdict.heldout else None,
        "test": (verdict.test.loss, verdict.test.accuracy) if verdict.test else None,
        "probabilities": torch.from_numpy(verdict.test.probabilities) if verdict.test else None,
    }


def _verdict_from_plain(plain: dict[str, Any], device: torch.device) -> Verdict:
    return Verdict(
        epoch=plain["epoch"],
        train=_evaluation(plain["train"]),
        heldout=_evaluation(plain["heldout"]) if plain["heldout"] else None,
        test=_evaluation(plain["test"], plain["probabilities"].numpy()) if plain["test"] else None,
        weights={name: value.to(device) for name, value in plain["weights"].items()},
    )


def _evaluation(
    figures: tuple[float, float], probabilities: npt.NDArray[np.float32] | None = None
) -> Evaluation:
    loss, accuracy = figures
    return Evaluation(
        loss, accuracy, np.zeros((0, 0), np.float32) if probabilities is None else probabilities
    )
