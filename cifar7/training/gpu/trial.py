"""Whether this process can train on a GPU, found by training on it; and if not, why, in plain words."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from cifar7 import machine
from cifar7.training.errors import DeviceStateError, in_a_line, is_out_of_memory
from cifar7.training.gpu.health import give_back
from cifar7.training.gpu.rehearsal import CLASSES, rehearse
from cifar7.training.step.precision import best_precision

BATCH = 16
INSTALL = "install torch anew, with CUDA, as https://pytorch.org/get-started says"


@dataclass(frozen=True, slots=True)
class Usable:
    """Whether there can be training on a device. If not: why, and what to do, each half a sentence."""

    works: bool
    reason: str = ""
    cure: str = ""
    absent: bool = False  # it is not usable because nothing here is known to have such a device
    passing: bool = False  # it may be usable soon

    @property
    def words(self) -> str:
        """Reason and cure in one line."""
        return f"{self.reason}; {self.cure}" if self.cure else self.reason


def attempt(device: torch.device) -> Usable:
    """Train a little on a GPU: convolution, norm, backward, update, and on CUDA a recording.

    Raises DeviceStateError where that has left a device that no longer works in this process.
    """
    missing = _missing(device)
    if missing:
        return missing
    try:
        with torch.random.fork_rng(devices=[]):
            network = nn.Sequential(
                nn.Conv2d(3, 8, 3, stride=4, padding=1),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(512, CLASSES),
            )
        with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
            rehearse(network, device, best_precision(device), BATCH)
    except DeviceStateError:
        raise
    except Exception as error:
        return _told(device, error)
    finally:
        give_back(device)
    return Usable(True)


def _missing(device: torch.device) -> Usable | None:
    """Why torch finds no such device; None where it does."""
    if device.type == "mps":
        found = torch.backends.mps.is_available()
        return None if found else Usable(False, "torch finds no Apple GPU", absent=True)
    if torch.cuda.is_available():
        return None
    names = [one.name for one in machine.accelerators()]
    if torch.version.cuda is None:
        return Usable(False, "this torch is built without CUDA", INSTALL, absent=not names)
    try:
        torch.cuda.init()
        why = "it says nothing more"
    except Exception as error:
        why = in_a_line(error)
    if "too old" in why:
        reason = (
            f"the NVIDIA driver here is too old for this torch, which is built for CUDA {torch.version.cuda}"
        )
        return Usable(False, reason, "update the driver, or install a torch for an older CUDA")
    cure = "restart the computer; if that does not help, install the NVIDIA driver anew"
    return Usable(False, f"torch finds no NVIDIA GPU ({why})", cure, absent=not names)


def _told(device: torch.device, error: Exception) -> Usable:
    """What kept a step from working on a device that torch finds."""
    text = str(error).lower()
    if is_out_of_memory(error):
        return Usable(False, "the GPU's memory is taken", "close the programs that use it", passing=True)
    if "no kernel image" in text or "arch_mismatch" in text:
        return Usable(False, *_too_old(device))
    cure = "update its driver and torch, or train on the CPU"
    return Usable(False, f"a training step fails on the GPU ({in_a_line(error)})", cure)


def _too_old(device: torch.device) -> tuple[str, str]:
    """Of a GPU that torch's kernels are not built for: which one it is, and which they are for."""
    have = "{}.{}".format(*torch.cuda.get_device_capability(device))
    built = [int(name[3:]) for name in torch.cuda.get_arch_list() if name[:3] == "sm_" and name[3:].isdigit()]
    least = f", which begin at {min(built) // 10}.{min(built) % 10}" if built else ""
    name = torch.cuda.get_device_name(device)
    reason = f"{name} has compute capability {have}, and this torch no kernels for it{least}"
    return reason, "install an older torch, or one for an older CUDA"
