"""A few real training steps on a device, to see that they work and to have all that they need loaded."""

from __future__ import annotations

import torch
from torch import nn

from cifar7.training.config import HALF, TrainConfig
from cifar7.training.errors import TrainingError
from cifar7.training.evaluation import evaluate
from cifar7.training.step.batches import Batches
from cifar7.training.step.cuda_graph import WARM_UP
from cifar7.training.step.metrics import Metrics
from cifar7.training.step.optimiser import Optimiser
from cifar7.training.step.precision import layout
from cifar7.training.step.train_step import TrainStep

CLASSES = 10
STEPS = WARM_UP + 2  # on CUDA: launched, recorded, and launched as recorded


def rehearse(module: nn.Module, device: torch.device, precision: str, batch: int, evaluated: int = 0) -> None:
    """Train `module`, which has 10 classes, on `batch` grey images; then evaluate so many of them in fp32.

    The module moves to the device, and is of no use afterwards. Raises what a step raises, and TrainingError
    where what came out is no finite number.
    """
    config = TrainConfig(batch_size=batch, lr=0.01)
    module = module.to(device).to(memory_format=layout(device, precision)).train()
    images = torch.full((max(batch, evaluated), 3, 32, 32), 128, dtype=torch.uint8, device=device)
    labels = torch.arange(len(images), device=device) % CLASSES
    rows = torch.arange(batch, device=device)
    batches = Batches(images, labels, rows, config, (HALF, HALF), precision)
    optimiser, metrics = Optimiser(module, config), Metrics(device)
    step = TrainStep(
        module, batches, optimiser, None, metrics, precision=precision, label_smoothing=0.0, classes=CLASSES
    )
    try:
        for number in range(STEPS):
            step.take(rows, config.lr, number)
        if metrics.since_last().first_bad is not None:
            raise TrainingError("what it calculates is no finite number")
    finally:
        step.close()
    if evaluated:
        evaluate(module, images[:evaluated], labels[:evaluated], HALF, HALF)
