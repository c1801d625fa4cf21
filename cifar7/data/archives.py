"""Members of a tar or zip archive, one after the other, read in memory: nothing is ever extracted to disk.

An archive is a stranger's: absolute names, `..`, links, devices and encrypted members are refused by
name, and the amounts are limited, so that a few bytes that unpack to terabytes stop early.
"""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from cifar7.data.imageset import DataError

BLOCK = 512  # bytes, of a tar
KINDS = ".tar, .tar.gz, .tar.xz, .tar.bz2 or .zip"
CURE = "pack files and folders alone, with relative names such as train/cat/1.png"


@dataclass(frozen=True)
class Limits:
    """How much an archive or a folder may hold. Generous for pictures, far below what fills a machine."""

    members: int = 1_000_000
    images: int = 300_000  # 0.9 GB of pixels once decoded
    member_bytes: int = 64 * 2**20  # of one image
    total_bytes: int = 64 * 2**30  # unpacked
    ratio: int = 400  # unpacked to packed, looked at beyond `ratio_from` bytes
    ratio_from: int = 256 * 2**20

    def check_member(self, size: int, name: str, source: str) -> None:
        """DataError for an image file of more bytes than allowed."""
        if size > self.member_bytes:
            raise DataError(
                f"{name!r} in {source} has {size:,} bytes; an image may have {self.member_bytes:,} at most"
            )

    def check_total(self, unpacked: int, packed: int, source: str) -> None:
        """DataError for too much in all, or for more than pictures can unpack to."""
        if unpacked > self.total_bytes:
            raise DataError(
                f"{source} unpacks to more than {self.total_bytes / 2**30:,.0f} GiB: take fewer images"
            )
        if unpacked > self.ratio_from and unpacked > self.ratio * packed:
            raise DataError(
                f"{source} unpacks to more than {self.ratio} times its size, which pictures never do: "
                "refused as a decompression bomb"
            )


LIMITS = Limits()


@dataclass(frozen=True)
class Member:
    """A file or folder of a source. `read` gives its bytes and is called before the next member is asked for.

    `done` of `total`: how far into the source it stands, in any unit.
    """

    name: str
    is_folder: bool
    read: Callable[[], bytes]
    done: int
    total: int


def is_archive(path: Path) -> bool:
    """Whether the first bytes are those of an archive that `members` reads."""
    with path.open("rb") as file:
        return _kind(file.read(BLOCK)) is not None


def members(path: Path, limits: Limits = LIMITS) -> Iterator[Member]:
    """Every file and folder of the archive in its order.

    DataError, from here or from `Member.read`: not an archive, cut off, damaged, encrypted, a member that has
    no business there, the same name twice, too much.
    """
    seen: set[str] = set()
    with _told_as_damage(path.name), path.open("rb") as file:
        kind = _kind(file.read(BLOCK))
        file.seek(0)
        if kind is None:
            raise DataError(f"{path.name} is not an archive that can be read: {KINDS}")
        for member in (_zip_members if kind == "zip" else _tar_members)(path, file, kind, limits):
            if member.name in seen and not member.is_folder:
                raise DataError(f"{path.name} holds {member.name!r} twice: give every image its own name")
            seen.add(member.name)
            if len(seen) > limits.members:
                raise DataError(f"{path.name} holds more than {limits.members:,} files: split it")
            yield member


def _kind(head: bytes) -> str | None:
    for kind, magic in (("gz", b"\x1f\x8b"), ("bz2", b"BZh"), ("xz", b"\xfd7zXZ\x00")):
        if head.startswith(magic):
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if head[257:262] == b"ustar" or head == bytes(BLOCK) else None


@contextmanager
def _told_as_damage(archive: str) -> Iterator[None]:
    """Whatever the readers of archives raise on damaged bytes, which is almost anything, as a DataError."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise DataError(f"{archive} is cut off or damaged ({told}): fetch or pack it again") from error


def _safe_name(name: str, archive: str) -> str:
    """The member's name with forward slashes, without `./`; DataError if it leads out of the archive."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or parts[0].endswith(":"):
        raise DataError(f"{archive} holds {name!r}, which would land outside of it: refused; {CURE}")
    return "/".join(part for part in parts if part not in ("", "."))


def _refuse_special(name: str, is_link: bool, archive: str) -> None:
    what = "a link" if is_link else "neither a file nor a folder"
    raise DataError(f"{archive} holds {name!r}, which is {what}: refused; {CURE}")


class _Unpacked:
    """The unpacked bytes of a tar, forwards only, counted and limited; remembers the last block it gave."""

    def __init__(self, stream: IO[bytes], packed: IO[bytes], name: str, limits: Limits) -> None:
        self.stream, self.packed, self.name, self.limits = stream, packed, name, limits
        self.position = 0
        self.last = b""

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end; no header has a say in taking more than an image's."""
        if not 0 <= size <= self.limits.member_bytes:
            raise DataError(f"{self.name} has a header of {size:,} bytes: damaged or hostile, refused")
        self.last = self.stream.read(size)
        self.position += len(self.last)
        self.limits.check_total(self.position, max(self.packed.tell(), 1), self.name)
        return self.last

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Forwards only."""
        if position == -1:  # Python 3.10 looks for the byte before an archive without members
            return self.position
        if whence != io.SEEK_SET or position < self.position:
            raise DataError(f"{self.name} is damaged: a header points backwards")
        while self.position < position:
            if not self.read(min(BLOCK * 128, position - self.position)):
                raise EOFError("a member is longer than the archive")
        return self.position

    def tell(self) -> int:
        """Bytes given so far."""
        return self.position


def _unpacker(file: IO[bytes], kind: str) -> IO[bytes]:
    if kind == "gz":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    if kind == "bz2":
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if kind == "xz" else file


def _tar_members(path: Path, file: IO[bytes], kind: str, limits: Limits) -> Iterator[Member]:
    total = path.stat().st_size
    unpacked = _Unpacked(_unpacker(file, kind), file, path.name, limits)
    tar: Any = tarfile.open(fileobj=cast("IO[bytes]", unpacked), mode="r:")  # noqa: SIM115 nothing to close
    while (info := tar.next()) is not None:
        tar.members.clear()  # it keeps every header otherwise
        name = _safe_name(info.name, path.name)
        if not (info.isreg() or info.isdir()) or info.issparse():
            _refuse_special(info.name, info.islnk() or info.issym(), path.name)
        read = partial(_read_tar, unpacked, info)
        yield Member(name, info.isdir(), read, min(file.tell(), total), total)
    # tarfile takes any rubbish after the first member for the end; the true end is blocks of zeros.
    if unpacked.last != bytes(BLOCK):
        raise EOFError(f"no end mark after {tar.offset:,} unpacked bytes")
    while unpacked.read(1 << 20):
        pass  # to the end of the compressed stream, where its checksum is looked at


def _read_tar(unpacked: _Unpacked, info: tarfile.TarInfo) -> bytes:
    unpacked.limits.check_member(info.size, info.name, unpacked.name)
    with _told_as_damage(unpacked.name):
        unpacked.seek(info.offset_data)
        data = unpacked.read(info.size)
        if len(data) < info.size:
            raise EOFError(f"{info.name!r} is not whole")
    return data


def _zip_members(path: Path, file: IO[bytes], kind: str, limits: Limits) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        limits.check_total(sum(info.file_size for info in infos), path.stat().st_size, path.name)
        for done, info in enumerate(infos, start=1):
            name = _safe_name(info.filename, path.name)
            mode = info.external_attr >> 16 if info.create_system == 3 else 0  # 3: packed on Unix
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                _refuse_special(info.filename, stat.S_ISLNK(mode), path.name)
            if info.flag_bits & 1:
                raise DataError(f"{path.name} is encrypted ({info.filename!r}): pack it without a password")
            yield Member(
                name, info.is_dir(), partial(_read_zip, archive, info, path.name, limits), done, len(infos)
            )


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, limits: Limits) -> bytes:
    limits.check_member(info.file_size, info.filename, name)
    with _told_as_damage(name), archive.open(info) as member:
        return member.read()  # no further than the size that its header states
