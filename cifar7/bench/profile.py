"""How much of a step's time is the convolutions' own."""

from __future__ import annotations

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
        """Of the step's time, the convolutions'; the rest is other layers, crops, update and launches."""
        return self.convolutions / self.step


def convolution_share(spec: NetSpec, data: ImageSet, config: TrainConfig, steps: int) -> Share | None:
    """Time `steps` steps as they are trained, then look into as many that are launched kernel by kernel.

    A recorded step's kernels are the same ones, which is why the time of those counts for both. None on mps,
    whose kernels torch's profiler does not time.
    """
    run = TrainingState(build(spec, seed=config.seed), data, config)
    if run.device.type == "mps":
        return None
    run.module.train()
    batches = run.batches.epoch(0)

    def some(count: int) -> list[tuple[int, Tensor]]:
        return list(enumerate(islice(cycle(batches), count)))

    for number, rows in some(WARM_UP + 2):
        run.train_step.take(rows, config.lr / 100, number)
    _wait(run.device)
    began = perf_counter()
    for number, rows in some(steps):
        run.train_step.take(rows, config.lr / 100, number)
    _wait(run.device)
    step = (perf_counter() - began) / steps
    on_cuda = run.device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_cuda else [])]
    with profile(activities=activities) as seen:
        for number, rows in some(steps):
            run.train_step.launch(rows, config.lr / 100, number)
        _wait(run.device)
    run.train_step.close()
    spent = sum(
        one.device_time_total if on_cuda else one.cpu_time_total
        for one in seen.key_averages()
        if one.key in CONVOLUTIONS
    )  # microseconds
    return Share(step, spent / 1e6 / steps)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
