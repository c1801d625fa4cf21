"""Little image files, and folders and archives of them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from cifar7.data.archives import archive_members
from cifar7.data.members import Limits

Files = dict[str, bytes]  # relative name -> content

RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (10, 20, 220)


def picture(colour: tuple[int, ...] = RED, size: tuple[int, int] = (32, 32), kind: str = "PNG") -> bytes:
    """An image file of one colour."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[len(colour)]
    return saved(Image.new(mode, size, colour), kind)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def two_classes(each: int = 2) -> Files:
    """`each` images of the classes blue and red for training, one of each to test."""
    files = {}
    for folder, colour in (("red", RED), ("blue", BLUE)):
        for number in range(each):
            files[f"train/{folder}/{number}.png"] = picture(colour)
        files[f"test/{folder}/0.png"] = picture(colour)
    return files


def write_folder(root: Path, files: Files) -> Path:
    """The files as files."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def write_archive(path: Path, files: Files) -> Path:
    """The files as an archive of the kind that the suffix of `path` says."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    mode = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz", ".bz2": "w:bz2"}[path.suffix]
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            add(tar, name, content)
    return path


def add(tar: tarfile.TarFile, name: str, content: bytes = b"", **header: object) -> None:
    """One member more, with these fields of its header."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in header.items():
        setattr(info, field, value)
    tar.addfile(info, io.BytesIO(content))


def colours(images: np.ndarray) -> list[tuple[int, ...]]:
    """The colour of each image (N, 3, 32, 32) of one colour."""
    assert (images == images[:, :, :1, :1]).all()
    return [tuple(image[:, 0, 0].tolist()) for image in images]


def read_all(path: Path, limits: Limits | None = None) -> Files:
    """Every file of an archive."""
    return {m.name: m.read() for m in archive_members(path, limits or Limits()) if not m.is_folder}
