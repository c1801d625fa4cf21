"""Sets are opened: decoded once, checked, and never by a path out of a name."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from data.stored import contents, never
from pictures import picture, two_classes, write_archive, write_folder

from cifar7.data import library, reading
from cifar7.data.imageset import DataError, Split, channel_statistics, fingerprint

# Opening.


def test_a_set_opened_by_its_path_is_decoded_once(here, archive, monkeypatch):
    first = library.open_path(archive, data_dir=here)
    monkeypatch.setattr(reading, "read_path", never)
    again = library.open_path(str(archive), data_dir=here)
    by_name = library.open_set(first.name, data_dir=here)
    assert first.title == again.title == by_name.title == "mine.zip"
    for images in (again, by_name):
        assert images.fingerprint == first.fingerprint
        assert np.array_equal(images.train.images, first.train.images)
    assert isinstance(again.train.images, np.memmap)
    assert not again.train.images.flags.writeable
    assert contents(here) == [first.name]  # no lock, no scratch


def test_the_cache_goes_by_content(here, archive, tmp_path, monkeypatch):
    first = library.open_path(archive, data_dir=here)
    other = tmp_path / "other.zip"
    shutil.copy(archive, other)
    changed = write_archive(archive, two_classes(3))
    assert len(library.open_path(changed, data_dir=here).train) == 6
    monkeypatch.setattr(reading, "read_path", never)
    renamed = library.open_path(other, data_dir=here)
    assert (renamed.name, renamed.title) == (first.name, "other.zip")


def test_a_changed_folder_is_read_anew(here, tmp_path):
    path = write_folder(tmp_path / "mine", two_classes())
    assert len(library.open_path(path, data_dir=here).train) == 4
    write_folder(path, {"train/red/new.png": picture()})
    assert len(library.open_path(path, data_dir=here).train) == 5


def test_statistics_are_those_of_the_training_pixels(here, tmp_path):
    files = {
        "train/a/1.png": picture((255, 0, 51)),
        "train/b/1.png": picture((0, 0, 102)),
        "test/a/1.png": picture((9, 9, 9)),
        "test/b/1.png": picture((9, 9, 9)),
    }
    images = library.open_path(write_folder(tmp_path / "mine", files), data_dir=here)
    assert images.mean == pytest.approx((0.5, 0, 0.3))  # of 1 and 0, of 0 and 0, of 0.2 and 0.4
    assert images.std == pytest.approx((0.5, 0, 0.1))


def test_statistics_of_noise_agree_with_floating_point():
    noise = np.random.default_rng(0).integers(0, 256, (5000, 3, 32, 32), dtype=np.uint8)  # over one portion
    mean, std = channel_statistics(noise)
    assert mean == pytest.approx((noise / 255).mean(axis=(0, 2, 3)))
    assert std == pytest.approx((noise / 255).std(axis=(0, 2, 3)))


def test_a_fingerprint_follows_pixels_labels_classes_and_the_split():
    images = np.zeros((2, 3, 32, 32), dtype=np.uint8)
    labels = np.array([0, 1])
    other = images.copy()
    other[1, 2, 31, 31] = 1
    split, empty = Split(images, labels), Split(images[:0], labels[:0])
    prints = [
        fingerprint(("a", "b"), split, split),
        fingerprint(("a", "c"), split, split),
        fingerprint(("a", "b"), Split(other, labels), split),
        fingerprint(("a", "b"), split, Split(other, labels)),
        fingerprint(("a", "b"), Split(images, labels[::-1].copy()), split),
        fingerprint(("a", "b"), split, empty),
        fingerprint(("a", "b"), empty, split),
    ]
    assert len(set(prints)) == len(prints)
    assert fingerprint(("a", "b"), Split(images.copy(), labels.copy()), split) == prints[0]


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/b", "Mine", "mine zip", ".hidden", "x" * 65, "-x", "mine\n", "ä"]
)
def test_a_name_from_a_browser_never_becomes_a_path(here, name):
    with pytest.raises(DataError, match="cannot name a data set"):
        library.open_set(name, data_dir=here)


def test_an_unknown_set_is_told_with_those_there_are(here, archive):
    library.import_path(archive, "mine", data_dir=here)
    with pytest.raises(DataError, match="there is no data set 'cats'; there are: mine, shapes"):
        library.open_set("cats", data_dir=here)
    with pytest.raises(DataError, match="CIFAR-10 is not on this machine: fetch it with"):
        library.open_set("cifar10", data_dir=here)


@pytest.mark.parametrize("damage", ["cut", "gone", "fewer", "type", "pickle"])
def test_a_damaged_set_is_told_with_its_folder(here, archive, damage):
    name = library.open_path(archive, data_dir=here).name
    file = here / name / "train_images.npy"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "gone":
        file.unlink()
    elif damage == "fewer":
        np.save(file, np.load(file)[:3])
    elif damage == "type":
        np.save(file, np.load(file).astype(np.int16))
    else:
        np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=f"'{name}' is damaged: delete {here / name}"):
        library.open_path(archive, data_dir=here)


def test_a_name_goes_before_a_path(here, archive, tmp_path, monkeypatch, few_shapes):
    write_folder(tmp_path / "mine", two_classes(3))
    monkeypatch.chdir(tmp_path)
    assert len(library.open_data("mine", data_dir=here).train) == 6  # the path: no such name yet
    library.import_path(archive, "mine", data_dir=here)
    assert len(library.open_data("mine", data_dir=here).train) == 4
    assert len(library.open_data("./mine", data_dir=here).train) == 6
    (tmp_path / "shapes").mkdir()
    assert library.open_data("shapes", data_dir=here).synthetic


@pytest.mark.parametrize(
    ("name_or_path", "message"),
    [
        ("cifar10", "CIFAR-10 is not on this machine"),
        ("cats", "there is no data set 'cats'"),
        ("a/b.zip", r"there is no file or folder a/b\.zip"),
        ("/gone", "there is no file or folder /gone"),
    ],
)
def test_what_is_neither_a_name_nor_a_path(here, name_or_path, message):
    with pytest.raises(DataError, match=message):
        library.open_data(name_or_path, data_dir=here)
