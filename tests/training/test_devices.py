import os

import pytest
import torch

from cifar7.training import devices
from cifar7.training.config import ConfigError
from cifar7.training.gpu.trial import Usable


@pytest.fixture(autouse=True)
def _works(monkeypatch):
    """Of every GPU that there is training works: see gpu/test_trial.py."""
    monkeypatch.setattr(devices, "_tried", {})
    monkeypatch.setattr(devices.trial, "attempt", lambda device: Usable(True))


def here(monkeypatch, cuda, mps):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_cuda_then_mps_then_the_cpu(monkeypatch, cuda, mps, expected):
    here(monkeypatch, cuda, mps)
    assert devices.choose("auto").type == expected


def test_a_device_that_is_not_here_is_refused_with_those_that_are(monkeypatch):
    here(monkeypatch, cuda=False, mps=True)
    monkeypatch.setattr(
        devices.trial, "attempt", lambda device: Usable(False, "it is not there", absent=True)
    )
    with pytest.raises(ConfigError, match=r"device is cuda.*auto, mps, cpu\."):
        devices.choose("cuda")
    assert devices.choose("cpu").type == "cpu"


def test_an_unknown_device_is_refused():
    with pytest.raises(ConfigError, match=r"'tpu'.*auto, cpu, cuda, mps"):
        devices.choose("tpu")


@pytest.mark.parametrize(("cores", "words"), [({0}, "CPU, 1 core"), ({0, 3}, "CPU, 2 cores")])
def test_the_cpu_is_described_by_the_cores_we_may_use(monkeypatch, cores, words):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: cores, raising=False)
    assert devices.describe_device(torch.device("cpu")) == words


@pytest.mark.parametrize(("avx512", "amx", "expected"), [(1, 0, "bf16"), (0, 1, "bf16"), (0, 0, "fp32")])
def test_a_cpu_trains_in_bf16_where_it_multiplies_it(monkeypatch, avx512, amx, expected):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    assert devices.best_precision(torch.device("cpu")) == expected


def test_a_torch_that_cannot_say_trains_in_fp32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    assert devices.best_precision(torch.device("cpu")) == "fp32"
