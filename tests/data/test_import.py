"""Taking sets in: whole or not at all, whoever else writes, whatever goes wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial

import numpy as np
import pytest
from data.stored import contents, never
from pictures import picture, two_classes, write_archive
from where import ROOT

from cifar7.data import library, reading, store
from cifar7.data.imageset import DataError, RawSet


def test_an_imported_set_is_listed_and_opened_by_name(here, archive):
    info = library.import_path(archive, "mine", data_dir=here)
    assert info in library.available(here)
    assert (info.name, info.title, info.train_size, info.test_size) == ("mine", "mine.zip", 4, 2)
    images = library.open_set("mine", data_dir=here)
    assert (images.classes, images.fingerprint) == (("blue", "red"), info.fingerprint)
    assert contents(here) == ["mine"]


def test_importing_what_was_opened_before_decodes_nothing(here, archive, monkeypatch):
    opened = library.open_path(archive, data_dir=here)
    monkeypatch.setattr(reading, "read_path", never)
    info = library.import_path(archive, "mine", data_dir=here)
    assert info.fingerprint == opened.fingerprint
    shutil.rmtree(here / opened.name)
    assert len(library.open_set("mine", data_dir=here).train) == 4


def test_importing_the_same_again_changes_nothing(here, archive, monkeypatch):
    first = library.import_path(archive, "mine", data_dir=here)
    monkeypatch.setattr(reading, "read_path", never)
    assert library.import_path(archive, "mine", data_dir=here) == first


def test_a_name_that_is_taken(here, archive, tmp_path):
    first = library.import_path(archive, "mine", data_dir=here)
    other = write_archive(tmp_path / "other.zip", two_classes(3))
    with pytest.raises(
        DataError, match="there is another set 'mine' already: choose another name, or delete"
    ):
        library.import_path(other, "mine", data_dir=here)
    assert first in library.available(here)


@pytest.mark.parametrize("name", ["cifar10", "shapes", "path-0123456789abcdef"])
def test_a_reserved_name(here, archive, name):
    with pytest.raises(DataError, match=f"'{name}' is reserved"):
        library.import_path(archive, name, data_dir=here)


# Nothing half done.


@pytest.mark.parametrize("take_in", [True, False])
@pytest.mark.parametrize("bad", ["unreadable", "cut off", "outside", "one-sided"])
def test_a_failed_import_leaves_no_trace(here, tmp_path, take_in, bad):
    files = two_classes(300)
    extra = {
        "unreadable": {"train/red/x.jpg": b"text"},
        "outside": {"../x.png": b""},
        "one-sided": {"train/c/1.png": picture()},
    }
    path = write_archive(tmp_path / "mine.tar", {**files, **extra.get(bad, {})})
    if bad == "cut off":
        path.write_bytes(path.read_bytes()[:-20_000])
    take = partial(library.import_path, name="mine") if take_in else library.open_path
    with pytest.raises(DataError):
        take(path, data_dir=here)
    assert contents(here) == []


def test_a_path_that_is_wrong_does_not_even_make_the_directory(here, tmp_path):
    with pytest.raises(DataError):
        library.import_path(tmp_path / "gone", "mine", data_dir=here)
    assert not here.exists()


def test_a_full_disk_is_told_and_leaves_nothing(here, archive, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DataError, match=r"cannot write the set 'mine' into .*: No space left on device"):
        library.import_path(archive, "mine", data_dir=here)
    assert contents(here) == []


def test_a_data_directory_that_cannot_be_made(archive, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write to the data directory"):
        library.import_path(archive, "mine", data_dir=tmp_path / "file" / "data")


def test_what_a_killed_writer_left_is_not_seen_and_swept_away(here, archive):
    code = f"""
        import os, sys
        sys.path.insert(0, {str(ROOT)!r})
        import numpy as np
        from pathlib import Path
        from cifar7.data import library
        save, calls = np.save, []
        def dying(*args, **options):
            save(*args, **options)
            calls.append(1)
            if len(calls) == 2:
                os.kill(os.getpid(), 9)
        np.save = dying
        library.import_path(Path({str(archive)!r}), "mine", data_dir=Path({str(here)!r}))
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert killed.returncode == -9
    assert any(name.startswith(".new+mine+") for name in contents(here))
    assert [info.name for info in library.available(here)] == ["cifar10", "shapes"]
    library.import_path(archive, "mine", data_dir=here)
    assert contents(here) == ["mine"]


def test_two_who_want_the_same_set_decode_it_once(here, archive, monkeypatch):
    decoded = []
    read = reading.read_path

    def slow(*args: object, **options: object) -> RawSet:
        decoded.append(1)
        time.sleep(0.3)
        return read(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read_path", slow)
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    opened: list[str] = []
    phases: list[str] = []

    def open_it() -> None:
        opened.append(library.open_path(archive, lambda what, *_: phases.append(what), here).fingerprint)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert decoded == [1]
    assert len(opened) == 4
    assert any(what.startswith("Waiting for another process that writes path-") for what in phases)
    assert len(set(opened)) == 1
    assert contents(here)[0].startswith("path-")
