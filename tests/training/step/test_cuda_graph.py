"""The recording of the step, as far as it shows without a GPU: who takes which step, and what may fail."""

from __future__ import annotations

import gc
import re
import sys
import weakref
from contextlib import contextmanager

import pytest
import torch
from torch.torch_version import TorchVersion

from cifar7.training.errors import DeviceStateError
from cifar7.training.step import cuda_graph
from cifar7.training.step.cuda_graph import WARM_UP, Recorder


class Stand:
    """In the place of torch.cuda: what is recorded is kept and done again at every replay."""

    def __init__(self, monkeypatch, broken=None, closing=None):
        self.broken, self.closing, self.recording, self.resets = broken, closing, False, 0
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
        try:
            yield
        finally:
            self.recording = False
            if self.closing:
                raise self.closing

    def reset(self):
        self.resets += 1

    def wait_stream(self, other):
        pass

    def register_generator_state(self, generator):
        self.generators.append(generator)

    def replay(self):
        self.again()


def recorder(stand, batch=4, **how):
    """One that notes (how, rows, lr, number) of what is really done."""
    done = []

    def note(how, rows, lr, number):
        done.append((how, rows.tolist(), round(float(lr), 4), int(number)))

    def step(rows, lr, number):
        note("launched", rows, lr, number)
        return "said" if int(number) == 1 else None

    def recorded(rows, lr, number):
        assert stand.recording
        stand.drawn = torch.rand(3, generator=generator), torch.rand(3)
        if stand.broken:
            raise stand.broken
        stand.again = lambda: note("replayed", rows, lr, number)

    def forget():
        done.append(("forgotten",))

    generator = torch.Generator().manual_seed(1)
    return Recorder(step, recorded, forget, batch, generator, **how), done, generator


def take(one, count):
    return [one.take(torch.arange(4), 0.1, number) for number in range(count)]


def test_every_step_is_taken_once_with_its_own_rows_rate_and_number(monkeypatch):
    stand = Stand(monkeypatch)
    one, done, _ = recorder(stand)
    assert one.seconds is None
    words = [one.take(torch.arange(4) + n, 0.1 + n, n) for n in range(WARM_UP + 3)]
    assert words == [None, "said", *[None] * (WARM_UP + 1)]
    assert done == [
        ("launched" if n < WARM_UP else "replayed", [n, n + 1, n + 2, n + 3], round(0.1 + n, 4), n)
        for n in range(WARM_UP + 3)
    ]
    assert one.seconds is not None


@pytest.mark.parametrize(
    ("version", "registered"), [("2.9.1+cu128", True), ("2.13.2+cu130", True), ("2.14.0+cu130", False)]
)
def test_the_generator_is_registered_where_that_is_no_deprecated_call_without_effect(
    monkeypatch, version, registered
):
    monkeypatch.setattr(torch, "__version__", TorchVersion(version))
    stand = Stand(monkeypatch)
    one, _, generator = recorder(stand)
    take(one, WARM_UP + 1)
    assert stand.generators == ([generator] if registered else [])  # where it is: or crops would repeat
    assert one.seconds is not None


NO_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
ABOUT_MEMORY = "^The memory is not enough to record the step"
FAILURES = [
    (NO_MEMORY, None, ABOUT_MEMORY),
    (NO_MEMORY, RuntimeError("capture invalidated"), ABOUT_MEMORY),
    (
        RuntimeError("not permitted\nmore"),
        None,
        r"^The step could not be recorded as a CUDA graph \(not permitted\)",
    ),
    (RuntimeError("not permitted"), NO_MEMORY, r"\(not permitted\)"),  # the first error tells, not the last
    (None, RuntimeError("capture invalidated"), r"\(capture invalidated\)"),
    (RuntimeError(), None, r"\(RuntimeError\)"),
    (NotImplementedError("no such kernel"), None, r"\(no such kernel\)"),
    (KeyError("x"), None, r"\('x'\)"),
]


@pytest.mark.parametrize(("broken", "closing", "words"), FAILURES)
def test_where_recording_fails_the_run_goes_on_kernel_by_kernel_and_says_so_once(
    monkeypatch, broken, closing, words
):
    stand = Stand(monkeypatch, broken, closing)
    one, done, _ = recorder(stand)
    said = take(one, WARM_UP + 3)
    assert done == [
        *[("launched", [0, 1, 2, 3], 0.1, number) for number in range(WARM_UP)],
        ("forgotten",),
        *[("launched", [0, 1, 2, 3], 0.1, number) for number in range(WARM_UP, WARM_UP + 3)],
    ]
    assert re.search(words, said[WARM_UP])
    assert said[WARM_UP].endswith("so its kernels are launched one by one: the same training, slower.")
    assert said[WARM_UP + 1 :] == [None, None]
    assert one.seconds is None
    assert stand.resets == 1


def test_an_older_torch_that_cannot_register_a_generator_goes_on_without_recording(monkeypatch):
    monkeypatch.setattr(torch, "__version__", TorchVersion("2.4.0"))
    monkeypatch.delattr(Stand, "register_generator_state")
    one, done, _ = recorder(Stand(monkeypatch))
    assert "could not be recorded" in take(one, WARM_UP + 1)[WARM_UP]
    assert len(done) == WARM_UP + 2


def test_a_recording_that_fails_leaves_chance_as_it_was(monkeypatch):
    stand = Stand(monkeypatch, RuntimeError("not permitted"))
    one, _, generator = recorder(stand)
    before = [generator.get_state(), torch.get_rng_state()]
    take(one, WARM_UP + 1)
    assert stand.drawn
    assert torch.equal(generator.get_state(), before[0])
    assert torch.equal(torch.get_rng_state(), before[1])


def test_the_memory_of_a_recording_that_failed_is_free_before_it_is_given_back(monkeypatch):
    # Without a search for garbage: the error and the frames of its traceback hold each other.
    Stand(monkeypatch, closing=RuntimeError("capture invalidated"))
    held, alive = [], []

    def recorded(rows, lr, number):
        activations = torch.zeros(3)
        held.append(weakref.ref(activations))
        raise NO_MEMORY

    one = Recorder(lambda *_: None, recorded, lambda: None, 4, torch.Generator())
    monkeypatch.setattr(cuda_graph, "give_back", lambda device: alive.append(held[0]() is not None))
    gc.disable()
    try:
        take(one, WARM_UP + 1)
    finally:
        gc.enable()
    assert alive == [False]
    assert NO_MEMORY.__traceback__ is None


@pytest.mark.parametrize("broken", [RuntimeError("not permitted"), NO_MEMORY])
def test_where_the_device_no_longer_works_afterwards_the_run_ends_and_can_be_taken_up_unrecorded(
    monkeypatch, broken
):
    def probe(device, *generators):
        probed.extend(generators)
        raise DeviceStateError("Offset increment outside graph capture")

    probed = []
    monkeypatch.setattr(cuda_graph, "probe", probe)
    one, done, generator = recorder(Stand(monkeypatch, broken))
    take(one, WARM_UP)
    with pytest.raises(
        DeviceStateError, match=r"Offset incr[^\n]*CIFAR7_CUDA_GRAPH to off, and resume"
    ) as ended:
        one.take(torch.arange(4), 0.1, WARM_UP)
    assert ended.value.unrecorded
    assert len(done) == WARM_UP + 1
    assert probed == [generator, torch.default_generator]


def test_a_generator_that_is_stuck_is_a_device_that_no_longer_works(monkeypatch):
    class Stuck:
        device = torch.device("cpu")

        def get_state(self):
            return torch.zeros(1)

        def set_state(self, state):
            raise RuntimeError("cannot be set while capturing")

    Stand(monkeypatch)
    one = Recorder(lambda *_: None, lambda *_: 1 / 0, lambda: None, 4, Stuck())
    take(one, WARM_UP)
    with pytest.raises(DeviceStateError, match=r"division by zero.*cannot be set while capturing"):
        one.take(torch.arange(4), 0.1, WARM_UP)


@pytest.mark.parametrize(("environment", "how"), [("off", {}), (None, {"enabled": False})])
def test_recording_can_be_switched_off(monkeypatch, environment, how):
    if environment:
        monkeypatch.setenv("CIFAR7_CUDA_GRAPH", environment)
    one, done, _ = recorder(Stand(monkeypatch, broken=AssertionError("recorded")), **how)
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
