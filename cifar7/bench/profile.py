"""How much of a step's time goes into its convolutions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from cifar7.data.imageset import ImageSet
from cifar7.network.module import build
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.state import TrainingState
from cifar7.training.step.cuda_graph import WARM_UP

CONVOLUTIONS = ("aten::convolution", "aten::convolution_backward")


@dataclass(frozen=True, slots=True)
class Share:
    """Seconds of one step, and of its convolutions, forward and backward, on the device."""

    step: float
    convolutions: float

    @property
    def share(self) -> float:
        """The convolutions' part of the step; the rest is other layers, crops, update and launches."""
        return self.convolutions / self.step


def convolution_share(spec: NetSpec, data: ImageSet, config: TrainConfig, steps: int) -> Share | None:
    """Time `steps` steps as they are trained, then profile as many that are launched kernel by kernel.

    A recorded step's kernels are the same ones, so their times hold for both. None on mps, whose kernels
    torch's profiler does not time.
    """
    run = TrainingState(build(spec, seed=config.seed), data, config)
    if run.device.type == "mps":
        return None
    run.module.train()
    batches = run.batches.epoch(0)

    def repeat(step: Callable[[Tensor, float, int], object], count: int) -> float:
        """Seconds of `count` steps."""
        began = perf_counter()
        for number, rows in enumerate(islice(cycle(batches), count)):
            step(rows, config.lr / 100, number)
        if run.device.type == "cuda":
            torch.cuda.synchronize(run.device)
        return perf_counter() - began

    repeat(run.train_step.take, WARM_UP + 2)
    step = repeat(run.train_step.take, steps) / steps
    on_cuda = run.device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_cuda else [])]
    with profile(activities=activities) as profiled:
        repeat(run.train_step.launch, steps)
    run.train_step.close()
    microseconds = sum(
        entry.device_time_total if on_cuda else entry.cpu_time_total
        for entry in profiled.key_averages()
        if entry.key in CONVOLUTIONS
    )
    return Share(step, microseconds / 1e6 / steps)
