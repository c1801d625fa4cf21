"""A stand-in for a GPU: the CPU, under torch.cuda's functions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch


def gpu(
    monkeypatch: pytest.MonkeyPatch,
    name: str = "NVIDIA H100",
    capability: tuple[int, int] = (9, 0),
    kernels: tuple[str, ...] = ("sm_75", "sm_80", "sm_90", "compute_120"),
) -> None:
    """Torch finds a GPU of this name and compute capability, with kernels for these."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: name)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: list(kernels))


def module(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> SimpleNamespace:
    """What `torch.get_device_module` gives for it, with some of its functions replaced."""
    plain = {"synchronize": lambda: None, "empty_cache": lambda: None}
    stand = SimpleNamespace(**{**plain, **functions})
    monkeypatch.setattr(torch, "get_device_module", lambda device: stand)
    return stand
