"""Where a step's time goes, and how far it is from the machine's peaks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from time import perf_counter
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d
from torch.profiler import profile

from cifar7.data.imageset import ImageSet
from cifar7.network.arithmetic import analyse
from cifar7.network.module import build
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.state import TrainingState
from cifar7.training.step.cuda_graph import WARM_UP
from cifar7.training.step.precision import DTYPES, layout

FLOPS_OF_A_STEP = 3 * 2  # for each MAC and image: forward, and twice as much backward; a product and a sum
CHANNELS, SIDE = 64, 32  # of the plain 3x3 convolution whose speed is the peak
COPIED = 256 << 20  # bytes, more than a processor's caches keep
_NODE = "autograd::engine::evaluate_function: "
# The operations, there and back, whose time is a kind's own.
KINDS = {
    "convolutions": ("aten::convolution", "aten::convolution_backward"),
    "normalisation": (
        "aten::batch_norm",
        f"{_NODE}NativeBatchNormBackward0",
        f"{_NODE}CudnnBatchNormBackward0",
    ),
    "activation": ("aten::relu", "aten::relu_", f"{_NODE}ReluBackward0"),
    "pooling": ("aten::max_pool2d", f"{_NODE}MaxPool2DWithIndicesBackward0"),
}


def shares(spec: NetSpec, data: ImageSet, config: TrainConfig, steps: int) -> dict[str, Any] | None:
    """Time `steps` steps as they are trained, then profile as many that are launched kernel by kernel.

    A recorded step's kernels are the same ones, so their times hold for both. Returns the seconds of one
    `step`; those of its `convolutions`, forward and backward on the device, and these as a `share` of the
    step; those of the `others` of `KINDS` and of the `rest`; the `flops` a second of convolutions and linear
    layers, the `peak` that a plain one reaches, and `of_peak`, their ratio; the bytes a second that are read
    to be `copied`. None on mps, whose kernels torch's profiler does not time.
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
    peak = convolution_peak(run.device, run.precision)
    step = repeat(run.train_step.take, steps) / steps
    with profile() as profiled:
        repeat(run.train_step.launch, steps)
    run.train_step.close()
    times = {
        entry.key: (entry.device_time_total if on_cuda else entry.cpu_time_total) / 1e6 / steps
        for entry in profiled.key_averages()
    }
    parts = {kind: sum(times.get(name, 0.0) for name in names) for kind, names in KINDS.items()}
    flops = FLOPS_OF_A_STEP * analyse(spec).macs * run.batches.batch_size / step
    convolutions = parts.pop("convolutions")
    return {
        "step": step,
        "convolutions": convolutions,
        "others": {**parts, "rest": max(0.0, step - convolutions - sum(parts.values()))},
        "share": convolutions / step,
        "flops": flops,
        "peak": peak,
        "of_peak": flops / peak,
        "copied": copying(run.device),
    }


@torch.inference_mode()
def copying(device: torch.device) -> float:
    """Bytes a second that are read, and as many written, when a tensor larger than the caches is copied."""
    source = torch.ones(COPIED, dtype=torch.uint8, device=device)
    copy = torch.empty_like(source)
    return COPIED / _fastest(lambda: copy.copy_(source), device, repeats=5)


@torch.inference_mode()
def convolution_peak(device: torch.device, precision: str, images: int = 128, repeats: int = 20) -> float:
    """Floating-point operations a second of a plain 3x3 convolution of 64 to 64 channels at 32x32 pixels.

    Forward alone, in the layout and precision of a training, the fastest of `repeats`: what a step could
    reach if it were nothing but such convolutions. `images`: of its batch.
    """
    order = layout(device, precision)
    maps, kernel = (
        torch.randn(shape, device=device, dtype=DTYPES[precision]).contiguous(memory_format=order)
        for shape in ((images, CHANNELS, SIDE, SIDE), (CHANNELS, CHANNELS, 3, 3))
    )
    seconds = _fastest(lambda: conv2d(maps, kernel, padding=1), device, repeats)
    return 2 * 9 * CHANNELS**2 * SIDE**2 * images / seconds


def _fastest(work: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Seconds of the fastest of `repeats`, after two in which kernels are chosen and pages found."""
    seconds = []
    for _ in range(repeats + 2):
        began = perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(perf_counter() - began)
    return min(seconds[2:])
