"""Where training happens: which device, what to call it, and which precision is fastest there."""

from __future__ import annotations

import os

import torch
from torch import Tensor

from cifar7 import machine
from cifar7.training.budget import Place
from cifar7.training.config import DEVICES, ConfigError, is_device
from cifar7.training.gpu.health import give_back as give_back
from cifar7.training.gpu.health import probe as probe


def choose(device: str) -> torch.device:
    """The device of that name; `auto` is cuda, else mps, else cpu. Raises ConfigError if it is not here.

    `cuda` is the GPU that this process works on, the first unless `tune` was called with another.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    available = [name for name, here in present.items() if here]
    if device == "auto":
        return torch.device(available[0])
    if not is_device(device):
        raise ConfigError(
            f"device is {device!r}; it takes {', '.join(DEVICES)}, or cuda:1 for one of several GPUs."
        )
    kind, _, number = device.partition(":")
    if number and kind in available:
        count = torch.cuda.device_count()
        if int(number) < count:
            return torch.device(kind, int(number))
        there = ", ".join(f"{kind}:{at}" for at in range(count))
        raise ConfigError(f"device is {device}, which is not here; there are auto, {kind}, {there}, cpu.")
    if kind not in available:
        raise ConfigError(
            f"device is {device}, which torch does not find here; there are auto, {', '.join(available)}."
        )
    return torch.device(device)


def describe_device(device: torch.device) -> str:
    """The device in words, as in "CPU, 2 cores"; of several GPUs with its number."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        if torch.cuda.device_count() < 2:
            return name
        return f"{name} (cuda:{torch.cuda.current_device() if device.index is None else device.index})"
    if device.type == "mps":
        return "Apple GPU"
    cores = machine.cores()
    return f"CPU, {cores} core{'s' if cores > 1 else ''}"


def place(device: torch.device) -> Place:
    """The device as a budget sees it."""
    return Place(device.type, machine.cores(), best_precision(device) == "bf16")


def free_memory(device: torch.device) -> int | None:
    """Bytes that a run can get of the device's memory, what this process holds of it counted as free.

    None where that is not known.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    return machine.free_memory([os.getpid()]) if device.type == "cpu" else None


def tune(device: torch.device) -> None:
    """Set, once, what makes the device fast: on CUDA, that cudnn tries out its kernels and keeps the best.

    Which one wins may differ from run to run, and with it the rounding. Of several GPUs this one becomes the
    one that everything here works on.
    """
    if device.type == "cuda":
        if device.index is not None:
            torch.cuda.set_device(device)
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
    # Private in torch: where one is absent, the answer is no.
    queries = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return "bf16" if any(bool(getattr(torch.cpu, name, bool)()) for name in queries) else "fp32"


def rng_state(device: torch.device) -> list[Tensor]:
    """The states of torch's global generators, from which dropout draws: the CPU's, then the device's."""
    states = [torch.get_rng_state()]
    if device.type != "cpu":
        states.append(torch.get_device_module(device).get_rng_state())
    return states


def set_rng_state(device: torch.device, states: list[Tensor]) -> None:
    """Set the generators to what `rng_state` returned on a device of the same kind."""
    torch.set_rng_state(states[0])
    if device.type != "cpu":
        torch.get_device_module(device).set_rng_state(states[1])
