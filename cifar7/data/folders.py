"""Class folders on disk as members, walked no deeper than class folders go."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cifar7.data.imageset import DataError
from cifar7.data.layout import SPLITS
from cifar7.data.members import LIMITS, Limits, Member

DEPTH = 4  # parts of a name: top/train/<class>/<file>


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
        in_layout = len(parts) == 1 or (len(parts) <= DEPTH and any(part in SPLITS for part in parts[:2]))
        if in_layout and not entry.name.startswith(".") and entry.is_dir():
            yield from walk(Path(entry.path), limits, parts)


def _read_file(path: Path, limits: Limits) -> bytes:
    if not path.is_file():  # a pipe would be read for ever
        raise DataError(f"{path} is a broken link or no plain file: remove it")
    limits.check_member(path.stat().st_size, path.name, str(path.parent))
    return path.read_bytes()
