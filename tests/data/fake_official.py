"""An archive of the structure of the official CIFAR-10, of four images a file, and its checksums."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
from pictures import add

EACH = 4  # images a batch file
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


class Official:
    """The fake archive, its server, and how the server misbehaves."""

    def __init__(self) -> None:
        dice = np.random.default_rng(0)
        self.batches = {
            name: (dice.integers(0, 256, (EACH, 3072), dtype=np.uint8), dice.integers(0, 10, EACH).tolist())
            for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
        }
        self.files = {
            name: pickle.dumps({"data": data, "labels": labels})
            for name, (data, labels) in self.batches.items()
        }
        self.files["batches.meta"] = pickle.dumps({"label_names": NAMES})
        self.archive = self.pack(self.files)
        self.status = 200
        self.sent: int | None = None  # bytes after which the server hangs up
        self.requests = 0

    @staticmethod
    def pack(files: dict[str, bytes], more: tuple[str, ...] = ("../escaped",)) -> bytes:
        """The archive, with `more` in it that is never looked at."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name in more:
                add(tar, name, b"x")
            for name, content in files.items():
                add(tar, f"cifar-10-batches-py/{name}", content)
        return buffer.getvalue()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        request.send_response(self.status)
        request.send_header("Content-Length", str(len(self.archive)))
        request.end_headers()
        request.wfile.write(self.archive[: self.sent])


def promise(monkeypatch: pytest.MonkeyPatch, archive: bytes, files: dict[str, bytes]) -> None:
    """Have torchvision expect these checksums."""
    from torchvision.datasets import CIFAR10  # seconds to load, and not in every process of the tests

    def md5(data: bytes) -> str:
        return hashlib.md5(data).hexdigest()

    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive))
    monkeypatch.setattr(
        CIFAR10, "train_list", [[f"data_batch_{i}", md5(files[f"data_batch_{i}"])] for i in range(1, 6)]
    )
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5(files["test_batch"])]])
    meta = {"filename": "batches.meta", "key": "label_names", "md5": md5(files["batches.meta"])}
    monkeypatch.setattr(CIFAR10, "meta", meta)
