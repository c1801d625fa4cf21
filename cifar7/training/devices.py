"""Where training happens: which device, whether it works, what to call it, and what it calculates with."""

from __future__ import annotations

import os

import torch
from torch import Tensor

from cifar7 import machine
from cifar7.network.module import build
from cifar7.network.presets import preset
from cifar7.training.budget import EVALUATED_AT_ONCE, Place
from cifar7.training.config import DEVICES, ConfigError, is_device
from cifar7.training.gpu import trial
from cifar7.training.gpu.health import give_back as give_back
from cifar7.training.gpu.health import probe as probe
from cifar7.training.gpu.rehearsal import rehearse
from cifar7.training.gpu.trial import Usable
from cifar7.training.step.precision import autocast, best_precision, has_bf16

_tried: dict[str, Usable] = {}  # what was found in this process, by the device's name


def choose(device: str) -> torch.device:
    """The device of that name; `auto` is cuda, else mps, else cpu: the first on which training works.

    `cuda` is the GPU that this process works on, the first unless `tune` was called with another. Raises
    ConfigError if it is not here or training does not work there, DeviceStateError as `usable` does.
    """
    if device == "auto":
        return next((gpu for gpu in _gpus() if usable(gpu).works), torch.device("cpu"))
    if not is_device(device):
        raise ConfigError(
            f"device is {device!r}; it takes {', '.join(DEVICES)}, or cuda:1 for one of several GPUs."
        )
    available = [*(gpu.type for gpu in _gpus()), "cpu"]
    kind, _, number = device.partition(":")
    if kind not in available:
        found = usable(torch.device(kind))
        why = "" if found.absent else f" ({found.words})"
        raise ConfigError(
            f"device is {device}, which torch does not find here{why}",
            f"there are auto, {', '.join(available)}.",
        )
    if number and int(number) >= (count := torch.cuda.device_count()):
        there = ", ".join(f"{kind}:{at}" for at in range(count))
        raise ConfigError(f"device is {device}, which is not here; there are auto, {kind}, {there}, cpu.")
    chosen = torch.device(device)
    if kind != "cpu" and not (found := usable(chosen)).works:
        raise ConfigError(f"device is {device}, and {found.reason}", f"{found.cure}, or choose cpu.")
    return chosen


def _gpus() -> list[torch.device]:
    """Those that torch finds, whether they work or not."""
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [torch.device(name) for name, here in found.items() if here]


def usable(device: torch.device | None = None) -> Usable:
    """Whether this process can train on a device, by default CUDA's; tried out once with a few small steps.

    Where memory alone was lacking it is tried again. Raises DeviceStateError where the trial has left a
    device that does not work: another process may train there.
    """
    device = device or torch.device("cuda")
    if device.type == "cpu":
        return Usable(True)
    if (name := str(device)) not in _tried or _tried[name].passing:
        _tried[name] = trial.attempt(device)
    return _tried[name]


def why_not_gpu() -> str | None:
    """Why `auto` is the CPU although the machine has a GPU, and what to do; None where it is no wonder."""
    found = [usable(torch.device(name)) for name in ("cuda", "mps")]
    if any(one.works for one in found):
        return None
    return next((one.words for one in found if not one.absent), None)


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
    return Place(device.type, machine.cores(), best_precision(device) != "fp32")


def free_memory(device: torch.device) -> int | None:
    """Bytes that a run can get of the device's memory, what this process holds of it counted as free.

    None where that is not known.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    return machine.free_memory([os.getpid()]) if device.type == "cpu" else None


def tune(device: torch.device) -> None:
    """Set, once, what makes the device fast: on a CPU, that freed memory is kept; on CUDA, that cudnn tries
    out kernels and keeps the best.

    Of each convolution it tries two, the likeliest: ten, as torch has it, may take seconds for every new
    design, longer than many a run. Which one wins may differ from run to run, and with it the rounding. Of
    several GPUs this one becomes the one that everything here works on.
    """
    if device.type == "cpu":
        machine.keep_freed_memory()
    if device.type == "cuda":
        if device.index is not None:
            torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.benchmark_limit = 2


def wake(device: torch.device) -> None:
    """Run a little of what training needs, so that libraries that load on first use are there.

    On a GPU that is a few steps of the network and the batch that most begin with, and an evaluation: their
    kernels are loaded and chosen then. Raises what a step raises.
    """
    tune(device)
    if device.type == "cpu":
        _wake_cpu()
        return
    try:
        spec, precision = preset("starter"), best_precision(device)
        rehearse(build(spec, seed=1), device, precision, 128, EVALUATED_AT_ONCE[device.type])
    finally:
        give_back(device)


def _wake_cpu() -> None:
    """A convolution and a product, there and back: a tenth of a second."""
    device = torch.device("cpu")
    convolution = torch.nn.Conv2d(3, 8, 3, padding=1)
    with autocast(device, best_precision(device)):
        maps = convolution(torch.zeros(8, 3, 32, 32))  # (8, 8, 32, 32)
    (maps.flatten(1) @ maps.flatten(1).T).float().sum().backward()


def precision_on(device: torch.device, setting: str) -> str:
    """The precision, a key of `DTYPES`, that a setting means on a device. Raises ConfigError: it has none."""
    if setting == "auto":
        return best_precision(device)
    if setting == "fp16" and device.type != "cuda":
        raise ConfigError(
            f"precision is fp16, which is for NVIDIA GPUs, and the device is {device.type}",
            "choose auto, bf16 or fp32.",
        )
    if setting == "bf16" and device.type == "cuda" and not has_bf16(device):
        capability = ".".join(map(str, torch.cuda.get_device_capability(device)))
        raise ConfigError(
            f"precision is bf16, which {describe_device(device)} would only imitate, slowly: it has compute "
            f"capability {capability}, and bf16 begins at 8.0",
            "choose auto, fp16 or fp32.",
        )
    return setting


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
