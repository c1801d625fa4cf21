"""Archives that lie about sizes, or ask for much more than they have bytes, are refused within bounds."""

from __future__ import annotations

import gzip
import lzma
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from pictures import add, read_all, two_classes, write_archive

from cifar7.data import xz
from cifar7.data.imageset import DataError
from cifar7.data.members import Limits


def test_many_headers_before_one_member_are_counted_together(tmp_path):
    attributes = {f"SCHILY.xattr.{i}": "x" * 100_000 for i in range(11)}  # 1.1 MB, and 1 MiB are allowed
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        add(tar, "1", b"x")
        add(tar, "2", b"y", pax_headers=dict(list(attributes.items())[:10]))
    assert read_all(tmp_path / "a.tar") == {"1": b"x", "2": b"y"}
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        add(tar, "1", b"x", pax_headers=attributes)
    with pytest.raises(DataError, match="damaged or hostile"):
        read_all(tmp_path / "a.tar")


def lying_zip(path: Path, content: bytes, stated: int) -> Path:
    """A zip of one member, whose headers say another size than that of what is unpacked."""
    write_archive(path, {"train/cat/1.png": content})
    true, said = struct.pack("<I", len(content)), struct.pack("<I", stated)
    assert path.read_bytes().count(true) == 2  # of its own header and of the directory
    path.write_bytes(path.read_bytes().replace(true, said))
    return path


def test_of_a_zip_no_more_is_unpacked_than_it_states(tmp_path):
    """64 MB that are said to be 100 bytes: zipfile itself unpacks them all."""
    path = lying_zip(tmp_path / "a.zip", bytes(64_000_123), 100)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="cut off or damaged"):
            read_all(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_zip_that_states_more_than_it_holds_is_not_whole(tmp_path):
    with pytest.raises(DataError, match=r"'train/cat/1\.png' is not whole"):
        read_all(lying_zip(tmp_path / "a.zip", bytes(70_001), 90_001))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_to_pack_a_zip_that_have_no_end_are_refused(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("train/cat/1.png", bytes(1000))
    with pytest.raises(DataError, match=f"method {method}: pack it as an ordinary zip"):
        read_all(tmp_path / "a.zip")


def test_a_zip_of_too_many_members_is_refused_before_they_are_listed(tmp_path):
    path = write_archive(tmp_path / "a.zip", {str(i): b"" for i in range(3000)})
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more than 2,999 files"):
            read_all(path, Limits(members=2999))
        assert tracemalloc.get_traced_memory()[1] < 2**20  # what zipfile lists takes 1.5 MB
    finally:
        tracemalloc.stop()


def test_a_directory_of_a_zip_larger_than_allowed_is_not_read(tmp_path):
    path = write_archive(tmp_path / "a.zip", {f"{i:0100}": b"" for i in range(10)})  # 10 x (46 + 100) bytes
    with pytest.raises(DataError, match="a directory of 1,460 bytes: split it"):
        read_all(path, Limits(member_bytes=1459))


def test_an_xz_that_asks_for_much_memory_is_refused(tmp_path, monkeypatch):
    path = write_archive(tmp_path / "a.tar.xz", two_classes())  # as `xz -6` packs: 9 MiB to unpack it
    monkeypatch.setattr(xz, "MEMORY", 8 * 2**20)
    with pytest.raises(DataError, match=r"a\.tar\.xz asks for more than 8 MiB .* `xz -9` at most"):
        read_all(path)


def test_an_xz_in_several_streams_is_read_to_its_end(tmp_path):
    files = two_classes()
    tar = write_archive(tmp_path / "a.tar", files).read_bytes()
    parts = [lzma.compress(tar[at : at + 999], preset=9) + bytes(4 * at) for at in range(0, len(tar), 999)]
    (tmp_path / "a.tar.xz").write_bytes(b"".join(parts))  # with padding of zeros between them
    assert read_all(tmp_path / "a.tar.xz") == files


def test_an_archive_in_an_archive_is_not_unpacked(tmp_path):
    inner = write_archive(tmp_path / "in.tar.gz", two_classes()).read_bytes()
    assert read_all(write_archive(tmp_path / "a.zip", {"in.tar.gz": inner})) == {"in.tar.gz": inner}
    (tmp_path / "twice.tar.gz").write_bytes(gzip.compress(inner))
    with pytest.raises(DataError, match="cut off or damaged"):
        read_all(tmp_path / "twice.tar.gz")
