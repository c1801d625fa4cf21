import numpy as np
import pytest

from cifar7.training.config import ConfigError, TrainConfig
from cifar7.training.partition import partition

LABELS = np.repeat(np.arange(4), [50, 100, 150, 200])  # 500 images


def test_a_tenth_of_a_small_set_is_held_out_class_by_class():
    parts = partition(LABELS, TrainConfig())
    assert np.bincount(LABELS[parts.heldout]).tolist() == [5, 10, 15, 20]
    assert sorted([*parts.train, *parts.heldout]) == list(range(500))


def test_a_large_set_holds_out_what_the_settings_say():
    labels = np.arange(50_000) % 10
    parts = partition(labels, TrainConfig())
    assert np.bincount(labels[parts.heldout]).tolist() == [500] * 10
    assert len(partition(labels, TrainConfig(holdout=1000)).heldout) == 1000


def test_the_sample_is_a_stratified_part_of_what_is_trained_on():
    parts = partition(LABELS, TrainConfig(train_sample=90))
    assert np.bincount(LABELS[parts.sample]).tolist() == [9, 18, 27, 36]  # a fifth of 450
    assert set(parts.sample) <= set(parts.train)
    everything = partition(LABELS, TrainConfig(train_sample=5000))
    assert everything.sample.tolist() == everything.train.tolist()


def test_runs_of_different_seeds_share_their_held_out_images():
    one, two = (partition(LABELS, TrainConfig(seed=seed, train_sample=45)) for seed in (1, 2))
    assert one.heldout.tolist() == two.heldout.tolist()
    assert one.sample.tolist() == two.sample.tolist()


def test_the_submissions_protocol_trains_on_everything():
    parts = partition(LABELS, TrainConfig(protocol="test-each-epoch"))
    assert len(parts.train) == 500
    assert len(parts.heldout) == 0


def test_too_few_to_hold_out_says_what_to_do():
    with pytest.raises(ConfigError, match=r"39 training images.*test-each-epoch"):
        partition(np.arange(39) % 4, TrainConfig())  # a tenth of 39 is 3, and there are 4 classes
