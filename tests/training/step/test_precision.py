"""What each device calculates with; GPUs are stand-ins that name their compute capability."""

import pytest
import torch
from training.gpu import stand

from cifar7.training import devices
from cifar7.training.config import ConfigError
from cifar7.training.step.precision import autocast, best_precision, layout

CPU, GPU, MPS = torch.device("cpu"), torch.device("cuda"), torch.device("mps")

# name, compute capability, what auto means, the order in memory for fp32
CARDS = [
    ("NVIDIA H100", (9, 0), "bf16", torch.channels_last),
    ("NVIDIA A100", (8, 0), "bf16", torch.channels_last),
    ("NVIDIA GeForce RTX 5090", (12, 0), "bf16", torch.channels_last),
    ("Tesla T4", (7, 5), "fp16", torch.contiguous_format),
    ("NVIDIA GeForce RTX 2080", (7, 5), "fp16", torch.contiguous_format),
    ("NVIDIA GeForce GTX 1660 Ti", (7, 5), "fp32", torch.contiguous_format),
    ("Tesla V100", (7, 0), "fp16", torch.contiguous_format),
    ("Tesla P100", (6, 0), "fp32", torch.contiguous_format),
]


@pytest.mark.parametrize(("name", "capability", "best", "plain"), CARDS, ids=[card[0] for card in CARDS])
def test_what_automatic_means_goes_by_the_compute_capability(monkeypatch, name, capability, best, plain):
    stand.gpu(monkeypatch, name, capability)
    assert best_precision(GPU) == devices.precision_on(GPU, "auto") == best
    assert layout(GPU, "fp32") == plain
    assert layout(GPU, "bf16") == layout(GPU, "fp16") == torch.channels_last
    assert devices.place(GPU).halved is (best != "fp32")


def test_elsewhere_channels_last_is_for_cpus():
    assert layout(CPU, "fp32") == layout(CPU, "bf16") == torch.channels_last
    assert layout(MPS, "fp32") == torch.contiguous_format
    assert best_precision(MPS) == "fp32"


def test_bf16_is_refused_where_it_would_be_imitated(monkeypatch):
    stand.gpu(monkeypatch, "Tesla T4", (7, 5))
    with pytest.raises(
        ConfigError, match=r"precision is bf16, .*Tesla T4.* 7\.5.* 8\.0; choose auto, fp16 or fp32"
    ):
        devices.precision_on(GPU, "bf16")
    assert devices.precision_on(GPU, "fp32") == "fp32"
    stand.gpu(monkeypatch, "NVIDIA A100", (8, 0))
    assert devices.precision_on(GPU, "bf16") == "bf16"
    assert devices.precision_on(CPU, "bf16") == "bf16"


@pytest.mark.parametrize("device", [CPU, MPS], ids=str)
def test_fp16_is_for_nvidia_gpus_alone(device):
    with pytest.raises(
        ConfigError, match=f"precision is fp16.* device is {device}; choose auto, bf16 or fp32"
    ):
        devices.precision_on(device, "fp16")


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_layers_calculate_in_it(precision, dtype):
    with autocast(CPU, precision):
        assert torch.nn.Linear(3, 2)(torch.zeros(1, 3)).dtype == dtype
