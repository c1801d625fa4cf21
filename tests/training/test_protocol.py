"""Which images may be looked at when, and which weights are kept and scored."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from toys import config, make_set, network, of_kind, run, stop_at

from cifar7.training.engine import Training
from cifar7.training.evaluation import Evaluation, evaluate
from cifar7.training.selection import Candidate

pytestmark = pytest.mark.usefixtures("one_thread")


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
        (e.kind, test.taken)
        for e in Training(network(), replace(data, test=test), config(), control=control).events()
    ]
    assert {taken for kind, taken in seen if kind != "finished"} == {0}
    assert seen[-1] == ("finished", 1)


def test_the_test_set_goes_to_the_device_once_however_often_it_is_read():
    data = make_set()
    test = Watched(data.test)
    run(config(epochs=3, protocol="test-each-epoch"), data=replace(data, test=test))
    assert test.taken == 1


def test_holdout_keeps_the_weights_of_the_best_epoch():
    # Learning much too fast at the end of the run spoils what the first epochs had.
    module, data = network(), make_set(noise=230)
    weights, events = {}, []
    for event in Training(module, data, config(epochs=6, lr=3.0, warmup=1.0, precision="fp32")).events():
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
    return Candidate(1, Evaluation(9.0, 0.1, empty), Evaluation(loss, accuracy, empty), None, {})


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
    assert test.taken == 1  # and then lies on the device
    assert [(e.heldout_accuracy, e.heldout_loss) for e in epochs] == [(None, None)] * 2
    assert events[0].train_images == 320
    assert (finished.best_epoch, finished.test_accuracy) == (2, epochs[-1].test_accuracy)
    assert finished.test_loss == epochs[-1].test_loss
    assert finished.heldout_accuracy is None


def test_recorded_figures_are_those_of_the_kept_weights():
    data = make_set(noise=245)
    finished = run(config(), data=data)[-1]
    again = network().to(memory_format=torch.channels_last)  # as it was trained: sums in the same order
    again.load_state_dict(finished.weights)
    test = evaluate_again(again, data)
    assert 0.25 < test.accuracy < 1.0, "too easy or too hard to tell weights apart"
    assert (test.accuracy, test.loss) == (finished.test_accuracy, pytest.approx(finished.test_loss, rel=1e-5))
    assert (finished.probabilities.argmax(1) == finished.labels).mean() == finished.test_accuracy


def test_averaged_weights_are_those_that_are_evaluated_and_kept():
    # Constant rate, one epoch: the average is over the weights after each of the nine steps.
    module = network()
    settings = {"epochs": 1, "precision": "fp32", "schedule": "constant"}
    steps = Training(module, make_set(), config(**settings), beat_seconds=0.0).events()
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
    again = network().to(memory_format=torch.channels_last)  # as it was trained: sums in the same order
    again.load_state_dict(flipped.weights)
    images, labels = torch.from_numpy(data.test.images), torch.from_numpy(data.test.labels)
    found = evaluate(again, images, labels, data.mean, data.std, test_flip=True)
    assert np.array_equal(found.probabilities, flipped.probabilities)
    assert not np.allclose(plain.probabilities, flipped.probabilities)
