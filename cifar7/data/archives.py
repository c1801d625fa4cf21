"""Members of a tar or zip archive, one after the other, read in memory: nothing is ever extracted to disk.

An archive is a stranger's: absolute names, `..`, links, devices and encrypted members are refused by
name, and the amounts are limited, so that a few bytes that unpack to terabytes stop early. Extraction, even
with tarfile's filter="data", would write 60,000 small files first, which takes longer than decoding them.
"""

import bz2
import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from cifar7.data import xz
from cifar7.data.imageset import DataError
from cifar7.data.members import LIMITS, Limits, Member

BLOCK = 512  # bytes, of a tar
SKIP = 128 * BLOCK  # bytes read at once where nothing is wanted
KINDS = ".tar, .tar.gz, .tar.xz, .tar.bz2 or .zip"
CURE = "pack files and folders alone, with relative names such as train/cat/1.png"
ENTRY = b"PK\x01\x02"  # begins each entry of a zip's directory
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others are unpacked by zipfile without an end
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
COMPRESSIONS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", xz.open_xz),
)  # fmt: skip

Reader = Callable[[Path, IO[bytes], Limits], Iterator[Member]]


def is_archive(path: Path) -> bool:
    """Whether the first bytes are those of an archive that `archive_members` reads."""
    with path.open("rb") as file:
        return _reader(file.read(BLOCK)) is not None


def archive_members(path: Path, limits: Limits = LIMITS) -> Iterator[Member]:
    """Every file and folder of the archive in its order.

    DataError, from here or from `Member.read`: not an archive, cut off, damaged, encrypted, a member that has
    no business there, the same name twice, too much.
    """
    names: set[str] = set()
    with _damage_as_data_error(path.name), path.open("rb") as file:
        reader = _reader(file.read(BLOCK))
        file.seek(0)
        if reader is None:
            raise DataError(f"{path.name} is not an archive that can be read: {KINDS}")
        for member in reader(path, file, limits):
            if member.name in names and not member.is_folder:
                raise DataError(f"{path.name} holds {member.name!r} twice: give every image its own name")
            names.add(member.name)
            if len(names) > limits.members:
                raise DataError(f"{path.name} holds more than {limits.members:,} files: split it")
            yield member


def _reader(head: bytes) -> Reader | None:
    """Who reads an archive that begins with these bytes."""
    if head.startswith(ZIP):
        return _zip_members
    for magic, decompress in COMPRESSIONS:
        if head.startswith(magic):
            return partial(_tar_members, decompress)
    is_tar = head[257:262] == b"ustar" or head == bytes(BLOCK)
    return partial(_tar_members, None) if is_tar else None


@contextmanager
def _damage_as_data_error(archive: str) -> Iterator[None]:
    """Whatever the readers of archives raise on damaged bytes, which is almost anything, as a DataError."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise DataError(f"{archive} is cut off or damaged ({reason}): fetch or pack it again") from error


def _safe_name(name: str, archive: str, is_plain: bool, is_link: bool) -> str:
    """The member's name with forward slashes, without `./`.

    DataError if it leads out of the archive, or is not `is_plain`: a file or a folder.
    """
    parts = name.replace("\\", "/").split("/")
    reason = None
    if parts[0] == "" or ".." in parts or parts[0].endswith(":"):
        reason = "would land outside of it"
    elif not is_plain:
        reason = "is a link" if is_link else "is neither a file nor a folder"
    if reason:
        raise DataError(f"{archive} holds {name!r}, which {reason}: refused; {CURE}")
    return "/".join(part for part in parts if part not in ("", "."))


class _TarStream:
    """The unpacked bytes of a tar, forwards only, counted and limited; remembers the last block it gave."""

    def __init__(self, stream: IO[bytes], packed: IO[bytes], archive: str, limits: Limits) -> None:
        self.stream, self.packed, self.archive, self.limits = stream, packed, archive, limits
        self.position = self.headers = 0
        self.last = b""

    def read(self, size: int) -> bytes:
        """The next `size` bytes of headers, fewer at the end; one member has `header_bytes` at most."""
        self.headers += max(size, 0)
        if size < 0 or self.headers > self.limits.header_bytes:
            raise DataError(
                f"{self.archive} has headers of {size:,} bytes and more: damaged or hostile, refused"
            )
        return self.content(size)

    def content(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        self.last = self.stream.read(size)
        self.position += len(self.last)
        self.limits.check_total(self.position, max(self.packed.tell(), 1), self.archive)
        return self.last

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Forwards only."""
        if position == -1:  # Python 3.10 looks for the byte before an archive without members
            return self.position
        if whence != io.SEEK_SET or position < self.position:
            raise DataError(f"{self.archive} is damaged: a header points backwards")
        while self.position < position:
            if not self.content(min(SKIP, position - self.position)):
                raise EOFError("a member is longer than the archive")
        return self.position

    def tell(self) -> int:
        """Bytes given so far."""
        return self.position


def _tar_members(
    decompress: Callable[..., Any] | None, path: Path, file: IO[bytes], limits: Limits
) -> Iterator[Member]:
    total = path.stat().st_size
    stream = _TarStream(decompress(file) if decompress else file, file, path.name, limits)
    tar: Any = tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:")  # noqa: SIM115 nothing to close
    while (info := tar.next()) is not None:
        tar.members.clear()  # it keeps every header otherwise
        stream.headers = 0
        is_plain = (info.isreg() or info.isdir()) and not info.issparse()
        name = _safe_name(info.name, path.name, is_plain, info.islnk() or info.issym())
        yield Member(name, info.isdir(), partial(_read_tar, stream, info), min(file.tell(), total), total)
    # tarfile takes any rubbish after the first member for the end; the true end is blocks of zeros.
    if stream.last != bytes(BLOCK):
        raise EOFError(f"no end mark after {tar.offset:,} unpacked bytes")
    while stream.content(1 << 20):
        pass  # to the end of the compressed stream, where its checksum is checked


def _read_tar(stream: _TarStream, info: tarfile.TarInfo) -> bytes:
    stream.limits.check_member(info.size, info.name, stream.archive)
    with _damage_as_data_error(stream.archive):
        stream.seek(info.offset_data)
        content = stream.content(info.size)
        if len(content) < info.size:
            raise EOFError(f"{info.name!r} is not whole")
    return content


class _ZipSource:
    """The bytes of a zip; no more is read at once, and no longer directory, than the limits allow."""

    def __init__(self, file: IO[bytes], archive: str, limits: Limits) -> None:
        self._file, self._archive, self._limits = file, archive, limits
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes; without it the rest, which is asked for at the end alone."""
        if size > self._limits.member_bytes:
            raise DataError(f"{self._archive} has a directory of {size:,} bytes: split it")
        content = self._file.read(size)
        if content.startswith(ENTRY) and content.count(ENTRY) > self._limits.members:
            raise DataError(f"{self._archive} holds more than {self._limits.members:,} files: split it")
        return content


def _zip_members(path: Path, file: IO[bytes], limits: Limits) -> Iterator[Member]:
    source = cast("IO[bytes]", _ZipSource(file, path.name, limits))
    with zipfile.ZipFile(source) as archive:
        infos = archive.infolist()
        limits.check_total(sum(info.file_size for info in infos), path.stat().st_size, path.name)
        for done, info in enumerate(infos, start=1):
            mode = info.external_attr >> 16 if info.create_system == 3 else 0  # 3: packed on Unix
            is_plain = stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFDIR)
            name = _safe_name(info.filename, path.name, is_plain, stat.S_ISLNK(mode))
            if info.flag_bits & 1:
                raise DataError(f"{path.name} is encrypted ({info.filename!r}): pack it without a password")
            if info.compress_type not in METHODS:
                raise DataError(
                    f"{path.name} holds {info.filename!r}, compressed by method {info.compress_type}: "
                    "pack it as an ordinary zip, deflated"
                )
            read = partial(_read_zip, archive, info, path.name, limits)
            yield Member(name, info.is_dir(), read, done, len(infos))


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: str, limits: Limits) -> bytes:
    """The member's content, of which no more is unpacked than the size that the archive states."""
    limits.check_member(info.file_size, info.filename, source)
    with _damage_as_data_error(source), archive.open(info) as member:
        content = member.read(info.file_size)  # without a size all would be unpacked, and then cut off
        if len(content) < info.file_size:
            raise EOFError(f"{info.filename!r} is not whole")
    return content
