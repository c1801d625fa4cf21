"""One training step: augment, forward, backward, update, count."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.modules.batchnorm import _BatchNorm

from cifar7.training.errors import TrainingError, divided, is_out_of_memory
from cifar7.training.gpu.health import give_back
from cifar7.training.interruption import Interrupted
from cifar7.training.step.average import Average
from cifar7.training.step.batches import Batches
from cifar7.training.step.cuda_graph import Recorder
from cifar7.training.step.loss_scale import LossScale
from cifar7.training.step.metrics import Metrics
from cifar7.training.step.optimiser import Optimiser
from cifar7.training.step.precision import autocast


class TrainStep:
    """Takes steps, and remembers in how many parts a batch fits into the memory.

    Where it does not fit, the batch is divided and the parts' gradients are added up, with the parts' shares
    as weights: the gradient of the whole batch up to rounding, save for batch norms, which then see a part at
    a time. On CUDA the whole step, from the drawing of the crops to the counting of the hits, is recorded
    after a few and replayed, unless `record` is off.

    `precision`: a key of `DTYPES`. In fp16 the loss is scaled, and a step whose gradients overflow is
    skipped.
    """

    def __init__(
        self,
        module: nn.Module,
        batches: Batches,
        optimiser: Optimiser,
        average: Average | None,
        metrics: Metrics,
        *,
        precision: str,
        label_smoothing: float,
        classes: int,
        record: bool = True,
    ) -> None:
        self.module, self.batches, self.optimiser = module, batches, optimiser
        self.average, self.metrics = average, metrics
        self.precision = precision
        self.scale = LossScale(batches.device) if precision == "fp16" else None
        self.label_smoothing, self.classes = label_smoothing, classes
        self.parts = 1  # that a batch is divided into
        self.normalised = any(isinstance(layer, _BatchNorm) for layer in module.modules())
        self._buffers = list(module.buffers())
        self._buffers_before = [torch.empty_like(buffer) for buffer in self._buffers]
        self._recorder = (
            Recorder(
                self.launch,
                self.launch_recordable,
                optimiser.clear,
                batches.batch_size,
                batches.generator,
                enabled=record,
            )
            if batches.device.type == "cuda"
            else None
        )

    @property
    def capture_seconds(self) -> float | None:
        """What recording the step took; None where none is recorded, or not yet."""
        return self._recorder.seconds if self._recorder else None

    def close(self) -> None:
        """Let go of what is held on the device beyond the network; no step is taken afterwards."""
        if self._recorder:
            self._recorder.close()

    def take(self, rows: Tensor, lr: float, number: int) -> str | None:
        """Step `number`, counted from 0, on the images of `rows` (B,); returns a notice, or None.

        Raises TrainingError for a network with another number of classes; its DeviceStateError where the step
        could not be recorded and the device no longer works; torch's error where the memory is not enough for
        the smallest part.
        """
        return (self._recorder.take if self._recorder else self.launch)(rows, lr, number)

    def launch(self, rows: Tensor, lr: float | Tensor, number: int | Tensor) -> str | None:
        """`take`, kernel by kernel. Where the memory is not enough the batch is divided further."""
        images, labels = self.batches.batch(rows)  # (B, 3, 32, 32), (B,)
        parts = self.parts
        self._update(self._fit(images, labels), labels, lr, number)
        return divided(len(rows), self.parts, self.normalised) if self.parts > parts else None

    def launch_recordable(self, rows: Tensor, lr: float | Tensor, number: int | Tensor) -> None:
        """The same step in as many parts as fitted before, which never waits for the device."""
        images, labels = self.batches.batch(rows)  # (B, 3, 32, 32), (B,)
        if self.scale:
            self._keep_buffers()
        self._update(self._gradients(images, labels), labels, lr, number)

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, besides the parts that the step is given."""
        return {"parts": self.parts, **({"scale": self.scale.state_dict()} if self.scale else {})}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's `state_dict`; one that was not in fp16 has no scale."""
        self.parts = state["parts"]
        if self.scale and "scale" in state:
            self.scale.load_state_dict(state["scale"])

    def _update(self, logits: Tensor, labels: Tensor, lr: float | Tensor, number: int | Tensor) -> None:
        """What follows the gradients. `logits` (B, classes)."""
        if self.scale:
            skipped = self.scale.unscale(self.optimiser.gradients())
            self.optimiser.step(lr, skipped)
            for buffer, before in zip(self._buffers, self._buffers_before, strict=True):
                buffer.copy_(torch.where(skipped > 0, before, buffer))
            self.scale.update()
        else:
            self.optimiser.step(lr)
        if self.average:
            self.average.update(number)
        self.metrics.add(logits, labels, number, self.scale.value if self.scale else None)

    def _keep_buffers(self) -> None:
        """Remember the norms' statistics, for a step that is not to count."""
        if self._buffers:
            torch._foreach_copy_(self._buffers_before, self._buffers)

    def _fit(self, images: Tensor, labels: Tensor) -> Tensor:
        """Gradients and logits (B, classes), the batch divided further until it fits."""
        self._keep_buffers()
        while True:
            try:
                return self._gradients(images, labels)
            except (MemoryError, RuntimeError) as error:
                smallest = 2 if self.normalised else 1  # a batch norm makes nothing of one image
                if not is_out_of_memory(error) or len(labels) // (2 * self.parts) < smallest:
                    raise
            except Interrupted:
                self._undo()
                raise
            # Outside the handler: the error holds the tensors that are to be let go.
            self.parts *= 2
            self._undo()
            if images.is_cuda:
                give_back(images.device)  # of an earlier run, too

    def _undo(self) -> None:
        """As before the step, whose images the norms' statistics have taken in already."""
        self.optimiser.clear()
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._buffers_before)

    def _gradients(self, images: Tensor, labels: Tensor) -> Tensor:
        self.optimiser.clear()
        parts = []
        for x, y in zip(images.tensor_split(self.parts), labels.tensor_split(self.parts), strict=True):
            with autocast(images.device, self.precision):
                logits = self.module(x)
            logits = logits.float()  # (b, classes)
            if logits.ndim != 2 or logits.shape[1] != self.classes:
                raise TrainingError(
                    f"the images have {self.classes} classes and the network puts out "
                    f"{tuple(logits.shape[1:])} an image; give it {self.classes} classes."
                )
            loss = cross_entropy(logits, y, label_smoothing=self.label_smoothing)
            if self.parts > 1:
                loss = loss * (len(y) / len(labels))
            (loss * self.scale.value if self.scale else loss).backward()
            parts.append(logits.detach())
        return parts[0] if self.parts == 1 else torch.cat(parts)
