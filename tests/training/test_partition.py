import numpy as np
import pytest

from cifar7.training.config import ConfigError, TrainConfig
from cifar7.training.selection import partition

LABELS = np.repeat(np.arange(4), [50, 100, 150, 200])  # 500 images


def test_a_tenth_of_a_small_set_is_held_out_class_by_class():
    train, _, heldout = partition(LABELS, TrainConfig())
    assert np.bincount(LABELS[heldout]).tolist() == [5, 10, 15, 20]
    assert sorted([*train, *heldout]) == list(range(500))


def test_a_large_set_holds_out_what_the_settings_say():
    labels = np.arange(50_000) % 10
    _, _, heldout = partition(labels, TrainConfig())
    assert np.bincount(labels[heldout]).tolist() == [500] * 10
    _, _, fewer = partition(labels, TrainConfig(holdout=1000))
    assert len(fewer) == 1000


def test_the_sample_is_a_stratified_part_of_what_is_trained_on():
    train, sample, _ = partition(LABELS, TrainConfig(train_sample=90))
    assert np.bincount(LABELS[sample]).tolist() == [9, 18, 27, 36]  # a fifth of 450
    assert set(sample) <= set(train)
    train, sample, _ = partition(LABELS, TrainConfig(train_sample=5000))
    assert sample.tolist() == train.tolist()


def test_runs_of_different_seeds_share_their_held_out_images():
    one, two = (partition(LABELS, TrainConfig(seed=seed, train_sample=45)) for seed in (1, 2))
    for rows, same_rows in zip(one, two, strict=True):
        assert rows.tolist() == same_rows.tolist()


def test_the_submissions_protocol_trains_on_everything():
    train, _, heldout = partition(LABELS, TrainConfig(protocol="test-each-epoch"))
    assert len(train) == 500
    assert len(heldout) == 0


def test_too_few_to_hold_out_says_what_to_do():
    with pytest.raises(ConfigError, match=r"39 training images.*test-each-epoch"):
        partition(np.arange(39) % 4, TrainConfig())  # a tenth of 39 is 3, and there are 4 classes
