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
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cifar7.data.imageset import DataError

BLOCK = 512  # bytes, of a tar
DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Limits:
    """How much an archive or a folder may hold. Generous for pictures, far below what fills a machine."""

    members: int = 1_000_000
    images: int = 300_000  # 0.9 GB of pixels once decoded
    image_bytes: int = 64 * 2**20
    total_bytes: int = 64 * 2**30  # unpacked
    ratio: int = 400  # unpacked to packed, looked at beyond `ratio_from` bytes
    ratio_from: int = 256 * 2**20


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

    DataError: not an archive, cut off, damaged, encrypted, a member that has no business there, too much.
    """
    try:
        with path.open("rb") as file:
            kind = _kind(file.read(BLOCK))
            file.seek(0)
            if kind is None:
                raise DataError(
                    f"{path.name} is not an archive that can be read: .tar, .tar.gz, .tar.xz, .tar.bz2 or .zip"
                )
            walk = _zip_members if kind == "zip" else _tar_members
            seen: set[str] = set()
            for member in walk(path, file, kind, limits):
                if member.name in seen and not member.is_folder:
                    raise DataError(f"{path.name} holds {member.name!r} twice: give every image its own name")
                seen.add(member.name)
                if len(seen) > limits.members:
                    raise DataError(f"{path.name} holds more than {limits.members:,} files: split it")
                yield member
    except DataError:
        raise
    except DAMAGE as error:
        told = f"{type(error).__name__}: {error}"
        raise DataError(f"{path.name} is cut off or damaged ({told}): fetch or pack it again") from error


def _kind(head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    if head.startswith(b"BZh"):
        return "bz2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    return "tar" if head[257:262] == b"ustar" or (len(head) == BLOCK and _checksum_fits(head)) else None


def _checksum_fits(header: bytes) -> bool:
    """Whether a tar header of before 1988, which has no magic number, carries its own checksum."""
    try:
        return header[0] != 0 and tarfile.nti(header[148:156]) in tarfile.calc_chksums(header)  # type: ignore[attr-defined]
    except tarfile.TarError:
        return False


def _safe_name(name: str, archive: str) -> str:
    """The member's name with forward slashes, without `./`; DataError if it would lead out of the archive."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or parts[0].endswith(":"):
        raise DataError(
            f"{archive} holds the member {name!r}, which would land outside of it: refused. "
            "Pack relative names such as train/cat/1.png"
        )
    return "/".join(part for part in parts if part not in ("", "."))


def _check_size(size: int, name: str, archive: str, limits: Limits) -> None:
    if size > limits.image_bytes:
        raise DataError(
            f"{archive}: {name!r} unpacks to {size / 2**20:,.0f} MiB; "
            f"an image may have {limits.image_bytes / 2**20:,.0f} MiB at most"
        )


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a tar, forwards only, counted and limited; remembers the last block it gave."""

    def __init__(
        self, stream: IO[bytes], packed: IO[bytes], name: str, packed_size: int, limits: Limits
    ) -> None:
        super().__init__()
        self.stream, self.packed, self.name = stream, packed, name
        self.packed_size, self.limits = packed_size, limits
        self.position = 0
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer at the end; one read is as large as the largest member allowed."""
        if not 0 <= size <= self.limits.image_bytes:
            raise DataError(
                f"{self.name}: a header asks for {size:,} bytes at once; the archive is damaged or hostile"
            )
        data = self.stream.read(size)
        self.position += len(data)
        self.last = data
        limits, packed = self.limits, max(self.packed.tell(), 1)
        if self.position > limits.total_bytes:
            raise DataError(
                f"{self.name} unpacks to more than {limits.total_bytes / 2**30:,.0f} GiB: split it"
            )
        if self.position > limits.ratio_from and self.position > limits.ratio * packed:
            raise DataError(
                f"{self.name} unpacks to more than {limits.ratio} times its size, "
                "which pictures never do: refused as a decompression bomb"
            )
        return data

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Forwards only."""
        if whence != io.SEEK_SET or position < self.position:
            raise DataError(f"{self.name} is damaged: a header points backwards")
        while self.position < position:
            if not self.read(min(1 << 20, position - self.position)):
                raise EOFError("a member is longer than the archive")
        return self.position

    def tell(self) -> int:
        """Bytes given so far."""
        return self.position


def _tar_members(path: Path, file: IO[bytes], kind: str, limits: Limits) -> Iterator[Member]:
    total = path.stat().st_size
    unpackers: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
        "tar": lambda raw: raw,
        "gz": lambda raw: gzip.GzipFile(fileobj=raw, mode="rb"),  # type: ignore[return-value]
        "bz2": lambda raw: bz2.BZ2File(raw),
        "xz": lambda raw: lzma.LZMAFile(raw),  # type: ignore[return-value]
    }
    unpacked = _Unpacked(unpackers[kind](file), file, path.name, total, limits)
    with tarfile.open(fileobj=unpacked, mode="r:") as tar:  # type: ignore[call-overload]
        while (info := tar.next()) is not None:
            tar.members.clear()  # it keeps every header otherwise
            name = _safe_name(info.name, path.name)
            if not (info.isreg() or info.isdir()) or info.issparse():
                what = "a link" if info.islnk() or info.issym() else "not a plain file"
                raise DataError(
                    f"{path.name} holds {info.name!r}, which is {what}: refused. Pack files and folders alone"
                )
            yield Member(
                name, info.isdir(), _tar_reader(tar, info, path.name, limits), min(file.tell(), total), total
            )
        # tarfile takes any rubbish after the first member for the end; the end is two blocks of zeros.
        if unpacked.last != bytes(BLOCK):
            raise DataError(
                f"{path.name} is cut off or damaged after {tar.offset:,} unpacked bytes: fetch or pack it again"
            )
        while unpacked.read(1 << 20):
            pass  # to the end of the compressed stream, where its checksum is looked at


def _tar_reader(
    tar: tarfile.TarFile, info: tarfile.TarInfo, archive: str, limits: Limits
) -> Callable[[], bytes]:
    def read() -> bytes:
        _check_size(info.size, info.name, archive, limits)
        member = tar.extractfile(info)
        assert member is not None  # a plain file
        return member.read()

    return read


def _zip_members(path: Path, file: IO[bytes], kind: str, limits: Limits) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > limits.total_bytes:
            raise DataError(
                f"{path.name} unpacks to more than {limits.total_bytes / 2**30:,.0f} GiB: split it"
            )
        for done, info in enumerate(infos, start=1):
            name = _safe_name(info.filename, path.name)
            mode = info.external_attr >> 16 if info.create_system == 3 else 0  # 3: packed on Unix
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                what = "a link" if stat.S_ISLNK(mode) else "not a plain file"
                raise DataError(
                    f"{path.name} holds {info.filename!r}, which is {what}: refused. Pack files and folders alone"
                )
            if info.flag_bits & 1:
                raise DataError(
                    f"{path.name}: {info.filename!r} is encrypted: pack the images without a password"
                )
            yield Member(name, info.is_dir(), _zip_reader(archive, info, path.name, limits), done, len(infos))


def _zip_reader(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, limits: Limits
) -> Callable[[], bytes]:
    def read() -> bytes:
        _check_size(info.file_size, info.filename, name, limits)
        with archive.open(info) as member:
            data = member.read(limits.image_bytes + 1)  # no further than the size its header states
        return data

    return read
