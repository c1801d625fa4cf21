"""What every source of class folders is read as: a stream of named members. And how much it may hold."""

from collections.abc import Callable
from dataclasses import dataclass

from cifar7.data.imageset import DataError


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
    """A file or folder of a source. `read` gives its bytes; call it before taking the next member.

    `done` of `total`: the member's position in the source, in any unit.
    """

    name: str
    is_folder: bool
    read: Callable[[], bytes]
    done: int
    total: int
