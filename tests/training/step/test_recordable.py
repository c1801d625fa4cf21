"""The step that is recorded on a GPU, on the CPU: it waits for nothing, and is the step that is launched."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from toys import config, make_set, network

from cifar7.training import state
from cifar7.training.engine import Training
from cifar7.training.lr_finder import range_test
from cifar7.training.state import TrainingState
from cifar7.training.step import train_step
from cifar7.training.step.train_step import TrainStep

WAITS = ("aten._local_scalar_dense", "aten.nonzero", "aten.is_nonzero", "aten.equal", "aten.unique")

SETTINGS = [
    {},
    {"optimiser": "adamw", "lr": 0.002},
    {"averaging": 0.9, "label_smoothing": 0.1, "flip": "alternating", "cutout": 8, "crop_padding": 4},
    {"rotation": 15, "scaling": 20},
]


def training(**settings):
    return TrainingState(network(), make_set(), config(precision="fp32", **settings))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_rates_and_numbers_on_the_device_make_the_same_steps(settings):
    states = []
    for on_device in (False, True):
        run = training(**settings)
        batches = run.batches.order(0).split(32)[:4]
        for number, rows in enumerate(batches):
            lr = 0.02 / (1 + number)
            if on_device:
                run.train_step.launch_recordable(rows, torch.tensor(lr), torch.tensor(float(number)))
            else:
                run.train_step.take(rows, lr, number)
        states.append((run.evaluated.state_dict(), run.metrics.of_epoch()))
    (floats, figures), (tensors, figures_there) = states
    for name, value in floats.items():
        torch.testing.assert_close(tensors[name], value, msg=name)
    assert figures_there[:2] == pytest.approx(figures[:2], rel=1e-5)
    assert figures_there[2] is figures[2] is None


class NobodyWaits(TorchDispatchMode):
    """Fails at whatever would make the host wait for a device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert not str(func).startswith(WAITS), f"{func} waits for the device"
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_step_to_be_recorded_asks_the_device_nothing(settings):
    run = training(**settings)
    rows = run.batches.order(0)[:32]
    with NobodyWaits():
        run.train_step.launch_recordable(rows, torch.tensor(0.01), torch.tensor(0.0))


def test_the_guard_above_sees_a_wait():
    with NobodyWaits(), pytest.raises(AssertionError, match="waits"):
        torch.ones(3).sum().item()


def test_a_bad_loss_is_found_by_the_number_on_the_device():
    run = training()
    with torch.no_grad():
        next(run.module.parameters()).fill_(torch.nan)
    rows = run.batches.order(0)[:32]
    for number in (5.0, 6.0):
        run.train_step.launch_recordable(rows, torch.tensor(0.01), torch.tensor(number))
    assert run.metrics.of_epoch()[2] == 5


def test_on_a_cpu_nothing_is_recorded():
    run = training()
    run.train_step.take(run.batches.order(0)[:32], 0.1, 0)
    assert run.train_step.capture_seconds is None


@pytest.mark.parametrize("record", [True, False])
def test_whether_to_record_reaches_the_recorder(monkeypatch, record):
    """With a GPU's name in the place of a GPU."""
    asked = []
    monkeypatch.setattr(train_step, "Recorder", lambda *_, enabled: asked.append(enabled))
    run = training()
    run.batches.device = torch.device("cuda")
    monkeypatch.setattr(state, "TrainStep", lambda *parts, record, **how: TrainStep(
        parts[0], run.batches, *parts[2:], record=record, **how))  # fmt: skip
    Training(network(), make_set(), config(), record=record)
    next(range_test(network(), make_set(), config(), record=record))
    assert asked == [record, record]
