"""The step that CUDA records, whole, on meta tensors: they have shapes and a device and no values.

What would fail on a GPU, or wait for it, fails here: a value that is asked for, a tensor of another device,
one that is made of numbers and copied over, a branch on what was computed. A stand-in for CUDA's kernels;
autocast, cudnn and the recording itself are not seen. For fp16 the images are cast back, as autocast is off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from toys import config, make_set

from cifar7.network.module import build
from cifar7.network.presets import PRESETS, preset
from cifar7.results.gradcam import _weighted
from cifar7.training import evaluation, state
from cifar7.training.state import TrainingState
from cifar7.training.step import train_step

META = torch.device("meta")
FUSED = ("aten._fused_sgd_", "aten._fused_adamw_")  # on CUDA they are there, on meta they are not
MADE_OF_NUMBERS = (torch.tensor, torch.as_tensor, torch.from_numpy, torch.asarray)  # copied to the device


class OneDevice(TorchDispatchMode):
    """Fails at an operation that takes or gives a tensor of another device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._check(func, (args, kwargs))
        made = None if str(func).startswith(FUSED) else func(*args, **(kwargs or {}))
        self._check(func, made)
        return made

    def _check(self, func: Any, values: Any) -> None:
        for value in tree_leaves(values):
            here = not isinstance(value, Tensor) or value.device == META
            assert here, f"{func} has a tensor of another device"


class NothingMade(TorchFunctionMode):
    """Fails where a tensor is made of numbers; meta tensors are drawn from no generator."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in MADE_OF_NUMBERS, f"{func.__name__} copies numbers to the device"
        rest = {name: value for name, value in (kwargs or {}).items() if name != "generator"}
        return func(*args, **rest)


class OnCpu(torch.Generator):
    """Meta tensors have no generators."""

    def __new__(cls, device: Any = "cpu") -> OnCpu:
        return super().__new__(cls, "cpu")


@contextmanager
def guarded() -> Iterator[None]:
    with OneDevice(), NothingMade():
        yield


@pytest.fixture(autouse=True)
def _meta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "Generator", OnCpu)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    monkeypatch.setattr(state, "choose", lambda device: META)
    monkeypatch.setattr(state, "precision_on", lambda device, setting: setting)
    monkeypatch.setitem(evaluation.EVALUATED_AT_ONCE, "meta", 20)


DATA = make_set(64, 40)


def training(name: str = "starter", module: nn.Module | None = None, **settings: Any) -> TrainingState:
    settings = {"precision": "fp32", "batch_size": 8, "protocol": "test-each-epoch", **settings}
    run = TrainingState(module or build(preset(name).with_classes(4)), DATA, config(**settings))
    run.module.register_forward_pre_hook(lambda _, images: tuple(image.float() for image in images))
    return run


def take(run: TrainingState) -> None:
    """Two steps as they are recorded."""
    rows, lr, number = (torch.zeros(size, device=META) for size in ((8,), (), ()))
    with guarded():
        for _ in range(2):
            run.train_step.launch_recordable(rows.long(), lr, number)


EVERYTHING: dict[str, Any] = {
    "averaging": 0.9, "label_smoothing": 0.1, "flip": "alternating", "cutout": 8, "crop_padding": 4,
    "rotation": 9, "scaling": 9, "weight_decay": 0.1,
}  # fmt: skip
SETTINGS: list[dict[str, Any]] = [
    {},
    {"optimiser": "adamw"},
    {"optimiser": "muon"},
    {"nesterov": False},
    {"nesterov": False, "momentum": 0.0},
    {"averaging": 0.99},
    {"label_smoothing": 0.1},
    {"flip": "none", "crop_padding": 0},
    {"flip": "alternating"},
    {"cutout": 9},
    {"crop_padding": 4},
    {"rotation": 15},
    {"scaling": 10},
    {"normalisation": "half"},
    {"weight_decay": 0.0},
    {"precision": "fp16"},
    EVERYTHING,
    {"optimiser": "adamw", "precision": "fp16", **EVERYTHING},
    {"optimiser": "muon", "precision": "fp16", **EVERYTHING},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_option_is_recorded_without_a_look_at_a_value(settings: dict[str, Any]) -> None:
    run = training(**settings)
    take(run)
    assert all(p.grad is not None and p.grad.device == META for p in run.module.parameters())


@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=str)
def test_a_batch_that_is_divided_is_recorded_without_a_look_at_a_value(settings: dict[str, Any]) -> None:
    run = training(**settings)
    run.train_step.parts = 4
    take(run)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw", "muon"])
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_recorded_without_a_look_at_a_value(name: str, optimiser: str) -> None:
    take(training(name, optimiser=optimiser, **EVERYTHING))


@pytest.mark.parametrize("test_flip", [False, True])
@pytest.mark.parametrize("name", PRESETS)
def test_an_evaluation_makes_its_logits_on_the_device(name: str, test_flip: bool) -> None:
    run = training(name)
    images = run.selection.images
    with guarded():
        logits = evaluation.predict(run.module, images, *run.selection.scale, test_flip=test_flip)
    assert logits.shape == (64, 4)


@pytest.mark.parametrize("name", PRESETS)
def test_grad_cam_weighs_the_maps_on_the_device(name: str) -> None:
    run = training(name)
    images, classes = torch.zeros(2, 3, 32, 32, device=META), torch.zeros(2, dtype=torch.int64, device=META)
    with guarded():
        assert len(_weighted(run.module, images, 0, classes)) == 2


class Planted(nn.Module):
    """A network that does something to its maps that it should not."""

    def __init__(self, fault: Any) -> None:
        super().__init__()
        self.layer, self.fault = nn.Linear(3072, 4), fault

    def forward(self, images: Tensor) -> Tensor:
        return self.fault(self.layer(images.flatten(1)))


FOUND = "another device|copies numbers|meta tensor|nonzero"  # by the guards, or by torch: there is no value
LEFT_BEHIND, ONE_LEFT_BEHIND = torch.ones(4), torch.ones(())

FAULTS = {
    "a value asked for": lambda x: x * x.sum().item(),
    "a value asked for in whole": lambda x: x * len(x.detach().tolist()),
    "a tensor of the CPU": lambda x: x + LEFT_BEHIND,
    "a number of the CPU, which would be recorded as it is": lambda x: x * ONE_LEFT_BEHIND,
    "a tensor made on the CPU": lambda x: x + torch.zeros(()),
    "a tensor made of numbers": lambda x: x + torch.tensor([1.0, 2.0, 3.0, 4.0], device=x.device),
    "an array taken over": lambda x: x + torch.as_tensor(np.ones(4, np.float32), device=x.device),
    "a branch on a value": lambda x: x * 2 if x.sum() > 0 else x,
    "rows that are counted": lambda x: x + x[x > 0].sum(),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_a_recording_cannot_hold_is_found(fault: Any) -> None:
    run = training(module=Planted(lambda x: x * 2), crop_padding=0, flip="none")
    take(run)
    run.module.fault = fault
    with pytest.raises((AssertionError, RuntimeError), match=FOUND):
        take(run)


@pytest.mark.parametrize("where", ["batches", "update"])
def test_what_is_wrong_beside_the_network_is_found(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = training()
    if where == "batches":
        monkeypatch.setattr(run.batches, "labels", run.batches.labels.new_zeros(64, device="cpu"))
    else:
        monkeypatch.setattr(train_step, "cross_entropy", lambda x, y, **_: x.sum() + float(y.sum()))
    with pytest.raises((AssertionError, RuntimeError), match=FOUND):
        take(run)
