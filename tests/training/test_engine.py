"""The training loop: its story in events, its repeatability, what a step and a recipe do."""

import json
import time

import numpy as np
import pytest
import torch
from torch import nn
from toys import config, make_set, network, of_kind, run, stop_at

from cifar7.data.augment import normalise

pytestmark = pytest.mark.usefixtures("one_thread")


TIMES = {"seconds", "seconds_left", "seconds_training", "images_per_second"}


def without_times(event):
    return {key: value for key, value in event.to_dict().items() if key not in TIMES}


def test_the_story_in_its_order():
    events = run(config(), beat_seconds=0.0)
    # 320 images, a tenth held out: 288 = 9 batches of 32, two epochs; with no pause every batch has its beat.
    assert [e.kind for e in events] == ["started", *["beat"] * 9, "epoch", *["beat"] * 9, "epoch", "finished"]
    assert [e.step for e in of_kind(events, "beat")] == list(range(1, 19))
    assert [e.epoch for e in of_kind(events, "beat")] == [1] * 9 + [2] * 9
    started = events[0]
    assert (started.steps, started.steps_per_epoch, started.batch_size) == (18, 9, 32)
    assert (started.train_images, started.heldout_images, started.test_images) == (288, 32, 80)
    assert started.parameters == 8 * 27 + 8 + 16 + 512 * 4 + 4  # convolution, norm, linear
    times = [e.seconds for e in events]
    assert times == sorted(times)
    assert 0 < of_kind(events, "beat")[-1].seconds_left < of_kind(events, "beat")[1].seconds_left


def test_the_first_batch_has_a_beat_however_long_the_pause():
    beats = of_kind(run(config(), beat_seconds=1000.0), "beat")
    assert [beat.step for beat in beats] == [1]


def test_it_learns_and_every_event_is_plain_data():
    events = run(config(epochs=4, lr=0.1))
    assert events[-1].test_accuracy > 0.9  # chance is a quarter
    for event in events:
        assert json.loads(json.dumps(event.to_dict()))["event"] == event.kind
        assert not {"weights", "probabilities", "labels"} & set(event.to_dict())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_same_seed_gives_the_same_curve_to_the_bit(precision):
    torch.set_num_threads(2)
    runs = []
    for disturbance in (1, 2):
        module = network()
        torch.manual_seed(disturbance)  # what was drawn before must not matter
        runs.append(run(config(precision=precision), module, beat_seconds=0.0))
    one, two = runs
    assert [without_times(e) for e in one] == [without_times(e) for e in two]
    for name, value in one[-1].weights.items():
        assert torch.equal(value, two[-1].weights[name]), name
    assert np.array_equal(one[-1].probabilities, two[-1].probabilities)


def test_another_seed_gives_another_curve():
    one, two = (run(config(seed=seed))[-1].weights["0.weight"] for seed in (1, 2))
    assert not torch.equal(one, two)


def test_stop_keeps_what_there_is():
    finished = run(config(), control=stop_at(12))[-1]
    assert (finished.state, finished.steps, finished.epochs) == ("stopped", 12, 1)
    assert finished.probabilities.shape == (80, 4)
    assert finished.probabilities.sum(1) == pytest.approx(np.ones(80), abs=1e-5)
    assert finished.labels.tolist() == make_set().test.labels.tolist()


def test_stop_before_the_first_batch_evaluates_the_network_as_it_came():
    module = network()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    events = run(config(), module, control=stop_at(0))
    assert [e.kind for e in events] == ["started", "finished"]
    assert (events[-1].steps, events[-1].epochs, events[-1].best_epoch) == (0, 0, None)
    assert all(torch.equal(value, events[-1].weights[name]) for name, value in before.items())


def test_stop_between_two_epochs_keeps_the_epoch():
    finished = run(config(), control=stop_at(9))[-1]
    assert (finished.state, finished.steps, finished.epochs, finished.best_epoch) == ("stopped", 9, 1, 1)


def test_an_answer_that_control_cannot_give_is_a_mistake():
    with pytest.raises(ValueError, match="'halt'"):
        run(config(), control=lambda: "halt")


def test_fewer_images_than_a_batch_make_one_batch_and_say_so():
    started = run(config(batch_size=4096, epochs=1))[0]
    assert (started.batch_size, started.steps_per_epoch) == (288, 1)


def batch_as_trained_on(data, **settings):
    """The only batch of a run with one batch: float (288, 3, 32, 32)."""
    module, seen = network(), []
    module.register_forward_pre_hook(lambda m, given: seen.append(given[0]) if m.training else None)
    run(config(epochs=1, precision="fp32", batch_size=288, **settings), module, data)
    (batch,) = seen
    return batch


def as_bytes(images):
    return [image.contiguous().numpy().tobytes() for image in images]


def test_images_are_normalised_and_augmented_as_asked():
    data = make_set()
    plain = normalise(torch.from_numpy(data.train.images), data.mean, data.std, torch.float32)
    untouched, mirrored = set(as_bytes(plain)), set(as_bytes(plain.flip(3)))
    assert set(as_bytes(batch_as_trained_on(data, flip="none", crop_padding=0))) < untouched

    flipped = as_bytes(batch_as_trained_on(data, flip="random", crop_padding=0))
    assert set(flipped) < untouched | mirrored
    assert 100 < len(set(flipped) & mirrored) < 188  # 144 expected, deviation 8.5

    cropped = as_bytes(batch_as_trained_on(data, flip="none", crop_padding=2))
    assert len(set(cropped) & untouched) < 30  # one of 25 places is the image itself: 11.5 expected


def same_weights(one, two):
    return all(torch.equal(value, two.weights[name]) for name, value in one.weights.items())


def test_a_network_that_comes_in_evaluation_mode_is_trained_all_the_same():
    assert same_weights(run(config(epochs=1))[-1], run(config(epochs=1), network().eval())[-1])


def test_steps_are_taken_at_the_rate_of_the_schedule():
    # One-cycle begins at a tenth of its peak.
    slow, tenth, fast = (
        run(config(lr=lr, schedule=schedule), control=stop_at(1))[-1]
        for lr, schedule in ((0.02, "one-cycle"), (0.002, "constant"), (0.02, "constant"))
    )
    assert same_weights(slow, tenth)
    assert not same_weights(slow, fast)


def test_label_smoothing_changes_the_step_and_not_the_loss_that_is_told():
    plain, smooth = (run(config(label_smoothing=s), control=stop_at(1)) for s in (0.0, 0.3))
    assert plain[1].loss == smooth[1].loss  # of the first batch, before its step
    assert not same_weights(plain[-1], smooth[-1])


class SlowToEvaluate(nn.Module):
    """Takes a twentieth of a second a batch in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.inner, self.slept = network(), 0

    def forward(self, x):
        if not self.training:
            time.sleep(0.05)
            self.slept += 1
        return self.inner(x)


def test_evaluation_is_not_counted_as_training():
    module = SlowToEvaluate()
    finished = run(config(), module)[-1]
    # Both epochs: 288 images of the sample in 3 batches, 32 held out in 1; at the end 80 to test in 1.
    assert module.slept == 2 * (3 + 1) + 1
    assert finished.seconds - finished.seconds_training >= 9 * 0.05
    assert finished.images_per_second == pytest.approx(18 * 32 / finished.seconds_training)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimiser": "adamw", "lr": 0.01},
        {"normalisation": "half", "flip": "alternating", "cutout": 6},
        {"averaging": 0.9},
        {"optimiser": "muon"},
    ],
    ids=str,
)
def test_every_kind_of_recipe_learns(settings):
    assert run(config(**{"epochs": 4, "lr": 0.1, **settings}))[-1].test_accuracy > 0.8  # chance is a quarter
