"""The rehearsal of a run and the waking of a device, for real on the CPU; a GPU's waking on stand-ins."""

from time import process_time

import pytest
import torch
from toys import network
from training.gpu import stand

from cifar7.training import devices
from cifar7.training.errors import TrainingError
from cifar7.training.gpu import rehearsal, trial
from cifar7.training.gpu.rehearsal import STEPS, rehearse
from cifar7.training.step.cuda_graph import WARM_UP
from cifar7.training.step.train_step import TrainStep

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def test_a_rehearsal_takes_the_steps_of_a_run_past_its_recording(monkeypatch):
    taken, evaluated = [], []
    take = TrainStep.take
    monkeypatch.setattr(TrainStep, "take", lambda self, *step: taken.append(step[2]) or take(self, *step))
    monkeypatch.setattr(rehearsal, "evaluate", lambda module, images, *_: evaluated.append(len(images)))
    module = network(10)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    rehearse(module, CPU, "fp32", 8, evaluated=5)
    assert taken == list(range(STEPS))
    assert STEPS > WARM_UP + 1  # one launch of the recording, at least
    assert evaluated == [5]
    assert all(not torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_what_is_no_finite_number_does_not_work():
    module = network(10)
    with torch.no_grad():
        module[0].weight.fill_(torch.nan)
    with pytest.raises(TrainingError, match="no finite number"):
        rehearse(module, CPU, "fp32", 8)


def test_the_trial_trains_for_real_and_leaves_chance_as_it_was(monkeypatch):
    """The CPU as an Apple GPU."""
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(trial, "rehearse", lambda module, _, precision, batch: done.append(
        rehearse(module, CPU, precision, batch)))  # fmt: skip
    done, before = [], torch.get_rng_state()
    monkeypatch.setattr(trial, "give_back", lambda device: None)
    assert trial.attempt(torch.device("mps")).works
    assert done == [None]
    assert torch.equal(torch.get_rng_state(), before)


def test_a_gpu_is_woken_with_the_network_and_the_batch_that_most_begin_with(monkeypatch):
    stand.gpu(monkeypatch)
    woken = []
    monkeypatch.setattr(devices, "rehearse", lambda module, *how: woken.append((module.spec.name, *how)))
    monkeypatch.setattr(devices, "give_back", lambda device: woken.append("given back"))
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark_limit", 10)
    devices.wake(GPU)
    assert woken == [("starter", GPU, "bf16", 128, 2500), "given back"]
    assert torch.backends.cudnn.benchmark
    assert torch.backends.cudnn.benchmark_limit == 2  # or a new design waits for seconds


def test_a_gpu_gets_its_memory_back_where_waking_it_failed(monkeypatch):
    def fails(*_):
        raise RuntimeError("not today")

    stand.gpu(monkeypatch)
    back = []
    monkeypatch.setattr(devices, "tune", lambda device: None)
    monkeypatch.setattr(devices, "rehearse", fails)
    monkeypatch.setattr(devices, "give_back", back.append)
    with pytest.raises(RuntimeError, match="not today"):
        devices.wake(GPU)
    assert back == [GPU]


def test_a_cpu_is_awake_soon():
    devices.wake(CPU)  # what loads on first use is loaded now
    began = process_time()
    devices.wake(CPU)
    assert process_time() - began < 0.1
