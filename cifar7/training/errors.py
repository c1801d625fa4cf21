"""What can go wrong while training, and how it is told. Loads no torch."""

from __future__ import annotations

from cifar7.errors import UserError


class TrainingError(UserError):
    """A run that cannot go on: says when, why, and what to lower."""


class DeviceStateError(TrainingError):
    """A run that cannot go on, after which this process cannot be trusted to train on its device.

    Whoever serves runs lets a fresh process take the next one. `unrecorded`: the run itself can be taken up
    there, once more and without recording its step (`Training(..., record=False)`).
    """

    def __init__(self, fault: str = "", cure: str = "", *, unrecorded: bool = False) -> None:
        super().__init__(fault, cure)
        self.unrecorded = unrecorded


def in_a_line(error: BaseException) -> str:
    """What an error of torch says first, within 160 characters, or its kind where it says nothing."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"{lines[0]:.160}".rstrip(" .")


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
    # torch.OutOfMemoryError begins with "CUDA out of memory"; a CPU and mps raise plain RuntimeErrors. The
    # last two are cudnn's and oneDNN's, which find no kernel that the memory is enough for.
    signs = (
        "out of memory",
        "not enough memory",
        "can't allocate memory",
        "alloc_failed",
        "unable to find an engine",
        "could not create a primitive",
    )
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in signs)
