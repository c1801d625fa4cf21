"""Memory that is not enough: the batch is divided, the step stays the same, and it is said."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from toys import config, make_set, network

from cifar7.training.engine import Training
from cifar7.training.errors import TrainingError


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def plain():
    """No norm and no dropout: nothing in it looks at more than one image, or at chance."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=4, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 4)
        )


class Limited(nn.Module):
    """Has no memory for more than so many images, which it finds out when it has begun."""

    def __init__(self, inner, training=10_000, evaluating=10_000):
        super().__init__()
        self.inner, self.limits = inner, {True: training, False: evaluating}
        self.seen = {True: [], False: []}

    def forward(self, x):
        x = self.inner(x)
        if len(x) > self.limits[self.training]:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self.seen[self.training].append(len(x))
        return x


def run(module, **settings):
    return list(
        Training(module, make_set(), config(precision="fp32", **settings), beat_seconds=1000.0).events()
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"label_smoothing": 0.1, "crop_padding": 2, "averaging": 0.5},
        {"batch_size": 33, "flip": "alternating"},
    ],
    ids=str,
)
def test_a_divided_batch_makes_the_same_step(settings):
    whole, divided = run(plain(), **settings), run(Limited(plain(), 10), **settings)
    for name, value in whole[-1].weights.items():
        torch.testing.assert_close(divided[-1].weights[f"inner.{name}"], value, atol=2e-6, rtol=2e-5)
    ends = [[e for e in events if e.kind == "epoch"] for events in (whole, divided)]
    for one, two in zip(*ends, strict=True):
        assert two.train_loss == pytest.approx(one.train_loss, rel=1e-4)
        assert two.train_accuracy_running == one.train_accuracy_running
    assert len(ends[0]) == 2


def test_it_is_told_once_and_remembered():
    module = Limited(plain(), 10)
    events = run(module)
    (notice,) = [event for event in events if event.kind == "notice"]
    # 32 and 16 do not fit, 8 do.
    assert "32 images at once, so each step now takes them in 4 parts of 8 and adds up" in notice.words
    assert (notice.epoch, notice.step) == (1, 1)
    assert "normalisation" not in notice.words
    assert module.seen[True] == [8] * 4 * 18


def test_batch_norms_are_told_of_and_their_statistics_are_not_taken_twice():
    module = Limited(network(), 10)
    training = Training(module, make_set(), config(), beat_seconds=0.0)
    events = training.events()
    (notice,) = [next(events) for _ in range(2)][1:]
    assert "Batch normalisation then sees a part at a time" in notice.words
    assert module.inner[1].num_batches_tracked == 4  # not the two that failed


def test_what_does_not_fit_in_any_part_ends_the_run_in_plain_words():
    with pytest.raises(TrainingError, match=r"memory.* 32 images.* batch size of 16 or less"):
        run(Limited(plain(), 0))


def test_a_batch_norm_is_never_given_one_image_alone():
    module = Limited(network(), 1)
    with pytest.raises(TrainingError, match="memory"):
        run(module)
    assert module.seen[True] == []


def test_a_resumed_run_knows_what_fits():
    asked = iter(range(1000))
    first = Training(
        Limited(plain(), 10), make_set(), config(), control=lambda: "pause" if next(asked) == 3 else None
    )
    list(first.events())
    rest = list(Training(Limited(plain(), 10), make_set(), config(), resume=first.checkpoint()).events())
    assert [event.kind for event in rest if event.kind in ("notice", "finished")] == ["finished"]


def test_evaluating_takes_fewer_at_once_and_comes_to_the_same():
    module = Limited(plain(), evaluating=30)
    whole, divided = run(plain())[-1], run(module)[-1]
    assert max(module.seen[False]) == 15  # 125, 62 and 31 do not fit
    assert divided.test_accuracy == whole.test_accuracy
    assert divided.test_loss == pytest.approx(whole.test_loss, rel=1e-5)
    assert divided.probabilities == pytest.approx(whole.probabilities, abs=1e-5)
    with pytest.raises(TrainingError, match="memory"):
        run(Limited(plain(), evaluating=0))
