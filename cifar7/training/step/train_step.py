"""One training step: augment, forward, backward, update, count."""

from __future__ import annotations

import gc

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.modules.batchnorm import _BatchNorm

from cifar7.training.errors import TrainingError, divided, is_out_of_memory
from cifar7.training.interruption import Interrupted
from cifar7.training.step.average import Average
from cifar7.training.step.batches import Batches
from cifar7.training.step.cuda_graph import Recorder
from cifar7.training.step.metrics import Metrics
from cifar7.training.step.optimiser import Optimiser


class TrainStep:
    """Takes steps, and remembers in how many parts a batch fits into the memory.

    Where it does not fit, the batch is divided and the parts' gradients are added up, with the parts' shares
    as weights: the gradient of the whole batch up to rounding, save for batch norms, which then see a part at
    a time. On CUDA the whole step, from the drawing of the crops to the counting of the hits, is recorded
    after a few and replayed.
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
    ) -> None:
        self.module, self.batches, self.optimiser = module, batches, optimiser
        self.average, self.metrics = average, metrics
        self.bf16 = precision == "bf16"
        self.label_smoothing, self.classes = label_smoothing, classes
        self.parts = 1  # that a batch is divided into
        self.normalised = any(isinstance(layer, _BatchNorm) for layer in module.modules())
        self._buffers = list(module.buffers())
        self._buffers_before = [torch.empty_like(buffer) for buffer in self._buffers]
        self._recorder = (
            Recorder(self.launch, self.launch_recordable, batches.batch_size, batches.generator)
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

        Raises TrainingError for a network with another number of classes, or a step that cannot be recorded;
        torch's error where the memory is not enough for the smallest part.
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
        self._update(self._gradients(images, labels), labels, lr, number)

    def _update(self, logits: Tensor, labels: Tensor, lr: float | Tensor, number: int | Tensor) -> None:
        """What follows the gradients. `logits` (B, classes)."""
        self.optimiser.step(lr)
        if self.average:
            self.average.update(number)
        self.metrics.add(logits, labels, number)

    def _fit(self, images: Tensor, labels: Tensor) -> Tensor:
        """Gradients and logits (B, classes), the batch divided further until it fits."""
        if self._buffers:
            torch._foreach_copy_(self._buffers_before, self._buffers)
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
                gc.collect()  # tensors of an earlier run may be held in reference cycles
                torch.cuda.empty_cache()

    def _undo(self) -> None:
        """As before the step, whose images the norms' statistics have taken in already."""
        self.optimiser.clear()
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._buffers_before)

    def _gradients(self, images: Tensor, labels: Tensor) -> Tensor:
        self.optimiser.clear()
        parts = []
        for x, y in zip(images.tensor_split(self.parts), labels.tensor_split(self.parts), strict=True):
            with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
                logits = self.module(x)
            logits = logits.float()  # (b, classes)
            if logits.ndim != 2 or logits.shape[1] != self.classes:
                raise TrainingError(
                    f"the images have {self.classes} classes and the network puts out "
                    f"{tuple(logits.shape[1:])} an image; give it {self.classes} classes."
                )
            loss = cross_entropy(logits, y, label_smoothing=self.label_smoothing)
            (loss if self.parts == 1 else loss * (len(y) / len(labels))).backward()
            parts.append(logits.detach())
        return parts[0] if self.parts == 1 else torch.cat(parts)
