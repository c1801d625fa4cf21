"""Loss, accuracy and probabilities of a network on images as they are: no augmentation, no dropout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cifar7.data.augment import normalise
from cifar7.training.budget import EVALUATED_AT_ONCE
from cifar7.training.config import Triple
from cifar7.training.errors import is_out_of_memory
from cifar7.training.step.precision import DTYPES, autocast


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a network answers to n images, and how good that is."""

    loss: float  # mean cross-entropy, nats
    accuracy: float  # 0 to 1
    probabilities: npt.NDArray[np.float32]  # (n, classes)


def evaluate(
    module: nn.Module,
    images: Tensor,
    labels: Tensor,
    mean: Triple,
    std: Triple,
    precision: str = "fp32",
    test_flip: bool = False,
    between: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Evaluate on uint8 images (n, 3, 32, 32) with labels (n,), both on the module's device.

    `test_flip`: average the logits of each image and its mirror image. `between`: called after each batch; it
    may raise. The module is put back into the mode it was in.
    """
    logits = predict(module, images, mean, std, precision, test_flip, between)  # (n, classes)
    with torch.inference_mode():
        loss = cross_entropy(logits, labels)
        correct = (logits.argmax(1) == labels).sum()
        probabilities = logits.softmax(1)
    return Evaluation(
        loss=float(loss), accuracy=int(correct) / len(labels), probabilities=probabilities.cpu().numpy()
    )


def predict(
    module: nn.Module,
    images: Tensor,
    mean: Sequence[float],
    std: Sequence[float],
    precision: str = "fp32",
    test_flip: bool = False,
    between: Callable[[], None] = lambda: None,
) -> Tensor:
    """Logits (n, classes) in float32 of uint8 images (n, 3, H, W); otherwise as `evaluate`."""
    # Part of what a recorded figure means: another size may round differently.
    batch = EVALUATED_AT_ONCE[images.device.type]
    with evaluation_mode(module):
        while True:
            try:
                return _logits(module, images, (mean, std), precision, test_flip, between, batch)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error) or batch == 1:
                    raise
            batch //= 2  # no image depends on its neighbours: fewer at once change nothing but rounding


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """The module in evaluation mode; afterwards in the mode it was in."""
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)


@torch.inference_mode()
def _logits(
    module: nn.Module,
    images: Tensor,
    scale: tuple[Sequence[float], Sequence[float]],
    precision: str,
    test_flip: bool,
    between: Callable[[], None],
    batch: int,
) -> Tensor:
    parts = []
    # cudnn: the same kernels every time and no shortened fp32, so that a figure can be computed again.
    exactly = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with exactly, autocast(images.device, precision):
        for part in images.split(batch):
            floats = normalise(part, *scale, DTYPES[precision])  # (b, 3, 32, 32)
            logits = module(floats)  # (b, classes)
            parts.append((logits + module(floats.flip(3))) / 2 if test_flip else logits)
            between()
    return torch.cat(parts).float()
