"""Sets on disk: a folder each, with meta.json and four arrays to be memory-mapped.

A set is written into a hidden sibling and renamed when it is complete: nobody sees half of one, and a
process that is killed leaves at most a hidden folder, which the next writer of that name sweeps away.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from cifar7.data.imageset import (
    CHANNELS,
    SIZE,
    DataError,
    ImageSet,
    Progress,
    RawSet,
    SetInfo,
    Split,
    channel_statistics,
    fingerprint,
    silent,
)
from cifar7.disk import parse_json, read_regular

FORMAT = 1  # raised when the files of a set change their meaning; older folders then count as absent
LARGEST_META = 1_000_000  # bytes
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
PATIENCE = 0.5  # seconds to wait for another writer before reporting it


@dataclass(frozen=True)
class Meta(SetInfo):
    """meta.json. `source`: the content and recipe it was made from; `hidden`: the cache of a path."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str
    hidden: bool


def check_name(name: str) -> None:
    """DataError unless `name` can name a set: it becomes a folder, and may come from a browser."""
    if not NAME.fullmatch(name):
        raise DataError(
            f"{name!r} cannot name a data set: use 1 to 64 small letters, digits, '-' or '_', "
            "beginning with a letter or digit"
        )


def read_meta(data_dir: Path, name: str) -> Meta | None:
    """What is stored under `name`; None if nothing is, or nothing that this version can read."""
    if not NAME.fullmatch(name):
        return None
    try:
        d = parse_json(read_regular(data_dir / name / "meta.json", LARGEST_META))
        if d["format"] != FORMAT or d["name"] != name:
            return None
        values = {field.name: d[field.name] for field in fields(Meta) if field.name != "present"}
        lists = {key: tuple(values[key]) for key in ("classes", "notes", "mean", "std")}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    meta = Meta(**{**values, **lists}, present=True)
    return meta if _is_sound(meta) else None


def _is_sound(meta: Meta) -> bool:
    """Whether the fields are of their types: a folder of data may have been edited or copied too."""
    texts = (meta.name, meta.title, meta.origin, meta.source, meta.fingerprint, *meta.classes, *meta.notes)
    sizes, scales = (meta.train_size, meta.test_size), (*meta.mean, *meta.std)
    flags = (meta.synthetic, meta.hidden)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(size, int) and size >= 0 for size in sizes)
        and all(isinstance(scale, (int, float)) for scale in scales)
        and all(isinstance(flag, bool) for flag in flags)
        and (len(meta.mean), len(meta.std)) == (CHANNELS, CHANNELS)
    )


def list_metas(data_dir: Path) -> list[Meta]:
    """All stored sets by name, the hidden ones too."""
    names = sorted(entry.name for entry in data_dir.iterdir()) if data_dir.is_dir() else []
    return [meta for name in names if (meta := read_meta(data_dir, name))]


def folders(data_dir: Path) -> list[Path]:
    """The folders that are named as sets are."""
    found = [path for path in data_dir.iterdir() if NAME.fullmatch(path.name)] if data_dir.is_dir() else []
    return [path for path in found if path.is_dir() and not path.is_symlink()]


def half_written(data_dir: Path) -> list[Path]:
    """What writers have in the making, or left when they died."""
    return list(data_dir.glob(".new+*"))


def remove(data_dir: Path, name: str) -> None:
    """Remove a set; it vanishes in one step. DataError if it cannot be removed."""
    with exclusive(data_dir, name), staging(data_dir, name) as aside:
        (data_dir / name).rename(aside / name)


def open_stored(data_dir: Path, meta: Meta) -> ImageSet:
    """Open the set with its images memory-mapped, read-only. DataError if its files are damaged."""
    folder = data_dir / meta.name
    with suppress(OSError):
        os.utime(folder)  # when it was last opened: caches that nobody opens are removed
    try:
        train = _open_split(folder, "train", meta.train_size)
        test = _open_split(folder, "test", meta.test_size)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the stored set {meta.name!r} is damaged: delete {folder} and load it again"
        ) from error
    others = {f.name: getattr(meta, f.name) for f in fields(ImageSet) if f.name not in ("train", "test")}
    return ImageSet(train=train, test=test, **others)


def _open_split(folder: Path, name: str, size: int) -> Split:
    """ValueError unless the arrays are what meta.json says: they may have been cut or exchanged."""
    images, labels = (
        np.load(folder / f"{name}_{content}.npy", mmap_mode="r", allow_pickle=False)
        for content in ("images", "labels")
    )
    form = (images.dtype, images.shape, labels.dtype, labels.shape)
    if form != (np.uint8, (size, CHANNELS, SIZE, SIZE), np.int64, (size,)):
        raise ValueError(f"{name} has {form}, should have {size} images")
    return Split(images, labels)


@contextmanager
def exclusive(data_dir: Path, name: str, progress: Progress = silent) -> Iterator[None]:
    """One writer of `name` at a time, across processes; the others wait, and report it to `progress`.

    Removes what a killed writer left. DataError if `data_dir` cannot be written to.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data_dir / f".{name}.lock")
        try:
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            progress(f"Waiting for another process that writes {name}", 0, 1)
            lock.acquire()
    except OSError as error:
        raise DataError(
            f"cannot write to the data directory {data_dir}: {error.strerror or error}"
        ) from error
    try:
        for leftover in data_dir.glob(f".new+{name}+*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        # While it is still held: whoever waits on the removed file notices and starts over.
        with suppress(OSError):
            Path(lock.lock_file).unlink()
        lock.release()


@contextmanager
def staging(data_dir: Path, name: str) -> Iterator[Path]:
    """A hidden folder beside the sets, gone afterwards whatever happens. Inside `exclusive` only."""
    folder = data_dir / f".new+{name}+{secrets.token_hex(4)}"
    try:
        folder.mkdir()
        yield folder
    except OSError as error:
        raise DataError(
            f"cannot write the set {name!r} into {data_dir}: {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_set(data_dir: Path, name: str, raw: RawSet, source: str, hidden: bool = False) -> Meta:
    """Store `raw` under `name`, replacing what stood there. Inside `exclusive` only."""
    mean, std = channel_statistics(raw.train.images)
    meta = Meta(
        name=name, title=raw.title, classes=raw.classes, train_size=len(raw.train), test_size=len(raw.test),
        origin=raw.origin, synthetic=raw.synthetic, notes=raw.notes,
        fingerprint=fingerprint(raw.classes, raw.train, raw.test), present=True,
        mean=mean, std=std, source=source, hidden=hidden,
    )  # fmt: skip
    stored: dict[str, Any] = {"format": FORMAT, **vars(meta)}
    del stored["present"]
    target = data_dir / name
    with staging(data_dir, name) as folder:
        for split_name, split in (("train", raw.train), ("test", raw.test)):
            np.save(folder / f"{split_name}_images.npy", split.images, allow_pickle=False)
            np.save(folder / f"{split_name}_labels.npy", split.labels, allow_pickle=False)
        (folder / "meta.json").write_text(json.dumps(stored, indent=1), encoding="utf-8")
        aside = folder.with_name(f"{folder.name}-old")
        if target.exists():
            target.rename(aside)
        folder.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    return meta
