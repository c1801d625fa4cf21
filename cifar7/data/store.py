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
from dataclasses import dataclass, replace
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

FORMAT = 1  # raised when the files of a set change their meaning; older folders then count as absent
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
PATIENCE = 0.5  # seconds to wait for another writer before reporting it
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Meta:
    """meta.json: what describes a set, and where its content came from.

    `source` names the content and recipe it was made from; `hidden` sets are caches of a path, not listed.
    """

    info: SetInfo
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    source: str
    hidden: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        info = {key: value for key, value in vars(self.info).items() if key != "present"}
        rest = {key: value for key, value in vars(self).items() if key != "info"}
        return {"format": FORMAT, **info, **rest}

    @staticmethod
    def from_dict(d: dict[str, Any]) -> "Meta":
        """What `to_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        info = SetInfo(
            name=d["name"], title=d["title"], classes=tuple(d["classes"]), train_size=d["train_size"],
            test_size=d["test_size"], origin=d["origin"], synthetic=d["synthetic"], notes=tuple(d["notes"]),
            fingerprint=d["fingerprint"], present=True,
        )  # fmt: skip
        return Meta(info, tuple(d["mean"]), tuple(d["std"]), d["source"], d["hidden"])


def check_name(name: str) -> None:
    """DataError unless `name` can name a set: it becomes a folder, and may come from a browser."""
    if not NAME.fullmatch(name):
        raise DataError(
            f"{name!r} cannot name a data set: use 1 to 64 small letters, digits, '-' or '_', "
            "beginning with a letter or digit"
        )


def read_meta(data_dir: Path, name: str) -> Meta | None:
    """What is stored under `name`; None if nothing is, or nothing that this version can read."""
    try:
        d = json.loads((data_dir / name / "meta.json").read_text(encoding="utf-8"))
        return Meta.from_dict(d) if d["format"] == FORMAT and d["name"] == name else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def list_metas(data_dir: Path) -> list[Meta]:
    """All stored sets by name, the hidden ones too."""
    if not data_dir.is_dir():
        return []
    names = sorted(entry.name for entry in data_dir.iterdir() if NAME.fullmatch(entry.name))
    return [meta for meta in (read_meta(data_dir, name) for name in names) if meta is not None]


def open_stored(data_dir: Path, meta: Meta) -> ImageSet:
    """Open the set with its images memory-mapped, read-only. DataError if its files are damaged."""
    info, folder = meta.info, data_dir / meta.info.name
    try:
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS]
        _check_arrays(arrays, info)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the stored set {info.name!r} is damaged: delete {folder} and load it again"
        ) from error
    train, test = Split(arrays[0], arrays[1]), Split(arrays[2], arrays[3])
    return ImageSet(
        name=info.name, title=info.title, classes=info.classes, train=train, test=test,
        fingerprint=info.fingerprint, origin=info.origin, synthetic=info.synthetic, notes=info.notes,
        mean=meta.mean, std=meta.std,
    )  # fmt: skip


def _check_arrays(arrays: list[np.ndarray], info: SetInfo) -> None:
    """ValueError unless the arrays are what meta.json says: they may have been cut or exchanged."""
    expected: list[tuple[tuple[int, ...], type]] = []
    for size in (info.train_size, info.test_size):
        expected += [((size, CHANNELS, SIZE, SIZE), np.uint8), ((size,), np.int64)]
    for array, (shape, dtype) in zip(arrays, expected, strict=True):
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(f"{array.dtype} {array.shape}, should be {dtype} {shape}")


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
    info = SetInfo(
        name=name, title=raw.title, classes=raw.classes, train_size=len(raw.train), test_size=len(raw.test),
        origin=raw.origin, synthetic=raw.synthetic, notes=raw.notes,
        fingerprint=fingerprint(raw.classes, raw.train, raw.test), present=True,
    )  # fmt: skip
    meta = Meta(info, (mean[0], mean[1], mean[2]), (std[0], std[1], std[2]), source, hidden)
    arrays: tuple[np.ndarray, ...] = (raw.train.images, raw.train.labels, raw.test.images, raw.test.labels)
    with staging(data_dir, name) as folder:
        for array_name, array in zip(ARRAYS, arrays, strict=True):
            np.save(folder / f"{array_name}.npy", array, allow_pickle=False)
        _write_meta(folder, meta)
        _publish(folder, data_dir / name)
    return meta


def _write_meta(folder: Path, meta: Meta) -> None:
    text = json.dumps(meta.to_dict(), indent=1)
    (folder / "meta.json").write_text(text, encoding="utf-8")


def _publish(folder: Path, target: Path) -> None:
    """Rename the finished folder to `target`; what stood there is set aside first, then removed."""
    if target.exists():
        aside = folder.with_name(f"{folder.name}-old")
        target.rename(aside)
        folder.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        folder.rename(target)


def copy_set(data_dir: Path, meta: Meta, name: str) -> Meta:
    """The stored set once more under another, listed name. The arrays never change, so links are enough."""
    copied = replace(meta, info=replace(meta.info, name=name), hidden=False)
    with staging(data_dir, name) as folder:
        for array_name in ARRAYS:
            _link_or_copy(data_dir / meta.info.name / f"{array_name}.npy", folder / f"{array_name}.npy")
        _write_meta(folder, copied)
        _publish(folder, data_dir / name)
    return copied


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
