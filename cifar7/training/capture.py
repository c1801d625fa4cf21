"""The whole step as one CUDA graph: recorded once, then launched at once instead of kernel by kernel.

A small network's kernels take the GPU less time than the host needs to launch them. A recorded step costs the
host one launch, and recording takes milliseconds where a compiler takes seconds, so it is done for every run
(Ng et al. 2021, "Accelerating PyTorch with CUDA Graphs").
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import torch
from torch import Tensor

# Steps that are launched kernel by kernel first: libraries load, cudnn chooses its kernels, and a batch that
# is too large for the memory is found to be.
WARM_UP = 3

TakeStep = Callable[[Tensor, Tensor, Tensor], str | None]  # rows (B,), learning rate, number


class Recorder:
    """Takes steps on a CUDA device: the first few one kernel at a time, the rest from a recording.

    `step` takes one and may say something; `recorded` takes one without asking the device anything. Both get
    what changes from step to step as tensors that stay in place, for a graph reads the same memory each time.
    `generator`: what augmentation draws from. (Dropout's generator, torch's own, is known to every graph.)
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
        self.seconds: float | None = None  # that recording took; None before, or where it failed

    def take(self, rows: Tensor, lr: float, number: int) -> str | None:
        """Step `number` on the images of `rows` (B,); returns words where there are any."""
        self._rows.copy_(rows)
        self._lr.fill_(lr)  # the number travels with the launch: nothing is copied, nobody waits
        self._number.fill_(number)
        words = self._record() if self._taken == WARM_UP else None
        self._taken += 1
        if self._graph is not None:
            self._graph.replay()
            return words
        here = torch.cuda.current_stream(self._rows.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            said = self._step(self._rows, self._lr, self._number)
        here.wait_stream(self._stream)
        return words or said

    def _record(self) -> str | None:
        """Record the step, which does not take it. Where that fails the run goes on, and it is said."""
        began = perf_counter()
        here = torch.cuda.current_stream(self._rows.device)
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._generator)
        try:
            # The outer one brings the stream back where the inner one fails half-way.
            with torch.cuda.stream(here), torch.cuda.graph(graph, stream=self._stream):
                self._recorded(self._rows, self._lr, self._number)
        except RuntimeError as error:  # no memory for a second set of activations, most likely
            return not_recorded(error)
        self._graph, self.seconds = graph, perf_counter() - began
        return None


def not_recorded(error: BaseException) -> str:
    """What is said where a step could not be recorded, and why."""
    first = error.__context__ or error  # what went wrong while recording, before the recording was closed
    why = (str(first).strip() or type(first).__name__).splitlines()[0]
    return (
        f"The step could not be recorded as a CUDA graph ({why:.120}), so its kernels are launched one by "
        "one: the same training, slower."
    )
