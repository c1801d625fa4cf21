"""Sets that came without a part to test, or with one too many, from files to arrays."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import colours, picture, two_classes, write_archive, write_folder

from cifar7.data.imageset import DataError
from cifar7.data.members import Limits
from cifar7.data.reading import read_path


@pytest.mark.parametrize("top", ["", "photos/"])
@pytest.mark.parametrize("pack", ["folder", "a.tar.gz"])
def test_a_set_without_splits_is_split_alike_each_time(tmp_path, top, pack):
    files = {f"{top}{name}/{i}.png": picture((i, n, 0)) for n, name in enumerate("ab") for i in range(10)}
    files |= {f"{top}c/{i}.png": picture((i, 2, 0)) for i in range(2)}
    path = write_folder(tmp_path / pack, files) if pack == "folder" else write_archive(tmp_path / pack, files)
    raw = read_path(path)
    # A fifth of 10, 10 and 2, and at least one of each class.
    assert raw.test.labels.tolist() == [0, 0, 1, 1, 2]
    assert raw.train.labels.tolist() == [0] * 8 + [1] * 8 + [2]
    both = colours(raw.train.images) + colours(raw.test.images)
    assert sorted(both) == sorted([(i, n, 0) for n in (0, 1) for i in range(10)] + [(0, 2, 0), (1, 2, 0)])
    assert raw.notes == (
        "There was no part to test, so 5 of the 22 images, a fifth of each class, were set aside for it, the "
        "same ones each time.",
    )
    assert np.array_equal(read_path(path).test.images, raw.test.images)


def test_a_class_of_one_image_cannot_be_split(tmp_path):
    path = write_folder(tmp_path / "mine", {"a/1.png": picture(), "b/1.png": picture(), "b/2.png": picture()})
    with pytest.raises(DataError, match="one image of 'a' alone, so that none can be set aside"):
        read_path(path)


@pytest.mark.parametrize("pack", ["folder", "a.zip", "a.tar"])
def test_val_is_named_as_left_out(tmp_path, pack):
    files = {**two_classes(), "val/red/1.png": picture(), "val/blue/1.png": picture()}
    path = write_folder(tmp_path / pack, files) if pack == "folder" else write_archive(tmp_path / pack, files)
    assert read_path(path).notes == ("val/ (2 images) was left out, as the set has train/ and test/.",)


@pytest.mark.parametrize("pack", ["folder", "a.zip"])
def test_a_table_of_classes_is_read(tmp_path, pack):
    files = {f"train/{i}.png": picture((i, 0, 0)) for i in range(6)}
    files["trainLabels.csv"] = b"id,label\n" + b"".join(
        b"%d,%s\n" % (i, b"ab"[i % 2 :][:1]) for i in range(6)
    )
    path = write_folder(tmp_path / pack, files) if pack == "folder" else write_archive(tmp_path / pack, files)
    raw = read_path(path)
    assert raw.classes == ("a", "b")
    for split in (raw.train, raw.test):
        assert [colour[0] % 2 for colour in colours(split.images)] == split.labels.tolist()


def test_a_table_that_is_too_large_does_no_harm(tmp_path):
    path = write_folder(tmp_path / "mine", {**two_classes(), "notes.csv": bytes(3000)})
    raw = read_path(path, limits=Limits(member_bytes=2000))
    assert raw.notes == ("1 file that is not an image was passed over: 'notes.csv'.",)
