"""Whether a device still works in this process, and giving back what memory it keeps for it."""

from __future__ import annotations

import gc
from contextlib import suppress

import torch

from cifar7.training.errors import DeviceStateError, in_a_line


def give_back(device: torch.device) -> None:
    """Give the device back the memory that nothing here uses any more; raises nothing.

    What torch has freed it keeps for itself, gigabytes between two runs, and other programs want it too.
    """
    gc.collect()  # a network, its images and gradients are held in reference cycles
    if device.type != "cpu":
        with suppress(Exception):  # that the device is broken is for `probe` to find
            torch.get_device_module(device).empty_cache()


def generator_of(device: torch.device) -> torch.Generator:
    """Torch's own generator of a CUDA device, or of the CPU, from which dropout draws."""
    if device.type != "cuda":
        return torch.default_generator
    return torch.cuda.default_generators[
        torch.cuda.current_device() if device.index is None else device.index
    ]


def probe(device: torch.device, *generators: torch.Generator) -> None:
    """Let the device work, draw from each of its generators given, and wait; their states are as before.

    An error of an accelerator may stay with the process for good, whatever is asked of it afterwards. Raises
    DeviceStateError where it is so. Of a CPU nothing is asked.
    """
    if device.type == "cpu":
        return
    try:
        torch.get_device_module(device).synchronize()
        for generator in generators:
            state = generator.get_state()
            torch.rand((), generator=generator, device=device)
            generator.set_state(state)
        torch.ones(2, device=device).sum().item()
    except Exception as error:
        raise DeviceStateError(
            f"the device no longer answers ({in_a_line(error)}), as may happen when a computer sleeps; train "
            "again in a new process, and restart the computer if it happens there too."
        ) from error
