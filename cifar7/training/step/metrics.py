"""Loss and hits of the training steps, summed on the device and read seldom."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


class Figures(NamedTuple):
    """Means over the images of some steps."""

    loss: float  # cross-entropy in nats, without label smoothing, so that it compares with an evaluation's
    accuracy: float  # 0 to 1
    first_bad: int | None  # number of the first step whose loss was not finite


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

    def add(self, logits: Tensor, labels: Tensor, step: int | Tensor) -> None:
        """Count a batch: logits (B, classes), labels (B,). `step`: a tensor () if it is on the device."""
        with torch.no_grad():
            loss = cross_entropy(logits, labels)
            hits = (logits.argmax(1) == labels).sum()
            number = step if isinstance(step, Tensor) else float(step)
            bad = torch.where(loss.isfinite(), torch.inf, number)
            self.sums[:3] += torch.stack([loss * len(labels), hits, torch.full_like(loss, len(labels))])
            self.sums[3] = torch.minimum(self.sums[3], bad)

    def since_last(self) -> Figures:
        """The figures of the batches since the last call."""
        sums, first_bad = self._fetch()
        recent = [now - before for now, before in zip(sums, self._reported, strict=True)]
        self._reported = sums
        return _means(recent, first_bad)

    def of_epoch(self) -> Figures:
        """The figures of the epoch so far."""
        return _means(*self._fetch())

    def state_dict(self) -> dict[str, Any]:
        """The sums, and which part of them `since_last` has told."""
        return {"sums": self.sums, "reported": self._reported}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's `state_dict`."""
        self.sums.copy_(state["sums"])
        self._reported = list(state["reported"])

    def _fetch(self) -> tuple[list[float], int | None]:
        *sums, bad = self.sums.tolist()
        return sums, None if bad == torch.inf else int(bad)


def _means(sums: list[float], first_bad: int | None) -> Figures:
    loss, hits, images = sums
    return Figures(loss / max(images, 1), hits / max(images, 1), first_bad)
