"""An image set as class folders of PNG: what the written train.py reads, and anything else does."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from cifar7.data.imageset import ImageSet, Progress, Split, silent
from cifar7.export.errors import ExportError

_REPORT_EVERY = 250  # images


def write_class_folders(images: ImageSet, out: Path, progress: Progress = silent) -> None:
    """Write `out`/train/<class>/<number>.png and `out`/test/…, numbered in the order of the set.

    `out` appears when it is complete. Raises ExportError where it is there already and not empty, where it
    cannot be written, and for class names that cannot be folders.
    """
    _check_names(images.classes)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out} is there already; name a folder that is not, or an empty one.")
    half = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        half.mkdir()
        _write_split(images, images.train, half / "train", 0, progress)
        _write_split(images, images.test, half / "test", len(images.train), progress)
        if out.exists():
            out.rmdir()  # only if it is still empty
        half.rename(out)
    except OSError as error:
        raise ExportError(f"{out} cannot be written ({error.strerror}); choose another place.") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _check_names(classes: tuple[str, ...]) -> None:
    for name in classes:
        if name in ("", ".", "..") or name.startswith(".") or set(name) & set("/\\\0"):
            raise ExportError(f"the class name {name!r:.60} cannot be a folder's; rename the class.")
    if len({name.casefold() for name in classes}) < len(classes):
        raise ExportError("two classes differ in small and capital letters alone; rename one of them.")


def _write_split(images: ImageSet, split: Split, folder: Path, done: int, progress: Progress) -> None:
    total = len(images.train) + len(images.test)
    digits = len(str(np.bincount(split.labels, minlength=1).max()))
    written = [0] * len(images.classes)
    for name in images.classes:
        (folder / name).mkdir(parents=True)
    for pixels, label in zip(split.images, split.labels.tolist()):
        written[label] += 1
        path = folder / images.classes[label] / f"{written[label]:0{digits}}.png"
        Image.fromarray(np.ascontiguousarray(np.moveaxis(pixels, 0, -1))).save(path)  # (32, 32, 3)
        done += 1
        if done % _REPORT_EVERY == 0 or done == total:
            progress("Writing images", done, total)
