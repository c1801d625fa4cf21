"""The recorded step, as far as it shows without a GPU: who takes which step, and that none waits."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from toys import config, make_set, network

from cifar7.training.errors import DeviceStateError
from cifar7.training.state import TrainingState
from cifar7.training.step.cuda_graph import WARM_UP, Recorder

WAITS = ("aten._local_scalar_dense", "aten.nonzero", "aten.is_nonzero", "aten.equal", "aten.unique")


class Stand:
    """In the place of torch.cuda: what is recorded is kept and done again at every replay."""

    def __init__(self, monkeypatch, broken=None):
        self.broken, self.graph_of, self.recording = broken, None, False
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: self)
        monkeypatch.setattr(torch.cuda, "Stream", lambda device: self)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: self)
        monkeypatch.setattr(torch.cuda, "stream", self.on)
        monkeypatch.setattr(torch.cuda, "graph", self.graph)
        self.generators = []

    @contextmanager
    def on(self, stream):
        yield

    @contextmanager
    def graph(self, graph, stream):
        self.recording = True
        yield
        self.recording = False

    def wait_stream(self, other):
        pass

    def register_generator_state(self, generator):
        self.generators.append(generator)

    def replay(self):
        self.again()


def recorder(stand, batch=4):
    """One that notes (how, rows, lr, number) of what is really done."""
    done = []

    def note(how, rows, lr, number):
        done.append((how, rows.tolist(), round(float(lr), 4), int(number)))

    def step(rows, lr, number):
        note("launched", rows, lr, number)
        return "said" if int(number) == 1 else None

    def recorded(rows, lr, number):
        assert stand.recording
        if stand.broken:
            raise stand.broken
        stand.again = lambda: note("replayed", rows, lr, number)

    generator = torch.Generator().manual_seed(1)
    return Recorder(step, recorded, batch, generator), done, generator


def test_every_step_is_taken_once_with_its_own_rows_rate_and_number(monkeypatch):
    stand = Stand(monkeypatch)
    one, done, generator = recorder(stand)
    assert one.seconds is None
    words = [one.take(torch.arange(4) + n, 0.1 + n, n) for n in range(WARM_UP + 3)]
    assert words == [None, "said", *[None] * (WARM_UP + 1)]
    assert done == [
        ("launched" if n < WARM_UP else "replayed", [n, n + 1, n + 2, n + 3], round(0.1 + n, 4), n)
        for n in range(WARM_UP + 3)
    ]
    assert stand.generators == [generator]  # or crops would repeat at every replay
    assert one.seconds is not None


def test_where_the_memory_is_not_enough_to_record_the_run_goes_on_and_says_so_once(monkeypatch):
    stand = Stand(monkeypatch, broken=torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."))
    one, done, _ = recorder(stand)
    words = [one.take(torch.arange(4), 0.1, n) for n in range(WARM_UP + 3)]
    assert [how for how, *_ in done] == ["launched"] * (WARM_UP + 3)
    assert "memory is not enough to record" in words[WARM_UP]
    assert words[WARM_UP + 1 :] == [None, None]
    assert one.seconds is None


@pytest.mark.parametrize(
    ("error", "why"),
    [(RuntimeError("not permitted\nmore"), "not permitted"), (RuntimeError(), "Runt")],
)
def test_where_recording_fails_otherwise_the_run_ends_with_the_way_around_it(monkeypatch, error, why):
    one, _, _ = recorder(Stand(monkeypatch, broken=error))
    for n in range(WARM_UP):
        one.take(torch.arange(4), 0.1, n)
    with pytest.raises(DeviceStateError, match=rf"\({why}[^\n]*CIFAR7_CUDA_GRAPH to off, and resume"):
        one.take(torch.arange(4), 0.1, WARM_UP)


def test_recording_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("CIFAR7_CUDA_GRAPH", "off")
    one, done, _ = recorder(Stand(monkeypatch, broken=AssertionError("recorded")))
    assert [one.take(torch.arange(4), 0.1, n) for n in range(6)].count(None) == 5  # step 1 says something
    assert [how for how, *_ in done] == ["launched"] * 6


def test_what_is_closed_holds_nothing(monkeypatch):
    stand = Stand(monkeypatch)
    one, done, _ = recorder(stand)
    for n in range(WARM_UP + 1):
        one.take(torch.arange(4), 0.1, n)
    seconds = one.seconds
    held = sys.getrefcount(stand)
    one.close()
    assert sys.getrefcount(stand) < held  # the graph is one of those who held it
    assert one.seconds == seconds is not None
    with pytest.raises(RuntimeError, match="closed"):
        one.take(torch.arange(4), 0.1, 9)
    assert len(done) == WARM_UP + 1


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
