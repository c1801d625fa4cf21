"""What can go wrong while training, and how it is told. Loads no torch."""

from __future__ import annotations

from cifar7.errors import UserError
from cifar7.training.config import TrainConfig


class TrainingError(UserError):
    """A run that cannot go on: says when, why, and what to lower."""


class DeviceStateError(TrainingError):
    """A run that cannot go on, after which this process cannot be trusted to train on its device.

    Whoever serves runs lets a fresh process take the next one.
    """


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
    """What was done about memory that is not enough for a whole batch; `normalised`: by batch norms."""
    message = (
        f"The memory is not enough for {batch_size} images at once, so each step now takes them in {parts} "
        f"parts of {-(-batch_size // parts)} and adds up their gradients: the same step, a little slower."
    )
    if normalised:
        message += " Batch normalisation then sees a part at a time, not the whole batch."
    return message


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is what torch raises on any of its devices when memory is not enough."""
    # torch.OutOfMemoryError begins with "CUDA out of memory"; a CPU and mps raise plain RuntimeErrors.
    signs = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in signs)
