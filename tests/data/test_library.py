"""The sets there are: listed, opened, imported, and never half there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from pictures import picture, two_classes, write_archive, write_folder
from where import ROOT, SHARED

from cifar7 import paths
from cifar7.data import library, reading, shapes, store
from cifar7.data.imageset import DataError, RawSet, Split, channel_statistics, fingerprint


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A data directory that does not exist yet."""
    return tmp_path / "home" / "data"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "mine.zip", two_classes())


@pytest.fixture
def few_shapes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Shapes of 20 + 10 images; the list counts how often they are drawn."""
    drawn: list[int] = []
    generate = shapes.generate

    def fewer(**options: object) -> RawSet:
        drawn.append(1)
        return generate(train=20, test=10, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(shapes, "generate", fewer)
    return drawn


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def never(*_: object, **__: object) -> None:
    raise AssertionError("decoded once more")


# What there is.


def test_a_new_machine_has_cifar10_to_fetch_and_shapes_to_draw(here):
    official, built_in = library.available(here)
    assert (official.name, official.present, official.synthetic) == ("cifar10", False, False)
    assert (official.train_size, official.test_size, len(official.classes)) == (50_000, 10_000, 10)
    assert (built_in.name, built_in.present, built_in.synthetic) == ("shapes", False, True)
    assert (built_in.train_size, built_in.test_size, len(built_in.classes)) == (10_000, 2_000, 10)
    assert not here.exists()  # asking writes nothing


def test_the_order_is_that_of_preselection(here, tmp_path, few_shapes):
    for name in ("zebra", "ant"):
        library.import_path(
            write_archive(tmp_path / f"{name}.zip", two_classes(1 + len(name))), name, data_dir=here
        )
    library.open_set("shapes", data_dir=here)
    library.open_path(write_folder(tmp_path / "hidden", two_classes(3)), data_dir=here)
    assert [info.name for info in library.available(here)] == ["cifar10", "ant", "zebra", "shapes"]
    assert [info.present for info in library.available(here)] == [False, True, True, True]


def test_the_data_directory_is_that_of_the_environment(here, archive, monkeypatch):
    monkeypatch.setenv("CIFAR7_DATA", str(here))
    library.import_path(archive, "mine")
    assert paths.data_dir() == here
    assert "mine" in contents(here)


def test_what_is_no_set_is_not_listed(here):
    for name, meta in {
        "empty": None,
        "broken": "{",
        "list": "[]",
        "other": '{"format": 1}',
        "UPPER": "{}",
    }.items():
        (here / name).mkdir(parents=True)
        if meta is not None:
            (here / name / "meta.json").write_text(meta)
    (here / "file").write_text("")
    assert [info.name for info in library.available(here)] == ["cifar10", "shapes"]


def test_a_set_of_another_format_counts_as_absent(here, archive, monkeypatch):
    library.import_path(archive, "mine", data_dir=here)
    monkeypatch.setattr(store, "FORMAT", store.FORMAT + 1)
    assert [info.name for info in library.available(here)] == ["cifar10", "shapes"]
    with pytest.raises(DataError, match="there is no data set 'mine'"):
        library.open_set("mine", data_dir=here)


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


# Shapes.


def test_shapes_are_drawn_once(here, few_shapes):
    reports: list[tuple[str, int, int]] = []
    first = library.open_set("shapes", lambda *report: reports.append(report), here)
    again = library.open_set("shapes", data_dir=here)
    assert few_shapes == [1]
    assert first.fingerprint == again.fingerprint
    assert reports[-1][1] == reports[-1][2] == 30
    assert contents(here) == ["shapes"]


def test_shapes_of_an_older_recipe_are_drawn_anew(here, few_shapes, monkeypatch):
    old = library.open_set("shapes", data_dir=here)
    monkeypatch.setattr(shapes, "RECIPE", "shapes-new")
    assert not library.available(here)[-1].present
    library.open_set("shapes", data_dir=here)
    assert few_shapes == [1, 1]
    assert contents(here) == ["shapes"]
    assert old.train.images.sum() > 0  # who has the old ones open keeps them


def test_opening_loads_no_torch(here, archive):
    name = library.open_path(archive, data_dir=here).name
    code = f"""
        import sys
        from pathlib import Path
        from cifar7.data import library
        library.available(Path({str(here)!r}))
        library.open_set({name!r}, data_dir=Path({str(here)!r}))
        print(sorted({{"torch", "torchvision", "streamlit"}} & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_meta_is_plain_text(here, archive):
    library.import_path(archive, "mine", data_dir=here)
    meta = json.loads((here / "mine" / "meta.json").read_text())
    assert (meta["name"], meta["classes"], meta["train_size"]) == ("mine", ["blue", "red"], 4)


# The real one.


@pytest.mark.slow
def test_the_real_archive(here):
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not there")
    images = library.open_path(SHARED, data_dir=here)
    assert (len(images.train), len(images.test)) == (50_000, 10_000)
    assert images.classes == library.OFFICIAL_CLASSES
    assert np.bincount(images.train.labels).tolist() == [5000] * 10
    assert images.notes == ()
    # The original's, as everybody's recipes have them; JPEG moves them by less than a hundredth.
    assert images.mean == pytest.approx((0.4914, 0.4822, 0.4465), abs=0.01)
    assert images.std == pytest.approx((0.2470, 0.2435, 0.2616), abs=0.01)
    began = time.perf_counter()
    again = library.open_path(SHARED, data_dir=here)
    assert time.perf_counter() - began < 0.5  # seconds
    assert isinstance(again.train.images, np.memmap)


def test_a_set_is_called_by_its_name_or_title_and_one_that_was_opened_by_path_by_its_file(here, archive):
    opened = library.open_path(archive, data_dir=here)
    assert opened.name.startswith("path-")
    assert library.title(opened.name, here) == library.short(opened.name, here) == "mine.zip"
    assert library.title("cifar10", here) == "CIFAR-10"
    assert library.short("cifar10", here) == "cifar10"
    for gone in ("path-0123456789abcdef", "nobody", "../cifar10", ""):
        assert library.title(gone, here) == library.short(gone, here) == gone
