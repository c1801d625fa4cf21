"""Where training happens: which device, what to call it, and which precision is fastest there."""

from __future__ import annotations

import os

import torch
from torch import Tensor

from cifar7.training.config import DEVICES, ConfigError


def choose(device: str) -> torch.device:
    """The device of that name; `auto` is cuda, else mps, else cpu. Raises ConfigError if it is not here."""
    available = [
        *(["cuda"] if torch.cuda.is_available() else []),
        *(["mps"] if torch.backends.mps.is_available() else []),
        "cpu",
    ]
    if device == "auto":
        return torch.device(available[0])
    if device not in DEVICES:
        raise ConfigError(f"device is {device!r}; it takes {', '.join(DEVICES)}.")
    if device not in available:
        raise ConfigError(
            f"device is {device}, which torch does not find here; there are auto, {', '.join(available)}."
        )
    return torch.device(device)


def describe_device(device: torch.device) -> str:
    """The device in words, as in "CPU, 2 cores"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    cores = cpu_cores()
    return f"CPU, {cores} core{'s' if cores > 1 else ''}"


def tune(device: torch.device) -> None:
    """Set, once, what makes the device fast: on CUDA, that cudnn tries out its kernels and keeps the best.

    Which one wins may differ from run to run, and with it the rounding.
    """
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True


def wake(device: torch.device) -> None:
    """Run a little of what training needs, so that libraries that load on first use are there."""
    tune(device)
    precision = torch.bfloat16 if best_precision(device) == "bf16" else torch.float32
    convolution = torch.nn.Conv2d(3, 8, 3, padding=1).to(device)
    images = torch.zeros(8, 3, 32, 32, device=device)
    with torch.autocast(device.type, precision, enabled=precision == torch.bfloat16):
        maps = convolution(images)  # (8, 8, 32, 32)
    (maps.flatten(1) @ maps.flatten(1).T).float().sum().backward()


def cpu_cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def best_precision(device: torch.device) -> str:
    """`bf16` where the device multiplies it faster than fp32, else `fp32`.

    Read from the hardware and not measured, so that it is always the same on one machine and a run can be
    repeated to the bit. On a CPU: bf16 pays with AVX512-BF16 or AMX (measured on 2 cores of an AMD EPYC with
    AVX512-BF16, channels_last, batch 128: 2,870 images/s against 1,450), and without them it is emulated.
    """
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "mps":
        return "fp32"
    return "bf16" if _cpu_multiplies_bf16() else "fp32"


def _cpu_multiplies_bf16() -> bool:
    # Private in torch: where one is absent, the answer is no.
    queries = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in queries)


def rng_state(device: torch.device) -> list[Tensor]:
    """The states of torch's global generators, from which dropout draws: the CPU's, then the device's."""
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    if device.type == "mps":
        states.append(torch.mps.get_rng_state())
    return states


def set_rng_state(device: torch.device, states: list[Tensor]) -> None:
    """Set the generators to what `rng_state` returned on a device of the same kind."""
    torch.set_rng_state(states[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1], device)
    if device.type == "mps":
        torch.mps.set_rng_state(states[1])
