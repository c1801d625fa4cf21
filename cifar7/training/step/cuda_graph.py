"""The whole step as one CUDA graph: recorded once, then launched at once instead of kernel by kernel.

A small network's kernels take the GPU less time than the host needs to launch them. A recorded step costs the
host one launch, and recording takes milliseconds where a compiler takes seconds, so it is done for every run
(Ng et al. 2021, "Accelerating PyTorch with CUDA Graphs").
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import perf_counter

import torch
from torch import Tensor

from cifar7.training.errors import DeviceStateError, is_out_of_memory

# Steps that are launched kernel by kernel first: libraries load, cudnn chooses its kernels, and a batch that
# is too large for the memory shows.
WARM_UP = 3

SWITCH = "CIFAR7_CUDA_GRAPH"  # environment variable; "off": never record

TakeStep = Callable[[Tensor, Tensor, Tensor], str | None]  # rows (B,), learning rate, number


class Recorder:
    """Takes steps on a CUDA device: the first few one kernel at a time, the rest from a recording.

    `step` takes one and may return a notice; `recorded` takes one without waiting for the device. Both get
    what changes from step to step as tensors that stay in place, for a graph reads the same memory each time.
    `generator`: what augmentation draws from. (Every graph registers torch's own, dropout's, by itself.)
    """

    def __init__(
        self,
        step: TakeStep,
        recorded: Callable[[Tensor, Tensor, Tensor], object],
        batch_size: int,
        generator: torch.Generator,
    ) -> None:
        device = generator.device
        self._step, self._recorded, self._generator = step, recorded, generator
        self._rows = torch.zeros(batch_size, dtype=torch.int64, device=device)
        self._lr, self._number = torch.zeros((), device=device), torch.zeros((), device=device)
        # Warming up and recording on one stream: what autograd remembers of it is then right for both.
        self._stream = torch.cuda.Stream(device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._taken = 0
        self._enabled = os.environ.get(SWITCH, "").lower() != "off"
        self.seconds: float | None = None  # that recording took; None before, or where it failed

    def take(self, rows: Tensor, lr: float, number: int) -> str | None:
        """Step `number` on the images of `rows` (B,); returns a notice, or None."""
        self._rows.copy_(rows)
        self._lr.fill_(lr)  # the number travels with the launch: nothing is copied, nobody waits
        self._number.fill_(number)
        notice = self._record() if self._taken == WARM_UP and self._enabled else None
        self._taken += 1
        if self._graph is not None:
            self._graph.replay()
            return notice
        here = torch.cuda.current_stream(self._rows.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            step_notice = self._step(self._rows, self._lr, self._number)
        here.wait_stream(self._stream)
        return " ".join(filter(None, (notice, step_notice))) or None

    def close(self) -> None:
        """Let go of the recording and of the memory that it holds; no step is taken afterwards."""
        self._graph = None
        self._step = self._recorded = _closed

    def _record(self) -> str | None:
        """Record the step, which does not take it. Where the memory is not enough the run goes on without.

        Raises DeviceStateError for another failure: after it, no run in this process can be trusted to record
        or to draw by chance.
        """
        began = perf_counter()
        here = torch.cuda.current_stream(self._rows.device)
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._generator)
        try:
            # The outer one brings the stream back where the inner one fails half-way.
            with torch.cuda.stream(here), torch.cuda.graph(graph, stream=self._stream):
                self._recorded(self._rows, self._lr, self._number)
        except RuntimeError as error:
            first = error.__context__ or error  # what went wrong, before the recording was closed
            if not is_out_of_memory(first):
                raise not_recordable(first) from error
            return NO_ROOM
        self._graph, self.seconds = graph, perf_counter() - began
        return None


NO_ROOM = (
    "The memory is not enough to record the step as a CUDA graph, so its kernels are launched one by one: "
    "the same training, slower."
)


def not_recordable(error: BaseException) -> DeviceStateError:
    """For a step that cannot be recorded, with the cause and the way around it."""
    cause = (str(error).strip() or type(error).__name__).splitlines()[0]
    return DeviceStateError(
        f"the step could not be recorded as a CUDA graph ({cause:.160}); set the environment variable "
        f"{SWITCH} to off, and resume the run: it then goes on without recording, slower."
    )


def _closed(*_: Tensor) -> None:
    raise RuntimeError("the training is closed")
