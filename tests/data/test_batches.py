"""Holding images out: exact shares, nobody twice, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar7.data.batches import stratified_holdout
from cifar7.data.imageset import DataError

CIFAR = np.repeat(np.arange(10), 500)


def test_every_class_gives_its_share():
    labels = np.random.default_rng(0).permutation(CIFAR)
    rest, held = stratified_holdout(labels, 500, seed=1)
    assert np.bincount(labels[held]).tolist() == [50] * 10
    assert np.bincount(labels[rest]).tolist() == [450] * 10


def test_both_parts_are_ascending_and_together_everything():
    rest, held = stratified_holdout(CIFAR, 777, seed=1)
    assert (np.diff(rest) > 0).all()
    assert (np.diff(held) > 0).all()
    assert np.array_equal(np.sort(np.concatenate([rest, held])), np.arange(5000))
    assert rest.dtype == held.dtype == np.int64


def test_uneven_classes_by_largest_remainder():
    # 6, 3 and 1 of 10; 4 held out: 2.4, 1.2, 0.4 -> 2, 1, 0, and the one left to the first remainder of .4
    labels = np.array([0] * 6 + [1] * 3 + [2])
    _, held = stratified_holdout(labels, 4, seed=0)
    assert np.bincount(labels[held], minlength=3).tolist() == [3, 1, 0]


def test_labels_need_not_be_consecutive():
    labels = np.array([7, 7, 100, 100])
    _, held = stratified_holdout(labels, 2, seed=0)
    assert sorted(labels[held].tolist()) == [7, 100]


def test_the_seed_decides_and_nothing_else():
    one, same, other = (stratified_holdout(CIFAR, 500, seed=s)[1] for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_who_is_held_out_of_a_class_does_not_hang_on_the_others():
    _, held = stratified_holdout(np.array([0] * 50 + [1] * 50), 20, seed=3)
    _, again = stratified_holdout(np.array([0] * 50 + [1] * 100), 30, seed=3)
    assert held[held < 50].tolist() == again[again < 50].tolist()


def test_it_is_a_sample_not_the_first_ones():
    _, held = stratified_holdout(CIFAR, 500, seed=1)
    within = held % 500
    assert abs(within.mean() - 249.5) < 4 * 144 / np.sqrt(500)  # a uniform one's deviation is 500 / sqrt(12)


def test_nothing_and_everything():
    rest, held = stratified_holdout(CIFAR, 0, seed=0)
    assert (len(rest), len(held)) == (5000, 0)
    rest, held = stratified_holdout(CIFAR, 5000, seed=0)
    assert (len(rest), len(held)) == (0, 5000)
    assert [len(part) for part in stratified_holdout(CIFAR[:0], 0, seed=0)] == [0, 0]


@pytest.mark.parametrize("count", [-1, 5001])
def test_more_than_there_is(count):
    with pytest.raises(DataError, match="choose 0 to 5,000"):
        stratified_holdout(CIFAR, count, seed=0)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.floats(0, 1), st.integers(0, 10))
def test_no_class_is_more_than_one_image_off_its_share(classes, share, seed):
    labels = np.array(classes)
    count = int(share * len(labels))
    _, held = stratified_holdout(labels, count, seed)
    assert len(held) == count
    for label, size in zip(*np.unique(labels, return_counts=True), strict=True):
        assert abs((labels[held] == label).sum() - size * count / len(labels)) < 1
