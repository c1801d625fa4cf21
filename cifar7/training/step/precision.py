"""The numbers that a network calculates with: their types, and the order in memory that suits them."""

from __future__ import annotations

import torch

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def best_precision(device: torch.device) -> str:
    """The key of `DTYPES` that the device multiplies fastest.

    Read from the hardware and not measured, so that it is always the same on one machine and a run can be
    repeated to the bit. On a CPU: bf16 pays with AVX512-BF16 or AMX (measured on 2 cores of an AMD EPYC with
    AVX512-BF16, channels_last, batch 128: 2,870 images/s against 1,450), and without them it is emulated. On
    an NVIDIA GPU: bf16 from compute capability 8 on, fp16 from 7 on, the first with tensor cores; the series
    GTX 16 has none, though it is a 7.5.
    """
    if device.type == "cuda":
        if has_bf16(device):
            return "bf16"
        tensor_cores = torch.cuda.get_device_capability(device) >= (7, 0)
        return "fp16" if tensor_cores and "GTX 16" not in torch.cuda.get_device_name(device) else "fp32"
    if device.type != "cpu":
        return "fp32"
    # Private in torch: where one is absent, the answer is no.
    queries = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return "bf16" if any(bool(getattr(torch.cpu, name, bool)()) for name in queries) else "fp32"


def has_bf16(device: torch.device) -> bool:
    """Whether a CUDA device calculates in bf16; below compute capability 8 torch emulates it, slowly."""
    return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Within it, layers calculate in `precision`, a key of `DTYPES`."""
    halved = precision != "fp32"
    return torch.autocast(device.type, DTYPES[precision] if halved else torch.bfloat16, enabled=halved)


def layout(device: torch.device, precision: str) -> torch.memory_format:
    """The order in memory in which the device's convolutions are fastest.

    Channels last is what CPUs and tensor cores want. Below compute capability 8 an NVIDIA GPU has no tensor
    cores for fp32, and cudnn's kernels for it are made for channels first. Known beforehand and not measured
    at the start: with the order the rounding changes, and a run is to be repeatable.
    """
    if device.type == "mps":
        return torch.contiguous_format
    if device.type == "cuda" and precision == "fp32" and torch.cuda.get_device_capability(device) < (8, 0):
        return torch.contiguous_format
    return torch.channels_last
