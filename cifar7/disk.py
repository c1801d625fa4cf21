"""Files that anybody may have put where they stand, and disks that are full or can only be read.

Only regular files are opened: a pipe or a device would hold its reader, and a link may lead anywhere.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

LARGEST_INTEGER = 2**63  # beyond, arithmetic with floats overflows
DEEPEST = 40  # lists and objects within each other in JSON; what is written here has fewer than ten

_FULL = (errno.ENOSPC, errno.EDQUOT)
_READ_ONLY = (errno.EROFS,)
_REFUSED = (errno.EACCES, errno.EPERM)
# What torch and numpy say without a number where a write was cut short.
_CUT_SHORT = ("pytorchstreamwriter failed writing", "unexpected pos", "no space left on device")
_FEWER = re.compile(r"\d+ requested and \d+ written")


class NotRegularError(OSError):
    """Something other than a regular file stands there: says what."""

    def __init__(self, what: str) -> None:
        super().__init__(errno.EINVAL, what)


class TooLargeError(OSError):
    """A file is larger than it can be."""

    def __init__(self, most: int) -> None:
        super().__init__(errno.EFBIG, f"is larger than {most:,} bytes")


def is_regular(path: Path) -> bool:
    """Whether a regular file stands there, and no link to one. Raises nothing."""
    with suppress(OSError, ValueError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def open_regular(path: Path, flags: int = os.O_RDONLY, most: int | None = None) -> BinaryIO:
    """Open a regular file, unbuffered where it is written to; `flags`: as of os.open.

    Raises NotRegularError for a directory, link, pipe or device, TooLargeError beyond `most` bytes, and any
    other OSError of opening. Never waits for another process.
    """
    with suppress(FileNotFoundError):
        _check(path.lstat().st_mode)
    careful = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
    number = os.open(path, flags | careful, 0o666)
    try:
        found = os.fstat(number)  # in between, another thing may have come to stand there
        _check(found.st_mode)
        if most is not None and found.st_size > most:
            raise TooLargeError(most)
    except BaseException:
        os.close(number)
        raise
    if flags & (os.O_WRONLY | os.O_RDWR):
        return cast(BinaryIO, os.fdopen(number, "ab" if flags & os.O_APPEND else "rb+", buffering=0))
    return os.fdopen(number, "rb")


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; raises as `open_regular`."""
    with open_regular(path, most=most) as file:
        content = file.read(most + 1)
    if len(content) > most:  # it has grown since
        raise TooLargeError(most)
    return content


def _check(mode: int) -> None:
    kinds = {
        stat.S_IFDIR: "is a directory",
        stat.S_IFLNK: "is a link",
        stat.S_IFIFO: "is a pipe",
        stat.S_IFSOCK: "is a socket",
    }
    if not stat.S_ISREG(mode):
        raise NotRegularError(kinds.get(stat.S_IFMT(mode), "is a device"))


def parse_json(content: bytes | str) -> Any:
    """JSON whose numbers are finite and no larger than 64 bits hold, at most DEEPEST levels deep.

    Raises ValueError for anything else.
    """
    try:
        value = json.loads(content, parse_float=_finite, parse_int=_whole, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    # Each level has its mark, which is seen so in every encoding of JSON; most files have fewer than DEEPEST.
    if text.count("{") + text.count("[") > DEEPEST and _is_deeper(value, DEEPEST):
        raise ValueError("is nested too deeply")
    if "\\ud" in text.lower():  # half a character, which nothing can show: only an escape can say it
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("holds half a character") from None
    return value


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _whole(text: str) -> int:
    value = int(text) if len(text) < 25 else LARGEST_INTEGER
    return value if abs(value) < LARGEST_INTEGER else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"holds the number {text[:20]}, which cannot be")


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels <= 0 or any(_is_deeper(part, levels - 1) for part in value)


def is_full(error: BaseException) -> bool:
    """Whether a write failed because the disk is full, or the share of it that is allowed."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    text = str(error).lower()
    if isinstance(error, OSError) and _FEWER.search(text):
        return True
    return isinstance(error, (RuntimeError, OSError)) and any(sign in text for sign in _CUT_SHORT)


def is_trouble(error: BaseException) -> bool:
    """Whether a write failed for the state of the disk: full, read-only, or closed to this user."""
    known = isinstance(error, OSError) and error.errno in (*_READ_ONLY, *_REFUSED)
    return known or is_full(error)


def why_not(error: BaseException) -> str:
    """Why something could not be written, and what to do, as a sentence without a capital and full stop."""
    number = error.errno if isinstance(error, OSError) else None
    if is_full(error):
        return "the disk is full; make room and try again"
    if number in _READ_ONLY:
        return "the disk can only be read; make it writable and try again"
    if number in _REFUSED:
        return "this user may not write there; change the rights of the folder and try again"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"it cannot be written ({text or type(error).__name__})"


def trouble(folder: Path) -> str:
    """Why nothing can be written into a folder at present, as `why_not` says it; empty where it can be."""
    with suppress(OSError, AttributeError):  # not there yet; no statvfs on Windows
        state = os.statvfs(folder)
        if state.f_flag & os.ST_RDONLY:
            return why_not(OSError(errno.EROFS, ""))
        if state.f_bavail * state.f_frsize < 65_536:
            return why_not(OSError(errno.ENOSPC, ""))
    return ""
