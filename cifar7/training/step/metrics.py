"""Loss and hits of the training steps, summed on the device and read seldom."""

from __future__ import annotations

from math import nan
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cifar7.training.step.loss_scale import LEAST


class Figures(NamedTuple):
    """Means over the images of some steps; nan where none was counted."""

    loss: float  # cross-entropy in nats, without label smoothing, so that it compares with an evaluation's
    accuracy: float  # 0 to 1
    first_bad: int | None  # number of the first step whose loss was not finite, or in fp16 its scale too low


class Metrics:
    """Sums in one small tensor on the device: adding never waits for the device, reading does."""

    def __init__(self, device: torch.device) -> None:
        # Sum of losses, hits, images, first bad step.
        self.sums = torch.tensor([0.0, 0.0, 0.0, torch.inf], device=device)
        self._reported = [0.0, 0.0, 0.0]  # the first three, when `since_last` read them

    def start_epoch(self) -> None:
        """Count from zero again."""
        self.sums[:3] = 0
        self._reported = [0.0, 0.0, 0.0]

    def add(self, logits: Tensor, labels: Tensor, step: int | Tensor, scale: Tensor | None = None) -> None:
        """Count a batch: logits (B, classes), labels (B,). `step`: a tensor () if it is on the device.

        `scale` (), in fp16: of the loss, after the step. There a loss that is no finite number has made the
        step be skipped, and the batch is not counted; what is bad is a scale that has fallen too low.
        """
        with torch.no_grad():
            loss = cross_entropy(logits, labels)
            hits = (logits.argmax(1) == labels).sum()
            number = step if isinstance(step, Tensor) else float(step)
            sums = torch.stack([loss * len(labels), hits, torch.full_like(loss, len(labels))])
            good = loss.isfinite()
            if scale is not None:
                sums, good = torch.where(good, sums, 0.0), scale >= LEAST
            bad = torch.where(good, torch.inf, number)
            self.sums[:3] += sums
            self.sums[3] = torch.minimum(self.sums[3], bad)

    def since_last(self) -> Figures:
        """The figures of the batches since the last call."""
        figures, self._reported = self._read(self._reported)
        return figures

    def of_epoch(self) -> Figures:
        """The figures of the epoch so far."""
        return self._read([0.0, 0.0, 0.0])[0]

    def state_dict(self) -> dict[str, Any]:
        """The sums, and which part of them `since_last` has told."""
        return {"sums": self.sums, "reported": self._reported}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's `state_dict`."""
        self.sums.copy_(state["sums"])
        self._reported = list(state["reported"])

    def _read(self, before: list[float]) -> tuple[Figures, list[float]]:
        """The figures of what came after the sums `before`, and the sums as they are now."""
        *sums, bad = self.sums.tolist()
        loss, hits, images = (now - then for now, then in zip(sums, before, strict=True))
        first_bad = None if bad == torch.inf else int(bad)
        if not images:
            return Figures(nan, nan, first_bad), sums
        return Figures(loss / images, hits / images, first_bad), sums
