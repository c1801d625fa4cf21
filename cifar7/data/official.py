"""The official CIFAR-10: address, checksums and reader are torchvision's, the download is ours.

pooch was considered: it cannot resume a download either, brings requests along, and its errors (a status,
silence, a connection that broke off) would have to be caught and said anew, for as many lines as stand here.
"""

import hashlib
import http.client
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np

from cifar7.data.imageset import DataError, Labels, Progress, RawSet, Split

TIMEOUT = 30  # seconds without a byte
BLOCK = 1 << 18  # bytes between two calls of progress
OTHERS = "the other data sets still work"


def fetch(scratch: Path, progress: Progress) -> RawSet:
    """Download, check, read. `scratch`: an empty folder to work in, which the caller removes.

    DataError: no connection, broken off, another file than expected.
    """
    from torchvision.datasets import CIFAR10  # seconds to load, and only needed here

    archive = scratch / CIFAR10.filename
    download(CIFAR10.url, archive, CIFAR10.tgz_md5, progress)
    progress("Unpacking CIFAR-10", 0, 3)
    try:
        _unpack(archive, scratch)
    except (tarfile.TarError, EOFError, KeyError) as error:
        raise DataError(f"the CIFAR-10 archive is not what it should be: {error}") from error
    archive.unlink()
    return read(scratch, progress)


def file_names() -> list[str]:
    """The files of the folder `cifar-10-batches-py` that are read."""
    from torchvision.datasets import CIFAR10

    return [name for name, _ in (*CIFAR10.train_list, *CIFAR10.test_list)] + [CIFAR10.meta["filename"]]


def read(scratch: Path, progress: Progress) -> RawSet:
    """The set from `scratch`/cifar-10-batches-py, which nobody else writes to.

    DataError for a file with another checksum than the published one, before any is unpickled.
    """
    from torchvision.datasets import CIFAR10

    splits = []
    try:
        for number, train in enumerate((True, False), start=1):
            progress("Reading CIFAR-10", number, 3)
            part = CIFAR10(str(scratch), train=train, download=False)
            labels: Labels = np.array(part.targets, dtype=np.int64)
            splits.append(Split(np.ascontiguousarray(part.data.transpose(0, 3, 1, 2)), labels))
    except RuntimeError as error:  # a file's checksum
        raise DataError(f"the CIFAR-10 archive is not what it should be: {error}") from error
    progress("Reading CIFAR-10", 3, 3)
    return RawSet(
        "CIFAR-10", tuple(part.classes), splits[0], splits[1], CIFAR10.url, False, ("The official set.",)
    )


def download(url: str, target: Path, md5: str, progress: Progress) -> None:
    """Write the file at `url` into `target`, counted and hashed on the way.

    DataError: not reached, broken off, another checksum than `md5`; `target` is then removed.
    """
    try:
        digest = _stream(url, target, progress)
    except (OSError, http.client.HTTPException, ValueError) as error:
        target.unlink(missing_ok=True)
        raise DataError(f"CIFAR-10 could not be downloaded from {url}: {_reason(error)}; {OTHERS}") from error
    if digest != md5:
        target.unlink()
        raise DataError(
            f"the download from {url} is not CIFAR-10 (MD5 {digest}, should be {md5}): "
            f"something between here and there changed it; {OTHERS}"
        )


def _stream(url: str, target: Path, progress: Progress) -> str:
    """Download in blocks; the MD5 of the bytes received."""
    digest = hashlib.md5(usedforsecurity=False)
    done = 0
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response, target.open("wb") as file:
        total = int(response.headers.get("Content-Length") or 0)
        while block := _next_block(response):
            digest.update(block)
            file.write(block)
            done += len(block)
            progress("Downloading CIFAR-10", done, max(total, done))
    if done < total:
        raise ConnectionError(f"broken off after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _next_block(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(BLOCK)
    except http.client.IncompleteRead as error:  # newer Pythons say so themselves
        return error.partial


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection ({error.reason})"
    if isinstance(error, TimeoutError):
        return f"nothing came for {TIMEOUT} seconds"
    return str(error) or type(error).__name__


def _unpack(archive: Path, folder: Path) -> None:
    """Only the files that the reader needs, by their names."""
    from torchvision.datasets import CIFAR10

    with tarfile.open(archive, "r:gz") as tar:
        members = [tar.getmember(f"{CIFAR10.base_folder}/{name}") for name in file_names()]
        tar.extractall(folder, members, filter="data")
