"""The official set brought by hand: as an archive, as a folder, in the data directory, and what is none."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from data.fake_official import EACH, NAMES, Official, promise
from data.stored import contents, never
from pictures import two_classes, write_archive, write_folder

from cifar7.data import by_hand, library, official
from cifar7.data.imageset import DataError


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Official:
    """A small official set; whoever goes to the network fails."""
    made = Official()
    made.archive = made.pack(made.files, more=())
    promise(monkeypatch, made.archive, made.files)
    monkeypatch.setattr(official, "download", never)
    return made


def lay(fake: Official, folder: Path, form: str) -> Path:
    """The set in `folder`, in one of the forms in which people have it."""
    folder.mkdir(parents=True, exist_ok=True)
    if form == by_hand.ARCHIVE:
        (folder / form).write_bytes(fake.archive)
    elif form == by_hand.UNPACKED:
        (folder / form).write_bytes(gzip.decompress(fake.archive))
    else:
        write_folder(folder / form, {**fake.files, "readme.html": b"x"})
    return folder / form


FORMS = [by_hand.ARCHIVE, by_hand.UNPACKED, by_hand.FOLDER, "renamed"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [None, "cifar10", "mine"])
def test_it_is_taken_in_every_form(fake, here, tmp_path, form, name):
    info = library.import_path(lay(fake, tmp_path, form), name, data_dir=here)
    assert (info.name, info.title) == (name or "cifar10", "CIFAR-10")
    assert (info.classes, info.train_size, info.test_size) == (tuple(NAMES), 5 * EACH, EACH)
    images = library.open_set(info.name, data_dir=here)
    assert np.array_equal(images.test.images.reshape(EACH, 3072), fake.batches["test_batch"][0])
    assert contents(here) == [info.name]


def test_the_folder_that_it_lies_in_is_as_good(fake, here, tmp_path):
    lay(fake, tmp_path / "data", by_hand.FOLDER)
    assert library.import_path(tmp_path / "data", None, data_dir=here).name == "cifar10"


def test_opened_by_its_path_it_is_cifar10(fake, here, tmp_path):
    images = library.open_path(lay(fake, tmp_path, by_hand.ARCHIVE), data_dir=here)
    assert (images.name, len(images.train)) == ("cifar10", 5 * EACH)
    assert contents(here) == ["cifar10"]


@pytest.mark.parametrize("form", [by_hand.ARCHIVE, by_hand.FOLDER])
def test_in_the_data_directory_it_is_taken_instead_of_a_download(fake, here, form):
    lay(fake, here, form)
    assert library.fetch_cifar10(data_dir=here).present
    assert contents(here) == sorted(["cifar10", form])


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("form", FORMS)
def test_a_changed_file_is_refused_and_never_unpickled(fake, here, tmp_path, form):
    mark = tmp_path / "unpickled"
    fake.files["data_batch_2"] = pickle.dumps(Trap(mark))
    fake.archive = fake.pack(fake.files, more=())
    with pytest.raises(DataError, match=r"is not that of the official CIFAR-10 \(MD5 \w+, should be \w+\)"):
        library.import_path(lay(fake, tmp_path, form), None, data_dir=here)
    assert not mark.exists()
    assert contents(here) == []


def test_a_file_that_is_missing_and_an_archive_that_is_cut_off(fake, here, tmp_path):
    path = lay(fake, tmp_path, by_hand.FOLDER)
    (path / "test_batch").unlink()
    with pytest.raises(DataError, match="cifar-10-batches-py lacks the file test_batch"):
        library.import_path(path, None, data_dir=here)
    fake.archive = fake.archive[:-20_000]
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz is not that of the official CIFAR-10"):
        library.import_path(lay(fake, tmp_path, by_hand.ARCHIVE), None, data_dir=here)
    assert contents(here) == []


@pytest.mark.parametrize(
    ("files", "what"),
    [
        (("cifar-100-python/train", "cifar-100-python/test", "cifar-100-python/meta"), "CIFAR-100"),
        (("cifar-100-python/train", "cifar-100-python/test"), "CIFAR-100"),
        (("cifar-10-batches-bin/data_batch_1.bin",), "the binary version of CIFAR-10"),
        (
            ("cifar-100-binary/train.bin", "cifar-100-binary/fine_label_names.txt"),
            "the binary version of CIFAR-100",
        ),
    ],
)
def test_what_is_published_beside_it_is_refused_by_name(here, tmp_path, files, what):
    packed = write_archive(tmp_path / "x.tar.gz", dict.fromkeys(files, b"x"))
    folder = write_folder(tmp_path / "x", dict.fromkeys(files, b"x")) / files[0].split("/")[0]
    for path in (packed, folder, folder.parent):
        with pytest.raises(DataError, match=rf"is {what}, which cifar7 does not read: give cifar-10-python"):
            library.import_path(path, "mine", data_dir=here)


def test_other_sets_need_a_name_and_may_not_take_the_official_one(here, tmp_path):
    path = write_folder(tmp_path / "mine", two_classes())
    with pytest.raises(DataError, match="needs a name: give --name"):
        library.import_path(path, None, data_dir=here)
    with pytest.raises(DataError, match="'cifar10' is reserved"):
        library.import_path(path, "cifar10", data_dir=here)


def test_the_published_checksums_are_these():
    from torchvision.datasets import CIFAR10  # seconds to load, and not in every process of the tests

    assert dict(CIFAR10.train_list) == {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    }
    assert dict(CIFAR10.test_list) == {"test_batch": "40351d587109b95175f43aff81a1287e"}
    assert CIFAR10.meta["md5"] == "5ff9c542aee3614f3951f8cda6e48888"
