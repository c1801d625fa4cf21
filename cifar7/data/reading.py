"""Class folders, or an archive of them, to arrays: one way for both, over their members.

Images are decoded by threads while the source is read on.
"""

import hashlib
import re
import warnings
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from cifar7.data.archives import KINDS, archive_members, is_archive
from cifar7.data.decode import RECIPE, Decoded, decode
from cifar7.data.imageset import SIZE, DataError, Progress, RawSet, Split, silent
from cifar7.data.layout import SPLITS, Layout, Place, is_table
from cifar7.data.members import LIMITS, Limits, Member, folder_members, walk

WORKERS = 2
CHUNK_IMAGES, CHUNK_BYTES = 256, 16 * 2**20  # handed to a worker at once, whichever is reached first
IN_FLIGHT = 4  # chunks, so that an archive is not unpacked into memory faster than it is decoded

# Of a set without a part to test, one image in five of each class is set aside.
FIFTH, SEED = 5, 7
ASIDE = (
    "There was no part to test, so {test:,} of the {all:,} images, a fifth of each class, were set aside "
    "for it, the same ones each time."
)

EncodedChunk = list[tuple[Place, str, bytes]]  # place, name for messages, content of the file
DecodedChunk = list[tuple[Place, Decoded]]


def source_key(path: Path) -> str:
    """A key of the content of `path`: of an archive its bytes, of a folder names, sizes and times.

    DataError if there is nothing, or neither a folder nor an archive.
    """
    digest = hashlib.sha256()
    with _os_error_as_data_error(path):
        if path.is_dir():
            kind = "folder"
            for name, entry in walk(path):
                stat = entry.stat()
                identity = (name, entry.is_dir() or (stat.st_size, stat.st_mtime_ns))
                digest.update(repr(identity).encode())
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


def source_title(path: Path) -> str:
    """What to call the content of `path`: its last name."""
    name = path.name if path.name not in ("", "..") else path.resolve().name
    return name.encode("utf-8", "replace").decode()  # a name may hold bytes that are no text


def read_path(path: Path, progress: Progress = silent, limits: Limits = LIMITS) -> RawSet:
    """Decode every image of class folders or an archive of them.

    DataError: anything that `archive_members`, `Layout` or `decode` refuse, by name.
    """
    kind, list_members = ("folder", folder_members) if path.is_dir() else ("archive", archive_members)
    source = source_title(path)
    layout = Layout(source)
    with _os_error_as_data_error(path), warnings.catch_warnings():
        # Pillow warns of sizes that `decode` refuses, and of odd metadata. Not in `decode`: not for threads.
        warnings.simplefilter("ignore")
        # The names first: what is wrong with them is said before anything is decoded.
        classes = _settled(list_members(path, limits), layout)
        chunks = _chunks(list_members(path, limits), layout, limits)
        images = [pair for chunk in _decode_chunks(chunks, source, progress) for pair in chunk]
    train, test = (_sorted(split, images, classes) for split in SPLITS)
    notes = layout.notes()
    if layout.unsplit:
        train, test = set_aside(train, classes, source)
        notes.insert(0, ASIDE.format(test=len(test), all=len(train) + len(test)))
    return RawSet(
        title=source,
        classes=classes,
        train=train,
        test=test,
        origin=f"{kind} {source}",
        synthetic=False,
        notes=(*notes, *_notes([image for _, image in images])),
    )


def set_aside(images: Split, classes: tuple[str, ...], source: str) -> tuple[Split, Split]:
    """The images without and with a fifth of each class, at least one, drawn the same way each time.

    DataError for a class of which nothing would be left.
    """
    test = np.zeros(len(images), dtype=bool)
    for label, name in enumerate(classes):
        members = np.flatnonzero(images.labels == label)
        if len(members) < 2:
            raise DataError(
                f"{source} has no images in test/ and one image of {name!r} alone, so that none can be set "
                f"aside to test: give another, or test/<class>/<image>"
            )
        drawn = np.random.default_rng([SEED, label]).permutation(members)
        test[drawn[: max(1, round(len(members) / FIFTH))]] = True
    return tuple(Split(images.images[rows], images.labels[rows]) for rows in (~test, test))  # type: ignore[return-value]


def _settled(members: Iterable[Member], layout: Layout) -> tuple[str, ...]:
    """The classes, after the layout has seen every name and the tables that may tell of images."""
    for member in members:
        layout.see(member.name, member.is_folder)
        if not member.is_folder and is_table(member.name):
            with suppress(DataError):  # too large, or damaged: it says nothing, and may not be needed
                layout.see_table(member.name, member.read())
    return layout.settle()


@contextmanager
def _os_error_as_data_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror or error}") from error


def _chunks(
    members: Iterable[Member], layout: Layout, limits: Limits
) -> Iterator[tuple[EncodedChunk, Member]]:
    """Portions of images to decode, each with the last member in it."""
    chunk: EncodedChunk = []
    chunk_bytes = images = 0
    for member in members:
        if member.is_folder or (place := layout.place(member.name)) is None:
            continue
        images += 1
        if images > limits.images:
            raise DataError(f"{layout.source} holds more than {limits.images:,} images: take fewer")
        content = member.read()
        chunk.append((place, f"{member.name!r} in {layout.source}", content))
        chunk_bytes += len(content)
        if len(chunk) == CHUNK_IMAGES or chunk_bytes > CHUNK_BYTES:
            yield chunk, member
            chunk, chunk_bytes = [], 0
    if chunk:
        yield chunk, member


def _decode_chunks(
    chunks: Iterable[tuple[EncodedChunk, Member]], source: str, progress: Progress
) -> Iterator[DecodedChunk]:
    """The chunks in their order, decoded by threads while this one reads on."""
    pending: deque[Future[DecodedChunk]] = deque()
    what, total = f"Reading {source}", 1
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="decode")
    try:
        for chunk, member in chunks:
            pending.append(pool.submit(_decode_chunk, chunk))
            total = member.total
            if len(pending) == IN_FLIGHT:
                yield pending.popleft().result()
                progress(what, member.done, total)
        while pending:
            yield pending.popleft().result()
        progress(what, total, total)
    finally:
        pool.shutdown(cancel_futures=True)


def _decode_chunk(chunk: EncodedChunk) -> DecodedChunk:
    return [(place, decode(content, name)) for place, name, content in chunk]


def _natural(name: str) -> tuple[list[str | int], str]:
    """A key that puts 9.png before 10.png."""
    return [int(part) if part.isdigit() else part for part in re.split("([0-9]+)", name)], name


def _sorted(name: str, decoded: DecodedChunk, classes: tuple[str, ...]) -> Split:
    """The images of one split, class after class, within a class in the natural order of the files."""
    rows = [
        (classes.index(place.folder), _natural(place.file), image.pixels)
        for place, image in decoded
        if place.split == name
    ]
    rows.sort(key=lambda row: row[:2])
    stacked = np.stack([pixels for _, _, pixels in rows]) if rows else np.empty((0, SIZE, SIZE, 3), np.uint8)
    images = stacked.transpose(0, 3, 1, 2)  # (N, 3, 32, 32)
    return Split(np.ascontiguousarray(images), np.array([label for label, _, _ in rows], dtype=np.int64))


def _notes(images: list[Decoded]) -> list[str]:
    """What was done to the pixels, for people to know."""
    notes = []
    resized = Counter(image.size for image in images if image.size != (SIZE, SIZE))
    if resized:
        (width, height), _ = resized.most_common(1)[0]
        sizes = f"{width}x{height}"
        if len(resized) > 1:
            sizes = f"{len(resized)} different sizes, most often {sizes}"
        were = "was" if resized.total() == 1 else "were"
        notes.append(
            f"{resized.total():,} of {len(images):,} images {were} resized to {SIZE}x{SIZE} from {sizes}: "
            "the centre square, as large as fits, scaled with a Lanczos filter."
        )
    if n := sum(image.see_through for image in images):
        has = "1 image has" if n == 1 else f"{n:,} images have"
        notes.append(f"{has} transparent parts, which were laid on white.")
    if n := sum(image.animated for image in images):
        notes.append(f"Of {n:,} {'animation' if n == 1 else 'animations'} the first picture was taken.")
    return notes
