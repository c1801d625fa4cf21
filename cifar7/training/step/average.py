"""A running average of the weights, which is evaluated and kept in their place."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn


class Average:
    """An exponential moving average of a module's weights and of its norms' statistics, after every step.

    `module` is a second network that holds it. Of step t, counted from 0, the average keeps the share
    min(decay, (1 + t) / (10 + t)): the first weights, which know nothing, are soon forgotten (as
    TensorFlow's ExponentialMovingAverage does with num_updates).

    torch's own AveragedModel waits for the device at every update, to learn whether it is the first, which a
    recorded step cannot, and it counts the first weights in full.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = deepcopy(module)
        self._decay = decay
        pairs = list(zip(self.module.state_dict().values(), module.state_dict().values(), strict=True))
        self._averaged = [average for average, live in pairs if live.is_floating_point()]
        self._live = [live for _, live in pairs if live.is_floating_point()]
        self._counts = [(average, live) for average, live in pairs if not live.is_floating_point()]

    @torch.no_grad()
    def update(self, step: int | Tensor) -> None:
        """Average in the weights after step `step`, counted from 0; a tensor () if it is on the device."""
        share = (1 + step) / (10 + step)
        share = share.clamp(max=self._decay) if isinstance(share, Tensor) else min(share, self._decay)
        changes = torch._foreach_sub(self._live, self._averaged)
        torch._foreach_mul_(changes, 1 - share)
        torch._foreach_add_(self._averaged, changes)
        for average, live in self._counts:
            average.copy_(live)

    def state_dict(self) -> dict[str, Tensor]:
        """The averaged weights and statistics, by the module's names."""
        return self.module.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from another's `state_dict`."""
        self.module.load_state_dict(state)


def averaged(module: nn.Module, average: Average | None) -> nn.Module:
    """The network whose weights are evaluated and kept."""
    return average.module if average else module
