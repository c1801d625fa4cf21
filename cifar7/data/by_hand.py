"""The official CIFAR-10 that somebody brings on a stick: `cifar-10-python.tar.gz`, or its unpacked folder.

Its files are pickles, which may do anything when they are read. So they are copied to where nobody else
writes, and read only where each has the checksum that was published.
"""

import hashlib
import os
from pathlib import Path

from cifar7.data import official
from cifar7.data.archives import archive_members, is_archive
from cifar7.data.imageset import DataError, Progress, RawSet
from cifar7.data.members import LIMITS

ARCHIVE, FOLDER = "cifar-10-python.tar.gz", "cifar-10-batches-py"
UNPACKED = "cifar-10-python.tar"  # as some browsers leave it
BLOCK = 1 << 20  # bytes hashed at once
PEEK = 20  # members of an archive that are looked at

# What else is published beside it, by a file of each.
OTHERS = {
    "data_batch_1.bin": "the binary version of CIFAR-10",
    "fine_label_names.txt": "the binary version of CIFAR-100",
    "data_batch_1.mat": "the Matlab version of CIFAR-10",
}
OTHER_FOLDERS = {
    "cifar-100-python": "CIFAR-100",
    "cifar-10-batches-bin": "the binary version of CIFAR-10",
    "cifar-100-binary": "the binary version of CIFAR-100",
    "cifar-10-batches-mat": "the Matlab version of CIFAR-10",
    "cifar-100-matlab": "the Matlab version of CIFAR-100",
}


def is_official(path: Path) -> bool:
    """Whether `path` has the names of the official set; what is in it is checked by `take`.

    DataError, by name, for CIFAR-100 and for the versions that are not Python's.
    """
    try:
        names = _names(path)
    except OSError:
        return False  # whoever reads it says why
    folders = {name.split("/")[0] for name in names if "/" in name} | (
        {path.name} if path.is_dir() else set()
    )
    files = {name.rsplit("/", 1)[-1] for name in names}
    if "data_batch_1" in files or any(name.startswith(f"{FOLDER}/") for name in names):
        return True
    by_folder = [what for name, what in OTHER_FOLDERS.items() if name in folders]
    by_file = [what for name, what in OTHERS.items() if name in files]
    hundred = ["CIFAR-100"] if {"train", "test", "meta"} <= files else []
    if others := [*by_folder, *by_file, *hundred]:
        raise DataError(
            f"{path.name} is {others[0]}, which cifar7 does not read: give {ARCHIVE}, or class folders"
        )
    return False


def _names(path: Path) -> list[str]:
    """Names of files: of an archive the first, of a folder those in it and in the folders called so."""
    if path.is_dir():
        names = [entry.name for entry in os.scandir(path) if entry.is_file()]
        for name in (FOLDER, *OTHER_FOLDERS):
            if (path / name).is_dir():
                names += [f"{name}/{entry.name}" for entry in os.scandir(path / name) if entry.is_file()]
        return names
    if not path.is_file() or not is_archive(path):
        return []
    names = []
    try:
        for member in archive_members(path):
            names.append(member.name + "/" * member.is_folder)
            if len(names) == PEEK or member.name.split("/")[0] in (FOLDER, *OTHER_FOLDERS):
                break
    except DataError:  # of a damaged one, what there is: it is refused when it is read
        pass
    return names


def in_folder(data_dir: Path) -> Path | None:
    """What lies in the data directory to be taken instead of a download."""
    places = (data_dir / name for name in (ARCHIVE, UNPACKED, FOLDER))
    return next((place for place in places if place.exists()), None)


def take(path: Path, scratch: Path, progress: Progress) -> RawSet:
    """Check and read. `scratch`: an empty folder to work in, which the caller removes.

    DataError: a file is missing, or is not the published one.
    """
    from torchvision.datasets import CIFAR10  # seconds to load, and only needed here

    target = scratch / CIFAR10.base_folder
    target.mkdir()
    try:
        if path.is_dir():
            inner = path / FOLDER
            _copy(inner if inner.is_dir() else path, target, progress)
        else:
            _check_archive(path, CIFAR10.tgz_md5, progress)
            _unpack(path, target, progress)
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror or error}") from error
    _check_files(path.name, target)
    return official.read(scratch, progress)


def _check_archive(path: Path, md5: str, progress: Progress) -> None:
    """That a compressed archive is the published one; of any other kind its files tell."""
    digest, done, total = hashlib.md5(usedforsecurity=False), 0, max(path.stat().st_size, 1)
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return
        file.seek(0)
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            progress("Checking CIFAR-10", done, max(done, total))
    if digest.hexdigest() != md5:
        raise _changed(path.name, digest.hexdigest(), md5)


def _unpack(path: Path, target: Path, progress: Progress) -> None:
    wanted = set(official.file_names())
    for member in archive_members(path):
        name = member.name.rsplit("/", 1)[-1]
        if name in wanted and not member.is_folder:
            (target / name).write_bytes(member.read())
            progress("Unpacking CIFAR-10", member.done, member.total)


def _copy(folder: Path, target: Path, progress: Progress) -> None:
    names = official.file_names()
    for done, name in enumerate(names, start=1):
        if (folder / name).is_file():  # no pipe
            LIMITS.check_member((folder / name).stat().st_size, name, folder.name)
            (target / name).write_bytes((folder / name).read_bytes())
        progress("Checking CIFAR-10", done, len(names))


def _check_files(source: str, folder: Path) -> None:
    from torchvision.datasets import CIFAR10

    published = [*CIFAR10.train_list, *CIFAR10.test_list, [CIFAR10.meta["filename"], CIFAR10.meta["md5"]]]
    for name, md5 in published:
        if not (folder / name).is_file():
            raise DataError(
                f"{source} lacks the file {name} of the official CIFAR-10: fetch or copy it again"
            )
        digest = hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()
        if digest != md5:
            raise _changed(f"{name} in {source}", digest, md5)


def _changed(name: str, found: str, md5: str) -> DataError:
    return DataError(
        f"{name} is not that of the official CIFAR-10 (MD5 {found}, should be {md5}): cut off or changed on "
        "the way; fetch or copy it again"
    )
