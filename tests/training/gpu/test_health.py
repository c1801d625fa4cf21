"""Whether a device still works: with the meta device, or the CPU's functions, in the place of a GPU."""

import gc
import weakref

import pytest
import torch
from training.gpu import stand

from cifar7.training import devices
from cifar7.training.errors import DeviceStateError, TrainingError
from cifar7.training.gpu import health

GPU = torch.device("cuda")


class Loop:
    """Holds itself."""

    def __init__(self):
        self.me = self


def test_what_is_given_back_is_collected_first(monkeypatch):
    gc.disable()
    try:
        garbage = weakref.ref(Loop())
        left = []
        stand.module(monkeypatch, empty_cache=lambda: left.append(garbage()))
        devices.give_back(GPU)
    finally:
        gc.enable()
    assert left == [None]


def test_giving_back_raises_nothing_where_the_device_is_broken(monkeypatch):
    def broken():
        raise RuntimeError("CUDA error: unspecified launch failure")

    stand.module(monkeypatch, empty_cache=broken)
    devices.give_back(GPU)


def test_of_a_cpu_nothing_is_asked_and_nothing_given_back(monkeypatch):
    monkeypatch.setattr(torch, "get_device_module", None)
    devices.give_back(torch.device("cpu"))
    devices.probe(torch.device("cpu"))


class Draws:
    """In the place of torch's functions that make a tensor on the GPU: made on the CPU."""

    def __init__(self, monkeypatch, broken=None):
        rand, ones = torch.rand, torch.ones
        self.drawn, self.broken = [], broken
        monkeypatch.setattr(torch, "ones", lambda size, device: self.ones(ones, size))
        monkeypatch.setattr(torch, "rand", lambda size, generator, device: self.rand(rand, size, generator))

    def ones(self, ones, size):
        if self.broken:
            raise self.broken
        return ones(size)

    def rand(self, rand, size, generator):
        self.drawn.append(generator)
        return rand(size, generator=generator)


def test_a_device_that_works_is_left_as_it_was(monkeypatch):
    stand.module(monkeypatch)
    draws = Draws(monkeypatch)
    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    devices.probe(GPU, generator)
    assert draws.drawn == [generator]
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize("at", ["waiting", "working", "drawing"])
def test_a_device_that_does_not_answer_is_told_in_plain_words(monkeypatch, at):
    error = RuntimeError("CUDA error: unknown error\nCompile with TORCH_USE_CUDA_DSA")

    def broken(*_, **__):
        raise error

    stand.module(monkeypatch, **({"synchronize": broken} if at == "waiting" else {}))
    Draws(monkeypatch, broken=error if at == "working" else None)
    if at == "drawing":
        monkeypatch.setattr(torch, "rand", broken)
    with pytest.raises(
        DeviceStateError, match=r"^the device no longer answers \(CUDA error: unknown error\)"
    ):
        devices.probe(GPU, torch.Generator())


def test_only_a_recording_that_failed_says_that_the_run_can_go_on_unrecorded():
    assert not DeviceStateError("broken").unrecorded
    assert DeviceStateError("broken", unrecorded=True).unrecorded
    assert isinstance(DeviceStateError("what", "cure"), TrainingError)
    assert DeviceStateError("what", "cure").cure == "cure"


def test_the_generator_that_dropout_draws_from(monkeypatch):
    assert health.generator_of(torch.device("cpu")) is torch.default_generator
    monkeypatch.setattr(torch.cuda, "default_generators", ("first", "second"))
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    assert health.generator_of(GPU) == "first"
    assert health.generator_of(torch.device("cuda:1")) == "second"
