"""The update of the weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd

from cifar7.training.config import TrainConfig


class Group:
    """Parameters that decay alike, with the momentum of each."""

    def __init__(self, parameters: list[nn.Parameter], weight_decay: float) -> None:
        self.parameters, self.weight_decay = parameters, weight_decay
        self.momenta: list[Tensor | None] = [None] * len(parameters)


def groups(module: nn.Module, weight_decay: float) -> tuple[Group, Group]:
    """Kernels and matrices, which decay, and biases and norms (one dimension), which do not.

    As in He et al. 2018, "Bag of tricks": decaying a norm's scale or a bias regularises nothing.
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    return (
        Group([p for p in trained if p.ndim > 1], weight_decay),
        Group([p for p in trained if p.ndim <= 1], 0.0),
    )


class Optimiser:
    """Stochastic gradient descent with momentum, plain or Nesterov's (Sutskever et al. 2013).

    The arithmetic is torch's. Its `torch.optim.SGD` is not used because making one loads torch's compiler,
    900 modules: 0.7 s of waiting before the first batch, several on a busy machine.
    """

    def __init__(self, module: nn.Module, config: TrainConfig) -> None:
        self.groups = groups(module, config.weight_decay)
        self._momentum, self._nesterov = config.momentum, config.nesterov
        # One kernel for all parameters, where torch has it.
        self._fused = next(module.parameters()).device.type in ("cpu", "cuda")

    def clear(self) -> None:
        """Forget the gradients."""
        for group in self.groups:
            for parameter in group.parameters:
                parameter.grad = None

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """Update every parameter by its gradient, which each must have."""
        for group in self.groups:
            if not group.parameters:
                continue
            sgd(
                list(group.parameters),
                [p.grad for p in group.parameters if p.grad is not None],
                group.momenta,
                lr=lr,
                weight_decay=group.weight_decay,
                momentum=self._momentum,
                dampening=0.0,
                nesterov=self._nesterov,
                maximize=False,
                fused=self._fused,
                foreach=not self._fused,
            )
