"""Archives are read in memory, and what a stranger may have hidden in one is refused by name."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import add, read_all, two_classes, write_archive

from cifar7.data.archives import archive_members, is_archive
from cifar7.data.imageset import DataError
from cifar7.data.members import Limits

KINDS = ["a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2", "a.zip"]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_gives_its_members_back(tmp_path, name):
    files = two_classes()
    path = write_archive(tmp_path / name, files)
    assert is_archive(path)
    assert read_all(path) == files
    assert list(tmp_path.iterdir()) == [path]  # nothing extracted beside it


def test_the_kind_is_told_by_the_content_not_by_the_name(tmp_path):
    files = two_classes()
    write_archive(tmp_path / "a.zip", files).rename(tmp_path / "a.tar")
    assert read_all(tmp_path / "a.tar") == files


def test_a_member_may_be_left_unread(tmp_path):
    path = write_archive(tmp_path / "a.tar.gz", {"1": b"x" * 700, "2": b"y" * 512, "3": b"z"})
    assert [m.read() for m in archive_members(path) if m.name != "1"] == [b"y" * 512, b"z"]


def test_names_lose_their_dots_and_backslashes(tmp_path):
    path = write_archive(tmp_path / "a.zip", {"./train/./cat//1.png": b"1", "train\\cat\\2.png": b"2"})
    assert read_all(path) == {"train/cat/1.png": b"1", "train/cat/2.png": b"2"}


def test_progress_runs_up_to_its_total(tmp_path):
    for name in KINDS:
        positions = [
            (m.done, m.total) for m in archive_members(write_archive(tmp_path / name, two_classes(50)))
        ]
        assert [done for done, _ in positions] == sorted(done for done, _ in positions)
        assert {total for _, total in positions} == {positions[-1][1]}
        assert 0 < positions[-1][0] <= positions[-1][1]


@pytest.mark.parametrize(
    "name", ["../x.png", "train/../../x.png", "/etc/x.png", "\\x.png", "..\\x.png", "C:/x.png", "C:\\x.png"]
)
@pytest.mark.parametrize("kind", ["a.tar", "a.zip"])
def test_a_name_that_leads_out_is_refused(tmp_path, kind, name):
    path = write_archive(tmp_path / kind, {**two_classes(), name: b"x"})
    with pytest.raises(DataError) as refused:
        read_all(path)
    assert repr(name) in str(refused.value)
    assert "outside" in str(refused.value)
    assert not (tmp_path.parent / "x.png").exists()


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "neither a file nor a folder"),
        (tarfile.BLKTYPE, "neither a file nor a folder"),
        (tarfile.FIFOTYPE, "neither a file nor a folder"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind, word):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        add(tar, "train/cat/1.png", type=kind, linkname="/etc/passwd")
    with pytest.raises(DataError, match=f"'train/cat/1.png', which is {word}"):
        read_all(tmp_path / "a.tar")


def test_a_link_in_a_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("train/cat/1.png")
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match=r"'train/cat/1.png', which is a link"):
        read_all(tmp_path / "a.zip")


def test_an_encrypted_zip_is_refused(tmp_path):
    path = write_archive(tmp_path / "a.zip", {"train/cat/1.png": b"secret"})
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # where each header has its flags
        data[data.index(signature) + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"encrypted .*train/cat/1.png.* without a password"):
        read_all(path)


@pytest.mark.parametrize("kind", ["a.tar", "a.zip"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_refused(tmp_path, kind):
    files = {"train/cat/1.png": b"1", "./train/cat/1.png": b"2"}
    with pytest.raises(DataError, match=r"'train/cat/1.png' twice"):
        read_all(write_archive(tmp_path / kind, files))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_an_archive_that_was_cut_off_is_told(tmp_path, name, share):
    path = write_archive(tmp_path / name, {str(i): os.urandom(1000) for i in range(100)})
    whole = path.read_bytes()
    if name == "a.tar":
        whole = whole[: 100 * 1536]  # without its end, of zeros
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match=r"a\.\S+ is cut off or damaged .*: fetch or pack it again"):
        read_all(path)


def test_a_member_that_is_not_whole_is_not_given(tmp_path):
    path = write_archive(tmp_path / "a.tar", {"1": b"x" * 5000})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match="'1' is not whole"):
        [member.read() for member in archive_members(path)]


def test_a_tar_cut_off_between_two_members_is_told(tmp_path):
    path = write_archive(tmp_path / "a.tar", {"1": b"x" * 512, "2": b"y" * 512})
    path.write_bytes(path.read_bytes()[:1024])  # header and content of the first: tarfile itself says nothing
    with pytest.raises(DataError, match=r"no end mark after 1,024 unpacked bytes"):
        read_all(path)


def test_a_tar_with_rubbish_between_two_members_is_told(tmp_path):
    path = write_archive(tmp_path / "a.tar", {"1": b"x" * 512, "2": b"y" * 512})
    data = bytearray(path.read_bytes())
    data[1024:1536] = b"?" * 512  # the second header: tarfile takes it for the end
    path.write_bytes(data)
    with pytest.raises(DataError, match="cut off or damaged"):
        read_all(path)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.bz2", "a.tar.xz", "a.zip"])
def test_a_flipped_bit_is_caught_by_the_checksum(tmp_path, name):
    path = write_archive(tmp_path / name, {"1": os.urandom(5000)})
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(DataError, match="cut off or damaged"):
        read_all(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_gets_out_as_another_error(tmp_path, data):
    path = write_archive(tmp_path / data.draw(st.sampled_from(KINDS)), two_classes(1))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(DataError):
        read_all(path)


def test_too_many_members(tmp_path):
    path = write_archive(tmp_path / "a.tar", {str(i): b"" for i in range(4)})
    assert len(read_all(path, Limits(members=4))) == 4
    with pytest.raises(DataError, match="more than 3 files"):
        read_all(path, Limits(members=3))


@pytest.mark.parametrize("kind", ["a.tar.gz", "a.zip"])
def test_an_image_too_large_is_not_unpacked(tmp_path, kind):
    path = write_archive(tmp_path / kind, {"train/cat/1.png": bytes(5000)})
    with pytest.raises(DataError, match=r"'train/cat/1.png' in a\.\S+ has 5,000 bytes.* 4,999 at most"):
        read_all(path, Limits(member_bytes=4999))


@pytest.mark.parametrize("kind", ["a.tar.gz", "a.tar.xz", "a.zip"])
def test_a_decompression_bomb_is_refused_though_its_members_are_no_images(tmp_path, kind):
    path = write_archive(tmp_path / kind, {str(i): bytes(2**20) for i in range(8)})
    limits = Limits(ratio=100, ratio_from=2**20)  # zeros shrink a thousandfold
    with pytest.raises(DataError, match="decompression bomb"):
        list(archive_members(path, limits))
    with pytest.raises(DataError, match="unpacks to more than"):
        list(archive_members(path, Limits(total_bytes=4 * 2**20)))


def test_a_header_cannot_ask_for_all_the_memory(tmp_path):
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**40  # the name of the next member, says the header
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(DataError, match="damaged or hostile"):
        read_all(tmp_path / "a.tar")


def test_what_is_no_archive(tmp_path):
    for content in (b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(600), bytes(100)):
        path = tmp_path / "a.tar"
        path.write_bytes(content)
        assert not is_archive(path)
        with pytest.raises(DataError, match=r"a\.tar is not an archive that can be read: \.tar, \.tar\.gz"):
            read_all(path)


def test_a_compressed_file_that_is_no_tar(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(b"hello" * 500))
    with pytest.raises(DataError, match="cut off or damaged"):
        read_all(tmp_path / "a.tar.gz")


def test_an_empty_archive_has_no_members(tmp_path):
    for name in KINDS:
        assert read_all(write_archive(tmp_path / name, {})) == {}


def test_folders_are_told_from_files(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        add(tar, "train/", type=tarfile.DIRTYPE)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("train/", b"")
    for name in ("a.tar", "a.zip"):
        assert [(m.name, m.is_folder) for m in archive_members(tmp_path / name)] == [("train", True)]


def test_an_archive_is_held_in_memory_one_member_at_a_time(tmp_path):
    """Sixty-four members of a megabyte take far less than their sum."""
    path = write_archive(tmp_path / "a.tar.gz", {str(i): os.urandom(2**14) * 64 for i in range(64)})
    assert most_held(path) < 8 * 2**20


def test_an_archive_of_many_members_does_not_pile_up_their_headers(tmp_path):
    path = write_archive(tmp_path / "a.tar", {f"{i:05}": b"" for i in range(6000)})
    assert most_held(path) < 3 * 2**20  # the names so far; the headers would be 6 MB more


def most_held(path: Path) -> int:
    """Bytes held at most while all of the archive is read."""
    tracemalloc.start()
    try:
        for member in archive_members(path):
            member.read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_sparse_member_is_refused(tmp_path):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as tar:
        add(tar, "train/cat/1.png", b"x" * 512, type=tarfile.GNUTYPE_SPARSE)
    (tmp_path / "a.tar").write_bytes(data.getvalue())
    with pytest.raises(DataError, match=r"train/cat/1.png"):
        read_all(tmp_path / "a.tar")
