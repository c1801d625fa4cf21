"""What can go wrong while training, and how it is told."""

from __future__ import annotations

import torch

from cifar7.errors import UserError
from cifar7.training.config import TrainConfig


class TrainingError(UserError):
    """A run that cannot go on: says when, why, and what to lower."""


def not_finite(step: int, steps: int, lr: float, config: TrainConfig) -> TrainingError:
    """For a loss that is no number any more after step `step`, counted from 0, which was taken at `lr`."""
    return TrainingError(
        f"the loss stopped being a finite number at step {step + 1} of {steps}, where the learning rate was "
        f"{lr:.3g}; lower the peak learning rate from {config.lr:g} to {config.lr / 4:.2g}, say."
    )


def no_memory(batch_size: int) -> TrainingError:
    """For memory that is not enough, however the batch is divided."""
    return TrainingError(
        f"the memory is not enough for this network with {batch_size} images a batch; "
        f"choose a batch size of {max(1, batch_size // 2)} or less, or fewer channels."
    )


def divided(batch_size: int, parts: int, normalised: bool) -> str:
    """What was done about memory that was not enough for a whole batch; `normalised`: by batch norms."""
    said = (
        f"The memory is not enough for {batch_size} images at once, so each step now takes them in {parts} "
        f"parts of {-(-batch_size // parts)} and adds up their gradients: the same step, a little slower."
    )
    return (
        f"{said} Batch normalisation then sees a part at a time, not the whole batch." if normalised else said
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is how torch says so on any of its devices."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    # A CPU's allocator and mps raise plain RuntimeErrors.
    said = str(error).lower()
    signs = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")
    return any(sign in said for sign in signs)
