"""Loss and hits of the steps, counted where they happen and read seldom."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


class Tally:
    """Sums in one small tensor on the device: adding never waits for the device, reading does.

    Figures come as (mean loss, accuracy, first step whose loss was not finite or None). The loss is the plain
    cross-entropy, without label smoothing, so that it compares with an evaluation's.
    """

    def __init__(self, device: torch.device) -> None:
        # Sum of losses, hits, images, first bad step.
        self.sums = torch.tensor([0.0, 0.0, 0.0, torch.inf], device=device)
        self._read = [0.0, 0.0, 0.0]

    def start_epoch(self) -> None:
        """Count from nothing again."""
        self.sums[:3] = 0
        self._read = [0.0, 0.0, 0.0]

    def add(self, logits: Tensor, labels: Tensor, step: int | Tensor) -> None:
        """Count a batch: logits (B, classes), labels (B,). `step`: a tensor () if it is on the device."""
        with torch.no_grad():
            loss = cross_entropy(logits, labels)
            hits = (logits.argmax(1) == labels).sum()
            number = step if isinstance(step, Tensor) else float(step)
            bad = torch.where(loss.isfinite(), torch.inf, number)
            self.sums[:3] += torch.stack([loss * len(labels), hits, torch.full_like(loss, len(labels))])
            self.sums[3] = torch.minimum(self.sums[3], bad)

    def since_last(self) -> tuple[float, float, int | None]:
        """The figures of the batches since they were last read."""
        sums, bad = self._fetch()
        loss, hits, images = (now - before for now, before in zip(sums, self._read, strict=True))
        self._read = sums
        return loss / max(images, 1), hits / max(images, 1), bad

    def of_epoch(self) -> tuple[float, float, int | None]:
        """The figures of the whole epoch so far."""
        (loss, hits, images), bad = self._fetch()
        return loss / max(images, 1), hits / max(images, 1), bad

    def _fetch(self) -> tuple[list[float], int | None]:
        *sums, bad = self.sums.tolist()
        return sums, None if bad == torch.inf else int(bad)
