"""What every source of class folders is read as: named members, and how much it may hold; folders on disk."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cifar7.data.imageset import DataError
from cifar7.data.layout import role

DEPTH = 4  # parts of a name: top/train/<class>/<file>
UNSPLIT = 3  # top/<class>/<file>


@dataclass(frozen=True)
class Limits:
    """How much an archive or a folder may hold. Generous for pictures, far below what fills a machine."""

    members: int = 400_000
    images: int = 300_000  # 0.9 GB of pixels once decoded
    member_bytes: int = 64 * 2**20  # of one image
    header_bytes: int = 2**20  # of one member of a tar: long names and attributes
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
    """A file or folder of a source. `read` gives its bytes; call it before taking the next member.

    `done` of `total`: the member's position in the source, in any unit.
    """

    name: str
    is_folder: bool
    read: Callable[[], bytes]
    done: int
    total: int


def folder_members(root: Path, limits: Limits = LIMITS) -> Iterator[Member]:
    """Every file and folder that `walk` finds. DataError, from `Member.read`: too large, or no plain file."""
    entries = list(walk(root, limits))
    for done, (name, entry) in enumerate(entries, start=1):
        read = partial(_read_file, Path(entry.path), limits)
        yield Member(name, entry.is_dir(), read, done, len(entries))


def walk(
    folder: Path, limits: Limits = LIMITS, above: tuple[str, ...] = ()
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Relative names and entries below `folder`, sorted; no deeper than a layout goes, and one step more."""
    with os.scandir(folder) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    if len(entries) > limits.members:
        raise DataError(f"{folder} holds more than {limits.members:,} files: split it")
    for entry in entries:
        parts = (*above, entry.name)
        yield "/".join(parts), entry
        in_layout = len(parts) < UNSPLIT or (len(parts) <= DEPTH and any(map(role, parts[:2])))
        if in_layout and not entry.name.startswith(".") and entry.is_dir():
            yield from walk(Path(entry.path), limits, parts)


def _read_file(path: Path, limits: Limits) -> bytes:
    if not path.is_file():  # a pipe would be read for ever
        raise DataError(f"{path} is a broken link or no plain file: remove it")
    limits.check_member(path.stat().st_size, path.name, str(path.parent))
    return path.read_bytes()
