"""The official CIFAR-10, from a server on this machine that serves a small archive of the same structure."""

from __future__ import annotations

import hashlib
import http.client
import pickle
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from data.fake_official import EACH, NAMES, Official, promise

from cifar7.data import library, official
from cifar7.data.imageset import DataError


@pytest.fixture(scope="module", autouse=True)
def _torchvision() -> None:
    """Seconds to load, of the one process that has this file and not of each that reads it."""
    global CIFAR10
    from torchvision.datasets import CIFAR10


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Official]:
    fake = Official()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{http.server_port}/{CIFAR10.filename}")
        promise(monkeypatch, fake.archive, fake.files)
        yield fake
        http.shutdown()
        thread.join()


def contents(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_it_is_downloaded_read_and_kept_in_our_form(server, tmp_path):
    reports: list[tuple[str, int, int]] = []
    info = library.fetch_cifar10(lambda *report: reports.append(report), tmp_path)
    assert (info.name, info.present, info.train_size, info.test_size) == ("cifar10", True, 5 * EACH, EACH)
    assert info.classes == tuple(NAMES)
    assert library.available(tmp_path)[0] == info
    images = library.open_set("cifar10", data_dir=tmp_path)
    data, labels = server.batches["data_batch_2"]
    assert images.train.labels[EACH : 2 * EACH].tolist() == labels
    # A row of the official file is 1024 red, 1024 green, 1024 blue values, each row after row.
    assert np.array_equal(images.train.images[EACH + 1, 2, 5], data[1, 2 * 1024 + 5 * 32 :][:32])
    assert np.array_equal(images.test.images.reshape(EACH, 3072), server.batches["test_batch"][0])
    size = len(server.archive)
    downloading = [(done, total) for what, done, total in reports if what == "Downloading CIFAR-10"]
    assert downloading[-1] == (size, size)
    assert [name for name in contents(tmp_path) if "/" not in name] == ["cifar10"]  # the download is gone
    assert not (tmp_path.parent / "escaped").exists()


def test_progress_is_told_block_by_block(server, tmp_path, monkeypatch):
    monkeypatch.setattr(official, "BLOCK", 1000)
    reports: list[int] = []
    library.fetch_cifar10(
        lambda what, done, total: reports.append(done) if what.startswith("Down") else None, tmp_path
    )
    assert reports == [*range(1000, len(server.archive), 1000), len(server.archive)]


def test_it_is_downloaded_once(server, tmp_path):
    first = library.fetch_cifar10(data_dir=tmp_path)
    assert library.fetch_cifar10(data_dir=tmp_path) == first
    assert server.requests == 1


def failed(data_dir: Path) -> str:
    """Fetch, which fails, leaves nothing and lets the other sets be; the message."""
    with pytest.raises(DataError) as refused:
        library.fetch_cifar10(data_dir=data_dir)
    assert contents(data_dir) == []
    assert [info.present for info in library.available(data_dir)] == [False, False]
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_broken_off_in_the_middle(server, tmp_path):
    server.sent = len(server.archive) // 2
    message = failed(tmp_path)
    assert "could not be downloaded" in message
    assert f"broken off after {server.sent:,} of {len(server.archive):,} bytes" in message


def test_a_python_that_notices_the_end_itself():
    class Response:
        def read(self, size: int) -> bytes:
            raise http.client.IncompleteRead(b"the last ones", 500)

    assert official._next_block(Response()) == b"the last ones"  # type: ignore[arg-type]


def test_after_a_failure_it_can_be_tried_again(server, tmp_path):
    server.sent = 1000
    failed(tmp_path)
    server.sent = None
    assert library.fetch_cifar10(data_dir=tmp_path).present


def test_another_file_than_expected(server, tmp_path):
    server.archive = b"<html>Please log in to the hotel's network</html>"
    message = failed(tmp_path)
    assert f"MD5 {hashlib.md5(server.archive).hexdigest()}, should be {CIFAR10.tgz_md5}" in message


def test_the_server_says_no(server, tmp_path):
    server.status = 503
    assert "the server answered 503 Service Unavailable" in failed(tmp_path)


def test_nobody_listens(tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{port}/x.tar.gz")
    message = failed(tmp_path)
    assert "no connection" in message
    assert "refused" in message
    assert "the other data sets still work" in message


def test_no_such_host(tmp_path, monkeypatch):
    monkeypatch.setattr(CIFAR10, "url", "http://nowhere.invalid/x.tar.gz")
    assert "no connection" in failed(tmp_path)


def test_a_server_that_falls_silent(server, tmp_path, monkeypatch):
    silence = threading.Event()

    def stall(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"x" * 10)
        silence.wait(10)

    monkeypatch.setattr(server, "answer", stall)
    monkeypatch.setattr(official, "TIMEOUT", 0.3)
    try:
        assert "nothing came for 0.3 seconds" in failed(tmp_path)
    finally:
        silence.set()


def test_an_archive_that_lacks_a_file(server, tmp_path, monkeypatch):
    server.archive = server.pack({name: data for name, data in server.files.items() if name != "test_batch"})
    promise(monkeypatch, server.archive, server.files)
    assert "is not what it should be" in failed(tmp_path)


def test_an_archive_with_a_wrong_file(server, tmp_path, monkeypatch):
    server.archive = server.pack({**server.files, "data_batch_3": pickle.dumps({"data": [], "labels": []})})
    promise(monkeypatch, server.archive, server.files)
    assert "is not what it should be" in failed(tmp_path)


def test_what_torchvision_knows_is_what_is_listed():
    """Before the download the classes come from here, without loading torchvision."""
    assert len(library.OFFICIAL_CLASSES) == 10
    assert tuple(NAMES) == library.OFFICIAL_CLASSES
    assert CIFAR10.tgz_md5 == "c58f30108f718f92721af3b95e74349a"
