"""Class folders and archives of them, from files to arrays."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from pictures import BLUE, GREEN, RED, colours, picture, saved, two_classes, write_archive, write_folder
from PIL import Image

from cifar7.data import reading
from cifar7.data.archives import archive_members
from cifar7.data.imageset import DataError
from cifar7.data.layout import Layout
from cifar7.data.members import Limits, walk
from cifar7.data.reading import read_path, source_key, source_title


def test_images_go_by_class_then_by_number(tmp_path):
    files = {
        "train/b/10.png": picture((10, 0, 0)),
        "train/b/9.png": picture((9, 0, 0)),
        "train/b/x.png": picture((200, 0, 0)),
        "train/a/2.png": picture((2, 0, 0)),
        "test/b/1.png": picture(BLUE),
        "test/a/1.png": picture(GREEN),
    }
    raw = read_path(write_folder(tmp_path / "mine", files))
    assert raw.classes == ("a", "b")
    assert raw.train.labels.tolist() == [0, 1, 1, 1]
    assert colours(raw.train.images) == [(2, 0, 0), (9, 0, 0), (10, 0, 0), (200, 0, 0)]
    assert raw.test.labels.tolist() == [0, 1]
    assert colours(raw.test.images) == [GREEN, BLUE]
    assert (raw.title, raw.origin, raw.synthetic, raw.notes) == ("mine", "folder mine", False, ())


def test_rows_columns_and_channels_are_in_their_places(tmp_path):
    stored = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)  # (H, W, C)
    files = {**two_classes(), "train/blue/z.png": saved(Image.fromarray(stored))}
    raw = read_path(write_folder(tmp_path, files))
    assert np.array_equal(raw.train.images[2], np.moveaxis(stored, 2, 0))  # (C, H, W)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2", "a.zip"])
@pytest.mark.parametrize("top", ["", "photos/"])
def test_every_archive_gives_what_the_folder_gives(tmp_path, name, top):
    files = {top + file: content for file, content in two_classes().items()}
    packed = read_path(write_archive(tmp_path / name, files))
    plain = read_path(write_folder(tmp_path / "plain", files))
    assert packed.classes == plain.classes == ("blue", "red")
    for mine, yours in ((packed.train, plain.train), (packed.test, plain.test)):
        assert np.array_equal(mine.images, yours.images)
        assert np.array_equal(mine.labels, yours.labels)
    assert packed.train.labels.tolist() == [0, 0, 1, 1]
    assert colours(packed.train.images) == [BLUE, BLUE, RED, RED]
    assert (packed.title, packed.origin) == (name, f"archive {name}")


def test_more_images_than_a_worker_takes_at_once(tmp_path):
    each = reading.CHUNK_IMAGES * reading.IN_FLIGHT // 2 + 3  # more chunks than are in flight
    files = {f"train/{c}/{i}.png": picture((i % 256, i // 256, c == "b")) for c in "ab" for i in range(each)}
    raw = read_path(
        write_archive(tmp_path / "a.tar", {**files, "test/a/1.png": picture(), "test/b/1.png": picture()})
    )
    expected = [(i % 256, i // 256, c) for c in (0, 1) for i in range(each)]
    assert colours(raw.train.images) == expected


def test_a_chunk_is_closed_by_its_bytes_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_BYTES", 1000)
    files = {
        f"train/a/{name}.png": bytes(size) for name, size in (("1", 600), ("2", 600), ("3", 5000), ("4", 1))
    }
    archive = archive_members(write_archive(tmp_path / "a.tar", files))
    layout = Layout("a")
    for name in (*files, "train/b/1.png", "test/a/1.png", "test/b/1.png"):
        layout.see(name, False)
    layout.settle()
    chunks = [[len(data) for _, _, data in chunk] for chunk, _ in reading._chunks(archive, layout, Limits())]
    assert chunks == [[600, 600], [5000], [1]]


def test_progress_grows_and_ends_at_its_total(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_IMAGES", 2)
    for path in (
        write_folder(tmp_path / "mine", two_classes(20)),
        write_archive(tmp_path / "a.zip", two_classes(20)),
    ):
        reports: list[tuple[str, int, int]] = []
        read_path(path, lambda *report, reports=reports: reports.append(report))
        assert {what for what, _, _ in reports} == {f"Reading {path.name}"}
        assert len(reports) > 5
        done = [d / total for _, d, total in reports]
        assert done == sorted(done)
        assert done[-1] == 1


def test_what_was_done_to_the_images_is_noted(tmp_path):
    files = {
        **two_classes(),
        "train/red/big.png": picture(RED, (64, 48)),
        "test/red/big.jpg": picture(RED, (64, 48), "JPEG"),
        "notes.txt": b"hello",
    }
    path = write_folder(tmp_path / "mine", files)
    assert read_path(path).notes == (
        "1 file that is not an image was passed over: 'notes.txt'.",
        "2 of 8 images were resized to 32x32 from 64x48: the centre square, as large as fits, scaled with a "
        "Lanczos filter.",
    )
    write_folder(path, {"train/red/tiny.png": picture((9, 9, 9, 9), (8, 8))})
    assert read_path(path).notes[1:] == (
        "3 of 9 images were resized to 32x32 from 2 different sizes, most often 64x48: the centre square, as "
        "large as fits, scaled with a Lanczos filter.",
        "1 image has transparent parts, which were laid on white.",
    )


@pytest.mark.parametrize("pack", ["folder", "a.tar.gz", "a.zip"])
def test_an_unreadable_image_is_named(tmp_path, pack):
    files = {**two_classes(300), "train/red/bad.jpg": b"I am a text"}
    path = write_folder(tmp_path / pack, files) if pack == "folder" else write_archive(tmp_path / pack, files)
    with pytest.raises(
        DataError, match=rf"^'train/red/bad\.jpg' in {pack} cannot be read as an image \(not an image\)"
    ):
        read_path(path)


def test_an_archive_that_breaks_off_in_an_image_is_told(tmp_path):
    path = write_archive(tmp_path / "a.tar", two_classes())
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(DataError, match=r"^a\.tar is cut off or damaged"):
        read_path(path)


def test_limits_hold_for_folders_too(tmp_path):
    path = write_folder(tmp_path / "mine", two_classes())
    with pytest.raises(DataError, match="mine holds more than 5 images"):
        read_path(path, limits=Limits(images=5))
    assert len(read_path(path, limits=Limits(images=6)).train) == 4
    with pytest.raises(DataError, match="an image may have 50 at most"):
        read_path(path, limits=Limits(member_bytes=50))
    with pytest.raises(DataError, match="holds more than 1 files"):
        read_path(path, limits=Limits(members=1))


def test_a_broken_link_and_a_pipe_are_named_and_not_waited_for(tmp_path):
    path = write_folder(tmp_path / "mine", two_classes())
    os.mkfifo(path / "train/red/pipe.png")
    with pytest.raises(DataError, match=r"pipe\.png is a broken link or no plain file"):
        read_path(path)
    (path / "train/red/pipe.png").unlink()
    (path / "train/red/gone.png").symlink_to("nowhere.png")
    with pytest.raises(DataError, match=r"gone\.png"):
        read_path(path)


def test_own_links_are_followed_but_not_in_circles(tmp_path):
    path = write_folder(tmp_path / "mine", two_classes())
    (path / "train" / "also").symlink_to(path / "train" / "red")
    (path / "test" / "also").symlink_to(path / "test" / "red")
    (path / "self").symlink_to(path)
    with pytest.raises(DataError, match="two places"):
        read_path(path)
    (path / "self").unlink()
    assert read_path(path).classes == ("also", "blue", "red")


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    path, scan = write_folder(tmp_path / "mine", two_classes()), os.scandir

    def refusing(folder):  # root may read everything, so the system is played
        if os.fspath(folder).endswith("train"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(DataError, match="train cannot be read: Permission denied"):
        source_key(path)


def test_no_deeper_than_a_layout_goes(tmp_path):
    """Somebody gives the wrong folder, a home say: it is not walked to its depths."""
    deep = write_folder(
        tmp_path / "home",
        {"projects/one/two/three/1.png": b"", "train/a/b/c/d/e.png": b"", ".cache/x/y": b""},
    )
    assert [name for name, _ in walk(deep)] == [
        ".cache", "projects", "projects/one", "projects/one/two",
        "train", "train/a", "train/a/b", "train/a/b/c", "train/a/b/c/d",
    ]  # fmt: skip


def test_the_key_of_an_archive_is_that_of_its_bytes(tmp_path):
    one = write_archive(tmp_path / "one.zip", two_classes())
    two = tmp_path / "two.zip"
    two.write_bytes(one.read_bytes())
    os.utime(two, (1, 1))
    assert source_key(one) == source_key(two)
    assert source_key(write_archive(tmp_path / "three.zip", two_classes(3))) != source_key(one)


def test_the_key_of_a_folder_follows_names_sizes_and_times(tmp_path):
    path = write_folder(tmp_path, two_classes())
    os.utime(path / "test/red/0.png", (1, 1))
    keys = [source_key(path), source_key(path)]
    assert keys[0] == keys[1]
    write_folder(path, {"test/red/0.png": b"another size"})
    os.utime(path / "test/red/0.png", (1, 1))
    keys.append(source_key(path))
    os.utime(path / "train/red/0.png", (1, 1))
    keys.append(source_key(path))
    (path / "train/red/0.png").rename(path / "train/red/z.png")
    keys.append(source_key(path))
    (path / "train/red/z.png").unlink()
    keys.append(source_key(path))
    assert len(set(keys)) == 5


@pytest.mark.parametrize(
    ("name", "message"), [("gone", "no file or folder"), ("text.txt", "neither a folder nor")]
)
def test_what_cannot_be_a_set(tmp_path, name, message):
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(DataError, match=message):
        source_key(tmp_path / name)


def test_the_title_of_a_folder_without_a_name(tmp_path, monkeypatch):
    write_folder(tmp_path / "mine" / "sub", {})
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "mine" / "sub")
    assert source_title(Path()) == "sub"
    assert source_title(Path("..")) == "mine"
    assert source_title(Path("a/b.zip")) == "b.zip"


def test_names_that_are_no_text(tmp_path):
    """File systems know bytes, and a name in an old encoding is not UTF-8."""
    path = write_folder(
        tmp_path / "caf\udce9", {**two_classes(), "train/red/\udce9.png": picture(), "\udce9.txt": b""}
    )
    raw = read_path(path)
    assert len(raw.train) == 5
    assert raw.notes == (r"1 file that is not an image was passed over: '\udce9.txt'.",)
    for text in (raw.title, raw.origin, *raw.notes):
        assert text.encode()
    (path / "train/red").rename(path / "train/\udce9")
    (path / "test/red").rename(path / "test/\udce9")
    with pytest.raises(DataError, match=r"a class '\\udce9': give it a name of printable characters"):
        read_path(path)


def test_what_pillow_warns_of_is_not_shown(tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(
        Image, "MAX_IMAGE_PIXELS", 1000
    )  # 32 x 32 is a little more: Pillow warns of each image
    assert len(read_path(write_folder(tmp_path / "mine", two_classes())).train) == 4
    assert not recwarn.list
