import pytest

from cifar7.training.config import TrainConfig
from cifar7.training.schedule import lr_at

ONE_CYCLE = TrainConfig(lr=0.4, warmup=0.25, schedule="one-cycle")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 0.04),  # a tenth of the peak
        (10, 0.184),  # 10/25 of the way from 0.04 to 0.4
        (25, 0.4),  # the peak, a quarter of 100 steps in
        (70, 0.16),  # 30 of the 75 falling steps are left: 0.4 * 30/75
        (99, 0.4 / 75),  # the last step; the one after it would have 0
    ],
)
def test_one_cycle_of_100_steps(step, expected):
    assert lr_at(step, 100, ONE_CYCLE) == pytest.approx(expected)


def test_one_cycle_without_warmup_starts_at_the_peak_and_with_nothing_else_only_rises():
    assert lr_at(0, 10, TrainConfig(lr=0.4, warmup=0)) == pytest.approx(0.4)
    # 9/10 of the way from 0.04 to 0.4
    assert lr_at(9, 10, TrainConfig(lr=0.4, warmup=1)) == pytest.approx(0.04 + 0.36 * 0.9)


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 0.4), (25, 0.4 * (1 + 0.5**0.5) / 2), (50, 0.2), (75, 0.0586)]
)
def test_cosine(step, expected):
    # cos(pi/4) = sqrt(1/2); at three quarters 0.4 * (1 - sqrt(1/2)) / 2 = 0.0586
    assert lr_at(step, 100, TrainConfig(lr=0.4, schedule="cosine")) == pytest.approx(expected, rel=1e-3)


def test_constant():
    config = TrainConfig(lr=0.001, schedule="constant")
    assert {lr_at(step, 50, config) for step in range(50)} == {0.001}


@pytest.mark.parametrize(("epoch", "expected"), [(0, 0.2), (7, 0.2), (8, 0.1), (15, 0.1), (16, 0.05)])
def test_step_halves_every_eight_epochs(epoch, expected):
    config = TrainConfig(lr=0.2, schedule="step", step_epochs=8, step_factor=0.5)
    for first_or_last in (0, 4):
        assert lr_at(5 * epoch + first_or_last, 100, config, steps_per_epoch=5) == pytest.approx(expected)


def test_step_needs_the_length_of_an_epoch():
    with pytest.raises(ValueError, match="steps_per_epoch"):
        lr_at(0, 10, TrainConfig(schedule="step"))


@pytest.mark.parametrize("step", [-1, 100])
def test_a_step_outside_the_run_is_refused(step):
    with pytest.raises(ValueError, match="outside"):
        lr_at(step, 100, ONE_CYCLE)
