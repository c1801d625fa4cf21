"""The scale of the loss in fp16, whose numbers end where small gradients lie."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# As in torch's GradScaler, which a written train.py uses.
FIRST, DOUBLED_AFTER = 2.0**16, 2000  # the scale of the first step; steps in which nothing overflowed

LEAST = 1.0  # below, gradients overflow that are made smaller than they are: the network itself has exploded


class LossScale:
    """What the loss is multiplied by before backward, and the gradients are divided by afterwards.

    So that gradients do not vanish below fp16's smallest number, as in Micikevicius et al. 2018, "Mixed
    precision training". Where one overflows the step is to be skipped, and the scale is halved. The scale is
    a tensor () on the device; nothing waits.
    """

    def __init__(self, device: torch.device) -> None:
        self.value = torch.full((), FIRST, device=device)
        self._held = torch.zeros((), dtype=torch.int32, device=device)  # steps since it changed
        self._overflowed = torch.zeros((), device=device)

    def unscale(self, gradients: list[Tensor]) -> Tensor:
        """Divide the gradients, in place; returns 1 () where one of them is no finite number, else 0."""
        self._overflowed.zero_()
        torch._amp_foreach_non_finite_check_and_unscale_(gradients, self._overflowed, self.value.reciprocal())
        return self._overflowed

    def update(self) -> None:
        """Choose the scale of the next step, by what `unscale` saw."""
        torch._amp_update_scale_(self.value, self._held, self._overflowed, 2.0, 0.5, DOUBLED_AFTER)

    def state_dict(self) -> dict[str, Any]:
        """The scale, and for how long it has held."""
        return {"value": self.value, "held": self._held}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's `state_dict`."""
        self.value.copy_(state["value"])
        self._held.copy_(state["held"])
