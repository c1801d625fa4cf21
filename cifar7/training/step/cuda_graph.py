"""The whole step as one CUDA graph: recorded once, then launched at once instead of kernel by kernel.

A small network's kernels take the GPU less time than the host needs to launch them. A recorded step costs the
host one launch, and recording takes milliseconds where a compiler takes seconds, so it is done for every run
(Ng et al. 2021, "Accelerating PyTorch with CUDA Graphs").
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

import torch
from torch import Tensor

from cifar7.training.errors import DeviceStateError, in_a_line, is_out_of_memory
from cifar7.training.gpu.health import generator_of, give_back, probe
from cifar7.wording import capital

# Steps that are launched kernel by kernel first: libraries load, cudnn chooses its kernels, and a batch that
# is too large for the memory shows.
WARM_UP = 3

SWITCH = "CIFAR7_CUDA_GRAPH"  # environment variable; "off": never record

TakeStep = Callable[[Tensor, Tensor, Tensor], str | None]  # rows (B,), learning rate, number


class Recorder:
    """Takes steps on a CUDA device: the first few one kernel at a time, the rest from a recording.

    `step` takes one and may return a notice; `recorded` takes one without waiting for the device. Both get
    what changes from step to step as tensors that stay in place, for a graph reads the same memory each time.
    `forget` lets go of what a step leaves behind, its gradients. `generator`: what augmentation draws from.
    `enabled`: whether to record at all.
    """

    def __init__(
        self,
        step: TakeStep,
        recorded: Callable[[Tensor, Tensor, Tensor], object],
        forget: Callable[[], object],
        batch_size: int,
        generator: torch.Generator,
        *,
        enabled: bool = True,
    ) -> None:
        device = generator.device
        self._step, self._recorded, self._forget, self._generator = step, recorded, forget, generator
        self._rows = torch.zeros(batch_size, dtype=torch.int64, device=device)
        self._lr, self._number = torch.zeros((), device=device), torch.zeros((), device=device)
        # Warming up and recording on one stream: what autograd remembers of it is then right for both.
        self._stream = torch.cuda.Stream(device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._taken = 0
        self._enabled = enabled and os.environ.get(SWITCH, "").lower() != "off"
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
        self._step = self._recorded = self._forget = _closed

    def _record(self) -> str | None:
        """Record the step, which takes none. Where that fails the run goes on without, and a notice says so.

        Launched kernel by kernel it is the same step, drawn by the same chance. Raises DeviceStateError where
        the failure has left a device that no longer works.
        """
        began, device = perf_counter(), self._rows.device
        generators = self._generator, generator_of(device)
        states = [generator.get_state() for generator in generators]
        failed = self._attempt()
        if failed is None:
            self.seconds = perf_counter() - began
            return None
        self._forget()
        give_back(device)
        try:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)
            probe(device, *generators)
        except Exception as error:
            raise DeviceStateError(
                f"{failed}, and then the device no longer worked ({in_a_line(error)})",
                f"set the environment variable {SWITCH} to off, and resume the run: it then goes on without "
                "recording, slower.",
                unrecorded=True,
            ) from error
        return f"{capital(failed)}, so its kernels are launched one by one: the same training, slower."

    def _attempt(self) -> str | None:
        """Record the step; None where that worked, else what did not, as the beginning of a sentence."""
        graph = None
        try:
            here = torch.cuda.current_stream(self._rows.device)
            graph = torch.cuda.CUDAGraph()
            if torch.__version__ < "2.14":  # later a graph finds its generators by itself
                graph.register_generator_state(self._generator)  # dropout's is registered by itself always
            # The outer one brings the stream back where the inner one fails half-way.
            with torch.cuda.stream(here), torch.cuda.graph(graph, stream=self._stream):
                self._recorded(self._rows, self._lr, self._number)
        except Exception as error:
            first = _first(error)
            failed = f"the step could not be recorded as a CUDA graph ({in_a_line(first)})"
            if is_out_of_memory(first):
                failed = "the memory is not enough to record the step as a CUDA graph"
            del first
            _let_go(error)
            with suppress(Exception):
                if graph is not None:
                    graph.reset()
            return failed
        self._graph = graph
        return None


def _first(error: BaseException) -> BaseException:
    """What went wrong before all else: closing a recording that failed fails as well, in another way."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _let_go(error: BaseException | None) -> None:
    """Let go of all that the frames of an error and of those before it hold: tensors of the recording."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        before, error.__traceback__, error.__context__, error.__cause__ = error.__context__, None, None, None
        error = before


def _closed(*_: Tensor) -> None:
    raise RuntimeError("the training is closed")
