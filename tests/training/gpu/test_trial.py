"""Whether a GPU can be trained on, and why not; with the CPU, or the rehearsal's errors, in its place."""

import re

import pytest
import torch
from training.gpu import stand

from cifar7 import machine
from cifar7.training import devices
from cifar7.training.config import ConfigError
from cifar7.training.errors import DeviceStateError
from cifar7.training.gpu import trial
from cifar7.training.gpu.trial import Usable

CARD = machine.Accelerator("NVIDIA GeForce", 8 << 30)


@pytest.fixture(autouse=True)
def _untried(monkeypatch):
    monkeypatch.setattr(devices, "_tried", {})
    monkeypatch.setattr(trial, "give_back", lambda device: None)


def rehearsed(monkeypatch, error=None):
    """The rehearsals that were asked for; each fails with `error`, if that is given."""
    asked = []

    def rehearse(module, device, precision, batch):
        asked.append((str(device), precision))
        if error is not None:
            raise error

    monkeypatch.setattr(trial, "rehearse", rehearse)
    monkeypatch.setattr(torch.cuda, "device", lambda device: torch.no_grad())
    return asked


def test_a_gpu_that_trains_is_taken_and_tried_once(monkeypatch):
    stand.gpu(monkeypatch)
    asked = rehearsed(monkeypatch)
    assert [devices.choose(name).type for name in ("auto", "auto", "cuda")] == ["cuda"] * 3
    assert asked == [("cuda", "bf16")]
    assert devices.why_not_gpu() is None


KERNELS = "CUDA error: no kernel image is available for execution on the device\nmore"
FAILURES = [
    (
        RuntimeError(KERNELS),
        "NVIDIA GeForce GTX 1080 has compute capability 6.1, and this torch no kernels for it, which begin "
        "at 7.5; install an older torch, or one for an older CUDA",
    ),
    (
        torch.OutOfMemoryError("CUDA out of memory."),
        "the GPU's memory is taken; close the programs that use it",
    ),
    (
        RuntimeError("cuDNN error: NOT_INITIALIZED"),
        "a training step fails on the GPU (cuDNN error: NOT_INITIALIZED); update its driver and torch, or "
        "train on the CPU",
    ),
]


@pytest.mark.parametrize(("error", "words"), FAILURES, ids=["kernels", "memory", "else"])
def test_a_gpu_that_does_not_train_is_not_taken_and_it_is_told_why(monkeypatch, error, words):
    stand.gpu(monkeypatch, "NVIDIA GeForce GTX 1080", (6, 1))
    rehearsed(monkeypatch, error)
    assert devices.choose("auto").type == "cpu"
    assert devices.why_not_gpu() == words
    reason = words.split("; ")[0]
    with pytest.raises(ConfigError) as refused:
        devices.choose("cuda")
    assert str(refused.value).startswith(f"device is cuda, and {reason}; ")
    assert str(refused.value).endswith(", or choose cpu.")


def test_a_gpu_whose_memory_was_taken_is_tried_again(monkeypatch):
    stand.gpu(monkeypatch)
    rehearsed(monkeypatch, torch.OutOfMemoryError("CUDA out of memory."))
    assert devices.choose("auto").type == "cpu"
    rehearsed(monkeypatch)
    assert devices.choose("auto").type == "cuda"


def test_another_failure_is_not_tried_again(monkeypatch):
    stand.gpu(monkeypatch)
    rehearsed(monkeypatch, RuntimeError("illegal instruction"))
    assert devices.choose("auto").type == "cpu"
    assert rehearsed(monkeypatch) == []
    assert devices.choose("auto").type == "cpu"


def test_of_several_gpus_each_is_tried_by_itself(monkeypatch):
    stand.gpu(monkeypatch)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    asked = rehearsed(monkeypatch)
    devices.choose("cuda:1")
    devices.choose("cuda")
    assert [device for device, _ in asked] == ["cuda:1", "cuda"]
    with pytest.raises(
        ConfigError, match="cuda:2, which is not here; there are auto, cuda, cuda:0, cuda:1, cpu"
    ):
        devices.choose("cuda:2")


def test_where_the_trial_spoils_the_process_it_is_another_ones_turn(monkeypatch):
    stand.gpu(monkeypatch)
    rehearsed(monkeypatch, DeviceStateError("no longer works", unrecorded=True))
    for _ in range(2):
        with pytest.raises(DeviceStateError) as spoilt:
            devices.choose("auto")
        assert spoilt.value.unrecorded


def test_an_apple_gpu_that_does_not_train_leaves_the_cpu(monkeypatch):
    stand.gpu(monkeypatch)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    asked = rehearsed(monkeypatch, RuntimeError("MPS: unsupported"))
    assert devices.choose("auto").type == "cpu"
    assert asked == [("mps", "fp32")]
    assert "MPS: unsupported" in devices.why_not_gpu()


def no_cuda(monkeypatch, cards, cuda, error):
    def init():
        raise RuntimeError(error)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "init", init)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(machine, "accelerators", lambda: cards)


ABSENT = [
    (None, "", "this torch is built without CUDA; install torch anew"),
    ("13.0", "The NVIDIA driver on your system is too old (found version 11040). Please update",
     "the NVIDIA driver here is too old for this torch, which is built for CUDA 13.0; update the driver"),
    ("13.0", "CUDA unknown error - this may be due to an incorrectly set up environment",
     r"torch finds no NVIDIA GPU \(CUDA unknown error .*\); restart the computer"),
]  # fmt: skip


@pytest.mark.parametrize(("cuda", "error", "words"), ABSENT, ids=["no cuda", "driver", "unknown"])
def test_a_card_that_torch_cannot_use_is_told_with_the_cure(monkeypatch, cuda, error, words):
    no_cuda(monkeypatch, (CARD,), cuda, error)
    assert devices.choose("auto").type == "cpu"
    assert re.search(words, devices.why_not_gpu())
    with pytest.raises(
        ConfigError, match=rf"^device is cuda, which torch does not find here \({words}.*\); there"
    ):
        devices.choose("cuda")


def test_where_there_is_no_card_there_is_nothing_to_tell(monkeypatch):
    no_cuda(monkeypatch, (), "13.0", "Found no NVIDIA driver on your system. Please check")
    assert devices.why_not_gpu() is None
    with pytest.raises(
        ConfigError, match=r"^device is cuda, which torch does not find here; there are auto, cpu\.$"
    ):
        devices.choose("cuda")


def test_a_cpu_needs_no_trial(monkeypatch):
    monkeypatch.setattr(trial, "attempt", None)
    assert devices.usable(torch.device("cpu")) == Usable(True)
    assert devices.choose("cpu").type == "cpu"
