"""Loss, accuracy and probabilities of a network on images as they are: no augmentation, no dropout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cifar7.data.augment import normalise

# Images at once. Small enough for a CPU's caches, large enough to fill a GPU. Part of what a recorded figure
# means: another size may round differently.
_BATCH = {"cpu": 125, "cuda": 2500, "mps": 1000}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A network's answers to n images, and how good they are."""

    loss: float  # mean cross-entropy, nats
    accuracy: float  # 0 to 1
    probabilities: npt.NDArray[np.float32]  # (n, classes)


def evaluate(
    module: nn.Module,
    images: Tensor,
    labels: Tensor,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    precision: str = "fp32",
    test_flip: bool = False,
) -> Evaluation:
    """Evaluate on uint8 images (n, 3, 32, 32) with labels (n,), both on the module's device.

    `test_flip`: each image and its mirror image are asked, and their logits averaged. The module is put back
    into the mode it was in.
    """
    was_training = module.training
    device = images.device.type
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    module.eval()
    try:
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            parts = []
            for part in images.split(_BATCH[device]):
                floats = normalise(part, mean, std, dtype)  # (b, 3, 32, 32)
                logits = module(floats)  # (b, classes)
                parts.append((logits + module(floats.flip(3))) / 2 if test_flip else logits)
        with torch.inference_mode():
            logits = torch.cat(parts).float()  # (n, classes)
            loss = cross_entropy(logits, labels)
            correct = (logits.argmax(1) == labels).sum()
            probabilities = logits.softmax(1)
    finally:
        module.train(was_training)
    return Evaluation(
        loss=float(loss), accuracy=int(correct) / len(labels), probabilities=probabilities.cpu().numpy()
    )
