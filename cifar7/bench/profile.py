"""How much of a step's time goes into its convolutions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from time import perf_counter

import torch
from torch import Tensor
from torch.profiler import profile

from cifar7.data.imageset import ImageSet
from cifar7.network.module import build
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.state import TrainingState
from cifar7.training.step.cuda_graph import WARM_UP

CONVOLUTIONS = ("aten::convolution", "aten::convolution_backward")


def convolution_share(
    spec: NetSpec, data: ImageSet, config: TrainConfig, steps: int
) -> dict[str, float] | None:
    """Time `steps` steps as they are trained, then profile as many that are launched kernel by kernel.

    A recorded step's kernels are the same ones, so their times hold for both. Returns the seconds of one
    `step`, those of its `convolutions`, forward and backward on the device, and these as a `share` of the
    step; None on mps, whose kernels torch's profiler does not time.
    """
    run = TrainingState(build(spec, seed=config.seed), data, config)
    on_cuda = run.device.type == "cuda"
    if run.device.type == "mps":
        return None
    run.module.train()
    batches = run.batches.epoch(0)

    def repeat(step: Callable[[Tensor, float, int], object], count: int) -> float:
        """Seconds of `count` steps."""
        began = perf_counter()
        for number, rows in enumerate(islice(cycle(batches), count)):
            step(rows, config.lr / 100, number)
        if on_cuda:
            torch.cuda.synchronize(run.device)
        return perf_counter() - began

    repeat(run.train_step.take, WARM_UP + 2)
    step = repeat(run.train_step.take, steps) / steps
    with profile() as profiled:
        repeat(run.train_step.launch, steps)
    run.train_step.close()
    microseconds = sum(
        entry.device_time_total if on_cuda else entry.cpu_time_total
        for entry in profiled.key_averages()
        if entry.key in CONVOLUTIONS
    )
    convolutions = microseconds / 1e6 / steps
    return {"step": step, "convolutions": convolutions, "share": convolutions / step}
