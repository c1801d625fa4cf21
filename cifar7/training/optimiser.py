"""From settings to a torch optimiser."""

from __future__ import annotations

import torch
from torch import nn

from cifar7.training.config import TrainConfig


def parameter_groups(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Two groups: kernels and matrices, which decay, and biases and norms (one dimension), which do not.

    As in He et al. 2018, "Bag of tricks": decaying a norm's scale or a bias regularises nothing.
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]


def make_optimiser(module: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """SGD as configured; the learning rate is set before each step by the engine."""
    return torch.optim.SGD(
        parameter_groups(module, config.weight_decay),
        lr=config.lr,
        momentum=config.momentum,
        nesterov=config.nesterov,
    )
