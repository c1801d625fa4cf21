"""Class folders or an archive of them: `train/<class>/*` and `test/<class>/*`, one top folder allowed."""

import hashlib
import os
import re
import warnings
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from cifar7.data.archives import KINDS, LIMITS, Limits, Member, is_archive, members
from cifar7.data.decode import RECIPE, Decoded, decode
from cifar7.data.imageset import SIZE, DataError, Images, Progress, RawSet, Split, silent
from cifar7.data.layout import SPLITS, Layout, Place

WORKERS = 2
CHUNK_IMAGES, CHUNK_BYTES = 256, 16 * 2**20  # handed to a worker at once, whichever is reached first
IN_FLIGHT = 4  # chunks, so that an archive is not unpacked into memory faster than it is decoded

Work = list[tuple[Place, str, bytes]]
Done = list[tuple[Place, Decoded]]


def source_key(path: Path) -> str:
    """What stands for the content of `path`: of an archive its bytes, of a folder names, sizes and times.

    DataError if there is nothing, or neither a folder nor an archive.
    """
    digest = hashlib.sha256()
    with _told_as_unreadable(path):
        if path.is_dir():
            kind = "folder"
            for name, entry in _walk(path, (), LIMITS):
                stat = entry.stat()
                told = (name, entry.is_dir() or (stat.st_size, stat.st_mtime_ns))
                digest.update(repr(told).encode())
        elif path.is_file():
            kind = "archive"
            if not is_archive(path):
                raise DataError(
                    f"{path} is neither a folder nor an archive that can be read: "
                    f"give class folders, or a {KINDS} of them"
                )
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        else:
            raise DataError(f"there is no file or folder {path}")
    return f"{kind}-{RECIPE}-{digest.hexdigest()[:32]}"


def title(path: Path) -> str:
    """What to call the content of `path`: its last name."""
    name = path.name if path.name not in ("", "..") else path.resolve().name
    return name.encode("utf-8", "replace").decode()  # a name may hold bytes that are no text


def read_path(path: Path, progress: Progress = silent, limits: Limits = LIMITS) -> RawSet:
    """Decode every image of class folders or an archive of them.

    DataError: anything that `archives.members`, `Layout` or `decode` refuse, by name.
    """
    source = title(path)
    layout = Layout(source)
    walk = _folder_members(path, limits) if path.is_dir() else members(path, limits)
    with _told_as_unreadable(path), warnings.catch_warnings():
        # Pillow warns of sizes that `decode` refuses, and of odd metadata. Not in `decode`: not for threads.
        warnings.simplefilter("ignore")
        decoded = [pair for done in _decoded(walk, layout, source, progress, limits) for pair in done]
    classes = layout.classes()
    notes = (*layout.notes(), *_notes([image for _, image in decoded]))
    return RawSet(
        title=source,
        classes=classes,
        train=_split("train", decoded, classes),
        test=_split("test", decoded, classes),
        origin=f"{'folder' if path.is_dir() else 'archive'} {source}",
        synthetic=False,
        notes=notes,
    )


@contextmanager
def _told_as_unreadable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror or error}") from error


def _walk(folder: Path, above: tuple[str, ...], limits: Limits) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Relative names and entries below `folder`, sorted; no deeper than a layout goes, and one step more."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    if len(found) > limits.members:
        raise DataError(f"{folder} holds more than {limits.members:,} files: split it")
    for entry in found:
        parts = (*above, entry.name)
        yield "/".join(parts), entry
        in_layout = len(parts) == 1 or (len(parts) < 5 and any(part in SPLITS for part in parts[:2]))
        if in_layout and not entry.name.startswith(".") and entry.is_dir():
            yield from _walk(Path(entry.path), parts, limits)


def _folder_members(root: Path, limits: Limits) -> Iterator[Member]:
    listed = list(_walk(root, (), limits))
    for done, (name, entry) in enumerate(listed, start=1):
        yield Member(name, entry.is_dir(), partial(_read_file, Path(entry.path), limits), done, len(listed))


def _read_file(path: Path, limits: Limits) -> bytes:
    if not path.is_file():  # a pipe would be read for ever
        raise DataError(f"{path} is a broken link or no plain file: remove it")
    limits.check_member(path.stat().st_size, path.name, str(path.parent))
    return path.read_bytes()


def _decoded(
    walk: Iterator[Member], layout: Layout, source: str, progress: Progress, limits: Limits
) -> Iterator[Done]:
    """The images of `walk` in chunks, decoded by threads while this one reads on."""
    pending: deque[Future[Done]] = deque()
    what, total = f"Reading {source}", 1
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="decode") as pool:
        try:
            for chunk, member in _chunks(walk, layout, source, limits):
                pending.append(pool.submit(_decode_chunk, chunk))
                total = member.total
                if len(pending) == IN_FLIGHT:
                    yield pending.popleft().result()
                    progress(what, member.done, total)
            while pending:
                yield pending.popleft().result()
            progress(what, total, total)
        finally:
            for future in pending:
                future.cancel()


def _chunks(
    walk: Iterator[Member], layout: Layout, source: str, limits: Limits
) -> Iterator[tuple[Work, Member]]:
    """Portions of images to decode, each with the last member in it."""
    chunk: Work = []
    held = images = 0
    last = None
    for member in walk:
        if (place := layout.place(member.name, member.is_folder)) is None:
            continue
        images += 1
        if images > limits.images:
            raise DataError(f"{source} holds more than {limits.images:,} images: take fewer")
        data, last = member.read(), member
        chunk.append((place, f"{member.name!r} in {source}", data))
        held += len(data)
        if len(chunk) == CHUNK_IMAGES or held > CHUNK_BYTES:
            yield chunk, member
            chunk, held = [], 0
    if last is not None:
        yield chunk, last


def _decode_chunk(work: Work) -> Done:
    return [(place, decode(data, name)) for place, name, data in work]


def _natural(name: str) -> tuple[list[str | int], str]:
    """A key that puts 9.png before 10.png."""
    return [int(part) if part.isdigit() else part for part in re.split("([0-9]+)", name)], name


def _split(name: str, decoded: Done, classes: tuple[str, ...]) -> Split:
    """The images of one split, class after class, within a class in the natural order of the files."""
    number = {folder: label for label, folder in enumerate(classes)}
    chosen = [
        (number[place.folder], _natural(place.file), image) for place, image in decoded if place.split == name
    ]
    chosen.sort(key=lambda entry: entry[:2])
    images: Images = np.empty((len(chosen), 3, SIZE, SIZE), dtype=np.uint8)
    for index, (_, _, image) in enumerate(chosen):
        images[index] = image.pixels.transpose(2, 0, 1)
    return Split(images, np.array([label for label, _, _ in chosen], dtype=np.int64))


def _notes(images: list[Decoded]) -> list[str]:
    """What was done to the pixels, for people to know."""
    total = len(images)
    notes = []
    resized = Counter(image.size for image in images if image.size != (SIZE, SIZE))
    if resized:
        sizes = sorted(resized)
        told = f"from {sizes[0][0]}x{sizes[0][1]}"
        if len(sizes) > 1:
            often = resized.most_common(1)[0][0]
            told = f"from {len(sizes)} different sizes, most often {often[0]}x{often[1]}"
        changed = resized.total()
        were = "was" if changed == 1 else "were"
        told = f"{changed:,} of {total:,} images {were} resized to {SIZE}x{SIZE} {told}"
        notes.append(f"{told}: the centre square, as large as fits, scaled with a Lanczos filter.")
    if n := sum(image.see_through for image in images):
        has = "1 image has" if n == 1 else f"{n:,} images have"
        notes.append(f"{has} transparent parts, which were laid on white.")
    if n := sum(image.animated for image in images):
        notes.append(f"Of {n:,} {'animation' if n == 1 else 'animations'} the first picture was taken.")
    return notes
