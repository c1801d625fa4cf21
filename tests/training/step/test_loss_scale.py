"""The loss scale of fp16, on the CPU: its arithmetic by hand, and runs with a scale in fp32's numbers."""

import pytest
import torch
from toys import config, make_set, network

from cifar7.training import state
from cifar7.training.engine import Training
from cifar7.training.errors import TrainingError
from cifar7.training.state import TrainingState
from cifar7.training.step import loss_scale, precision
from cifar7.training.step.loss_scale import DOUBLED_AFTER, FIRST, LEAST, LossScale

CPU = torch.device("cpu")


def after(scale, *gradients):
    """What is told to be skipped, and the scale after a step with these gradients."""
    skipped = float(scale.unscale(list(gradients)))
    scale.update()
    return skipped, float(scale.value)


def test_gradients_are_divided_by_the_scale():
    gradient, other = torch.tensor([2.0**16, 3.0]), torch.tensor(2.0**15)
    assert after(LossScale(CPU), gradient, other) == (0.0, 2.0**16)
    assert gradient.tolist() == [1.0, 3 / 2**16]
    assert float(other) == 0.5


@pytest.mark.parametrize("poison", [torch.inf, -torch.inf, torch.nan])
def test_where_one_overflows_the_step_is_skipped_and_the_scale_halved(poison):
    scale = LossScale(CPU)
    assert after(scale, torch.ones(2), torch.tensor([1.0, poison])) == (1.0, 2.0**15)
    assert after(scale, torch.ones(2)) == (0.0, 2.0**15)


def test_the_scale_doubles_after_steps_enough_in_a_row(monkeypatch):
    monkeypatch.setattr(loss_scale, "DOUBLED_AFTER", 3)
    scale, good, bad = LossScale(CPU), torch.ones(1), torch.tensor([torch.inf])
    found = [
        after(scale, gradient.clone())[1] / FIRST for gradient in (good, good, bad, good, good, good, good)
    ]
    assert found == [1, 1, 0.5, 0.5, 0.5, 1, 1]


def test_it_is_the_scale_of_torch():
    scaler = torch.amp.GradScaler("cpu")
    assert (scaler._init_scale, scaler._growth_interval) == (FIRST, DOUBLED_AFTER)
    assert (scaler._growth_factor, scaler._backoff_factor) == (2.0, 0.5)


def test_a_scale_goes_on_where_it_was_left(monkeypatch):
    monkeypatch.setattr(loss_scale, "DOUBLED_AFTER", 3)
    one, two = LossScale(CPU), LossScale(CPU)
    for gradient in (torch.inf, 1.0, 1.0):
        after(one, torch.tensor([gradient]))
    two.load_state_dict({name: value.clone() for name, value in one.state_dict().items()})
    assert after(two, torch.ones(1)) == after(one, torch.ones(1)) == (0.0, FIRST)


@pytest.fixture
def scaled(monkeypatch):
    """Runs on the CPU take fp16: with the scale, and numbers of fp32 in its place."""
    monkeypatch.setattr(state, "precision_on", lambda device, setting: setting)
    monkeypatch.setitem(precision.DTYPES, "fp16", torch.float32)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: torch.enable_grad())


def training(module=None, **settings):
    run = TrainingState(module or network(), make_set(), config(**settings))
    run.module.train()
    return run


@pytest.mark.usefixtures("scaled")
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    "settings", [{}, {"optimiser": "adamw", "lr": 0.002}, {"averaging": 0.9, "nesterov": False}], ids=str
)
def test_while_nothing_overflows_scaled_steps_are_the_others_to_the_bit(settings, parts):
    # A scale of a power of two changes exponents alone.
    ends = []
    for kind in ("fp32", "fp16"):
        run = training(precision=kind, **settings)
        run.train_step.parts = parts
        for rows in run.start_epoch():
            run.take_step(rows)
        ends.append((run.evaluated.state_dict(), run.metrics.of_epoch()))
    (plain, figures), (found, others) = ends
    assert figures == others
    for name, value in plain.items():
        assert torch.equal(found[name], value), name


class Overflows(torch.nn.Module):
    """`network`, whose logits or whose gradients are infinite in the batches that are named."""

    def __init__(self, batches, forward):
        super().__init__()
        self.inner, self.batches, self.forwards, self.number = network(), batches, forward, -1

    def forward(self, images):
        self.number += self.training
        bad = self.training and self.number in self.batches
        if bad and self.forwards:
            images = images * torch.inf
        logits = self.inner(images)
        if bad and not self.forwards:
            logits.register_hook(lambda gradient: gradient * torch.inf)
        return logits


def weights(run):
    return {name: value.clone() for name, value in run.module.state_dict().items()}


@pytest.mark.usefixtures("scaled")
@pytest.mark.parametrize("recordable", [False, True], ids=["launched", "to be recorded"])
@pytest.mark.parametrize("forward", [False, True], ids=["gradients", "maps"])
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_step_that_overflows_changes_nothing_but_the_scale(optimiser, forward, recordable):
    run = training(Overflows({1}, forward), precision="fp16", optimiser=optimiser, lr=0.01)
    rows = run.start_epoch()

    def take(number):
        if recordable:
            step = torch.tensor(0.01), torch.tensor(float(number))
            run.train_step.launch_recordable(rows[number], *step)
        else:
            run.train_step.take(rows[number], 0.01, number)

    take(0)
    before, figures = weights(run), run.metrics.since_last()
    assert figures.first_bad is None
    memory = [
        tensor.clone() for group in run.optimiser.groups for part in group.state.values() for tensor in part
    ]
    take(1)
    for name, value in weights(run).items():
        assert torch.equal(value, before[name]), name
    now = [tensor for group in run.optimiser.groups for part in group.state.values() for tensor in part]
    assert all(torch.equal(a, b) for a, b in zip(memory, now, strict=True))
    assert float(run.train_step.scale.value) == FIRST / 2
    skipped = run.metrics.since_last()
    assert skipped.first_bad is None
    assert (skipped.loss == skipped.loss) is not forward  # a batch without a loss is not counted: nan
    take(2)
    assert not torch.equal(weights(run)["inner.5.weight"], before["inner.5.weight"])
    assert run.metrics.since_last().loss < 10
    assert run.metrics.of_epoch().loss < 10


@pytest.mark.usefixtures("scaled")
@pytest.mark.parametrize("forward", [False, True], ids=["gradients", "maps"])
def test_a_run_whose_scale_falls_too_low_ends_as_one_whose_loss_is_no_number(forward):
    # 2^16 halved 17 times is below 1: batches 1 to 17, counted from 0, so that step 18 is the first.
    assert FIRST / 2**16 == LEAST
    module = Overflows(set(range(1, 40)), forward)
    run = Training(module, make_set(), config(precision="fp16", epochs=4), beat_seconds=0.0)
    with pytest.raises(TrainingError, match="stopped being a finite number at step 18 of 36"):
        list(run.events())


@pytest.mark.usefixtures("scaled")
def test_the_scale_is_in_the_checkpoint():
    settings = {"precision": "fp16"}
    run = training(Overflows({0}, forward=False), **settings)
    first, second, *_ = run.start_epoch()
    run.take_step(first)
    saved = run.state_dict()
    assert float(saved["train_step"]["scale"]["value"]) == FIRST / 2
    run.take_step(second)
    other = training(Overflows(set(), forward=False), **settings)
    other.load_state_dict(saved)
    assert float(other.train_step.scale.value) == FIRST / 2
    other.take_step(other.start_epoch()[0])
    for name, value in weights(run).items():
        assert torch.equal(weights(other)[name], value), name


def test_a_run_without_a_scale_keeps_the_checkpoint_that_it_had():
    assert training(precision="fp32").state_dict()["train_step"] == {"parts": 1}


@pytest.mark.usefixtures("scaled")
def test_a_run_may_go_on_where_automatic_means_another_precision():
    with_scale = training(precision="fp16")
    without = training(precision="fp32")
    without.train_step.load_state_dict(with_scale.state_dict()["train_step"])
    with_scale.train_step.load_state_dict(without.state_dict()["train_step"])
    assert float(with_scale.train_step.scale.value) == FIRST
