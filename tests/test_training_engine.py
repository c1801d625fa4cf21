import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from toys import CLASSES, config, make_set, network

from cifar7.data.augment import normalise
from cifar7.training.engine import train
from cifar7.training.evaluation import Evaluation, evaluate
from cifar7.training.judge import Verdict
from cifar7.training.trouble import TrainingError

TIMES = {"seconds", "seconds_left", "seconds_training", "images_per_second"}


@pytest.fixture(autouse=True)
def _one_thread():
    """A network this small gains nothing from more, and a busy machine makes threads wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(config, module=None, data=None, **how):
    return list(train(module or network(), data or make_set(), config, **how))


def without_times(event):
    return {key: value for key, value in event.to_dict().items() if key not in TIMES}


def of_kind(events, kind):
    return [event for event in events if event.kind == kind]


def stop_at(batch):
    """A control that asks to stop before batch number `batch`, counted from 0."""
    asked = iter(range(10_000))
    return lambda: "stop" if next(asked) >= batch else None


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


class Watched:
    """A test split that counts how often its images are taken."""

    def __init__(self, split):
        self._images, self.labels, self.taken = split.images, split.labels, 0

    def __len__(self):
        return len(self.labels)

    @property
    def images(self):
        self.taken += 1
        return self._images


@pytest.mark.parametrize("control", [lambda: None, stop_at(12)], ids=["to the end", "stopped"])
def test_holdout_reads_the_test_set_once_at_the_end(control):
    data = make_set()
    test = Watched(data.test)
    seen = [
        (e.kind, test.taken) for e in train(network(), replace(data, test=test), config(), control=control)
    ]
    assert {taken for kind, taken in seen if kind != "finished"} == {0}
    assert seen[-1] == ("finished", 1)


def test_holdout_keeps_the_weights_of_the_best_epoch():
    # Learning much too fast at the end of the run spoils what the first epochs had.
    module, data = network(), make_set(noise=230)
    weights, events = {}, []
    for event in train(module, data, config(epochs=6, lr=3.0, warmup=1.0, precision="fp32")):
        events.append(event)
        if event.kind == "epoch":
            weights[event.epoch] = {name: value.clone() for name, value in module.state_dict().items()}
    epochs, finished = of_kind(events, "epoch"), events[-1]
    best = max(epochs, key=lambda e: (e.heldout_accuracy, -e.heldout_loss))
    assert best.epoch < 6, "the toy run no longer spoils itself: the test shows nothing"
    assert (finished.best_epoch, finished.heldout_accuracy) == (best.epoch, best.heldout_accuracy)
    assert finished.train_accuracy == best.train_accuracy
    assert [e.epoch for e in epochs if e.best][-1] == best.epoch
    for name, value in weights[best.epoch].items():
        assert torch.equal(finished.weights[name], value), name
        assert torch.equal(module.state_dict()[name], value), name
    assert not module.training
    assert np.array_equal(evaluate_again(module, data).probabilities, finished.probabilities)


def evaluate_again(module, data):
    """The test set again, as anyone would."""
    images, labels = torch.from_numpy(data.test.images), torch.from_numpy(data.test.labels)
    return evaluate(module, images, labels, data.mean, data.std)


def verdict(accuracy, loss):
    empty = np.zeros((0, 4), np.float32)
    return Verdict(1, Evaluation(9.0, 0.1, empty), Evaluation(loss, accuracy, empty), None, {})


def test_the_better_weights_have_the_higher_accuracy_then_the_lower_loss_then_came_first():
    assert verdict(0.8, 0.9).better_than(None)
    assert verdict(0.8, 0.9).better_than(verdict(0.7, 0.5))
    assert not verdict(0.7, 0.5).better_than(verdict(0.8, 0.9))
    assert verdict(0.8, 0.5).better_than(verdict(0.8, 0.6))
    assert not verdict(0.8, 0.6).better_than(verdict(0.8, 0.6))


def test_test_each_epoch_tests_each_epoch_and_keeps_the_last():
    data = make_set()
    test = Watched(data.test)
    events = run(config(protocol="test-each-epoch"), data=replace(data, test=test))
    epochs, finished = of_kind(events, "epoch"), events[-1]
    assert test.taken == 2
    assert [(e.heldout_accuracy, e.heldout_loss) for e in epochs] == [(None, None)] * 2
    assert events[0].train_images == 320
    assert (finished.best_epoch, finished.test_accuracy) == (2, epochs[-1].test_accuracy)
    assert finished.test_loss == epochs[-1].test_loss
    assert finished.heldout_accuracy is None


def test_recorded_figures_are_those_of_the_kept_weights():
    data = make_set(noise=245)
    finished = run(config(), data=data)[-1]
    again = network()
    again.load_state_dict(finished.weights)
    test = evaluate_again(again, data)
    assert 0.25 < test.accuracy < 1.0, "too easy or too hard to tell weights apart"
    assert (test.accuracy, test.loss) == (finished.test_accuracy, pytest.approx(finished.test_loss, rel=1e-5))
    assert (finished.probabilities.argmax(1) == finished.labels).mean() == finished.test_accuracy


class PoisonedAt(nn.Module):
    """Puts out nan from training batch number `batch` on, counted from 0."""

    def __init__(self, batch):
        super().__init__()
        self.inner, self.left = network(), batch

    def forward(self, x):
        x = self.inner(x)
        if self.training:
            self.left -= 1
        return x * torch.nan if self.training and self.left < 0 else x


@pytest.mark.parametrize("pause", [0.0, 1000.0], ids=["seen at once", "seen at the epoch's end"])
def test_a_loss_that_is_not_finite_ends_the_run_with_step_rate_and_cure(pause):
    # Batch 4 of 18, counted from 0, is step 5; warm-up takes 4.5 steps: 0.02 * (0.1 + 0.9 * 4 / 4.5) = 0.018.
    with pytest.raises(TrainingError, match=r"step 5 of 18.* 0\.018; lower .* from 0\.02 to 0\.005"):
        run(config(), PoisonedAt(4), beat_seconds=pause)


def test_a_step_that_ruins_the_weights_is_seen_by_the_evaluation():
    module = network()
    events = train(module, make_set(), config(), beat_seconds=0.0)
    next(event for event in events if event.kind == "beat" and event.step == 9)  # the epoch's last batch
    module[0].weight.data.fill_(torch.nan)
    with pytest.raises(TrainingError, match="step 9 of 18"):
        next(events)


class Hungry(nn.Module):
    """Fails as memory does."""

    def __init__(self, error):
        super().__init__()
        self.error, self.weight = error, nn.Parameter(torch.ones(1, 1))

    def forward(self, x):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "mps", "python"],
)
def test_out_of_memory_is_told_in_plain_words(error):
    with pytest.raises(TrainingError, match=r"memory.* 32 images.* batch size of 16 or less"):
        run(config(), Hungry(error))


def test_another_error_of_torch_is_left_alone():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        run(config(), Hungry(RuntimeError("shapes cannot be multiplied")))


def test_a_network_for_another_number_of_classes_is_refused():
    with pytest.raises(TrainingError, match=f"{len(CLASSES)} classes"):
        run(config(), network(classes=7))


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


def test_averaged_weights_are_those_that_are_evaluated_and_kept():
    # Constant rate, one epoch: the average is over the weights after each of the nine steps.
    module = network()
    settings = {"epochs": 1, "precision": "fp32", "schedule": "constant"}
    steps = train(module, make_set(), config(**settings), beat_seconds=0.0)
    average = {name: value.clone() for name, value in module.state_dict().items()}
    after = [
        {name: value.clone() for name, value in module.state_dict().items()}
        for event in steps
        if event.kind == "beat"
    ]
    for step, weights in enumerate(after):
        kept = min(0.5, (1 + step) / (10 + step))
        for name, value in weights.items():
            average[name] = kept * average[name] + (1 - kept) * value if value.is_floating_point() else value
    finished = run(config(averaging=0.5, **settings))[-1]
    assert len(after) == 9
    for name, value in average.items():
        torch.testing.assert_close(finished.weights[name].float(), value.float(), msg=name)
    assert finished.averaging == 0.5


def test_a_test_time_flip_is_recorded_and_counts_in_every_figure():
    data = make_set(noise=245)
    plain, flipped = (run(config(test_flip=on), data=data)[-1] for on in (False, True))
    assert (plain.test_flip, flipped.test_flip) == (False, True)
    again = network()
    again.load_state_dict(flipped.weights)
    images, labels = torch.from_numpy(data.test.images), torch.from_numpy(data.test.labels)
    found = evaluate(again, images, labels, data.mean, data.std, test_flip=True)
    assert np.array_equal(found.probabilities, flipped.probabilities)
    assert not np.allclose(plain.probabilities, flipped.probabilities)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimiser": "adamw", "lr": 0.01},
        {"normalisation": "half", "flip": "alternating", "cutout": 6},
        {"averaging": 0.9},
    ],
    ids=str,
)
def test_every_kind_of_recipe_learns(settings):
    assert run(config(**{"epochs": 4, "lr": 0.1, **settings}))[-1].test_accuracy > 0.8  # chance is a quarter
