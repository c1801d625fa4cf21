"""Class folders, or an archive of them: `train/<class>/*` and `test/<class>/*`, one common top folder allowed."""

import hashlib
import re
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from cifar7.data.archives import LIMITS, Limits, Member, is_archive, members
from cifar7.data.decode import RECIPE, Decoded, decode
from cifar7.data.imageset import SIZE, DataError, Images, Progress, RawSet, Split, silent
from cifar7.data.layout import Layout, Place

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
    try:
        if path.is_dir():
            kind = "folder"
            for member in _folder_members(path, LIMITS):
                stat = None if member.is_folder else (path / member.name).stat()
                digest.update(repr((member.name, stat and (stat.st_size, stat.st_mtime_ns))).encode())
        elif path.is_file():
            kind = "archive"
            if not is_archive(path):
                raise DataError(
                    f"{path} is neither a folder nor an archive that can be read: "
                    "give class folders, or a .tar, .tar.gz, .tar.xz, .tar.bz2 or .zip of them"
                )
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        else:
            raise DataError(f"there is no file or folder {path}")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    return f"{kind}-{RECIPE}-{digest.hexdigest()[:32]}"


def read_path(path: Path, progress: Progress = silent, limits: Limits = LIMITS) -> RawSet:
    """Decode every image of class folders or an archive of them.

    DataError: anything that `archives.members`, `Layout` or `decode` refuse, by name.
    """
    layout = Layout(path.name)
    walk = _folder_members(path, limits) if path.is_dir() else members(path, limits)
    try:
        decoded = [pair for done in _decoded(walk, layout, path.name, progress, limits) for pair in done]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    classes = layout.classes()
    notes = (*layout.notes(), *_notes([image for _, image in decoded]))
    return RawSet(
        title=path.name,
        classes=classes,
        train=_split("train", decoded, classes),
        test=_split("test", decoded, classes),
        origin=f"{'folder' if path.is_dir() else 'archive'} {path.name}",
        synthetic=False,
        notes=notes,
    )


def _folder_members(root: Path, limits: Limits) -> Iterator[Member]:
    """Files and folders below `root` in the order of their names, as deep as a layout with a top folder goes."""
    listed: list[tuple[str, Path, bool]] = []

    def list_folder(folder: Path, prefix: str, depth: int) -> None:
        for entry in sorted(folder.iterdir()):
            is_folder = entry.is_dir()
            listed.append((prefix + entry.name, entry, is_folder))
            if len(listed) > limits.members:
                raise DataError(f"{root} holds more than {limits.members:,} files: split it")
            if is_folder and depth < 5 and not entry.name.startswith("."):
                list_folder(entry, f"{prefix}{entry.name}/", depth + 1)

    list_folder(root, "", 1)
    for done, (name, entry, is_folder) in enumerate(listed, start=1):
        yield Member(name, is_folder, partial(_read_file, entry, limits), done, len(listed))


def _read_file(path: Path, limits: Limits) -> bytes:
    if (size := path.stat().st_size) > limits.image_bytes:
        raise DataError(
            f"{path} has {size / 2**20:,.0f} MiB; an image may have {limits.image_bytes / 2**20:,.0f} MiB at most"
        )
    return path.read_bytes()


def _decoded(
    walk: Iterator[Member], layout: Layout, source: str, progress: Progress, limits: Limits
) -> Iterator[Done]:
    """The images of `walk` in chunks, decoded by threads while this one reads on."""
    pending: deque[Future[Done]] = deque()
    what = f"Reading {source}"
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="decode") as pool:
        try:
            for chunk, member in _chunks(walk, layout, source, limits):
                pending.append(pool.submit(_decode_chunk, chunk))
                if len(pending) == IN_FLIGHT:
                    yield pending.popleft().result()
                    progress(what, member.done, member.total)
            while pending:
                yield pending.popleft().result()
            progress(what, 1, 1)
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
        chunk.append((place, f"{member.name} in {source}", data))
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
        notes.append(
            f"{resized.total():,} of {total:,} images were resized to {SIZE}x{SIZE} {told}: "
            "the centre square, as large as fits, scaled with a Lanczos filter."
        )
    if see_through := sum(image.see_through for image in images):
        notes.append(f"{see_through:,} images have transparent parts, which were laid on white.")
    if animated := sum(image.animated for image in images):
        notes.append(f"Of {animated:,} animations the first picture was taken.")
    return notes
