"""The download of CIFAR-10 from the page."""

from __future__ import annotations

import sys

import tiny

from cifar7.data import library
from cifar7.ui.train import download

FAILING = """
import sys, time
print("Downloading: 7 %", file=sys.stderr, flush=True)
time.sleep(0.5)
sys.exit("cifar7: no answer from the server; try again later")
"""
SUCCEEDING = "print('cifar10: CIFAR-10, 10 classes, 50,000 images to train on and 10,000 to test')"


def test_a_set_that_is_not_here_is_offered_for_download(pages, monkeypatch):
    app = pages.open("train")
    app.radio(key="train_data").set_value(library.OFFICIAL).run()
    assert app.button(key="train_start").disabled
    # In the place of the command line: one that gets nowhere, as without a network.
    monkeypatch.setattr(download, "command", lambda: [sys.executable, "-c", FAILING])
    app.button(key="train_download").click().run()
    tiny.wait_for(lambda: download.look().state == "failed", what="the failure")
    app.run()
    assert "no answer from the server" in app.error[0].value
    assert app.button(key="train_download").label == "Try again"
    app.radio(key="train_data").set_value("tiny").run()
    assert not app.button(key="train_start").disabled, "the other sets still work"


def test_a_download_is_one_for_all_and_says_how_far_it_is(home, monkeypatch):
    monkeypatch.setattr(download, "command", lambda: [sys.executable, "-c", FAILING])
    assert download.look().state == "none"
    download.start()
    tiny.wait_for(lambda: download.look().share > 0, what="the first percent")
    assert download.look() == download.Download("running", "Downloading", 0.07)
    pid = (home / "download.pid").read_text()
    download.start()
    assert (home / "download.pid").read_text() == pid, "a second click starts no second download"


def test_a_download_that_worked_is_not_taken_for_a_failure(home, monkeypatch):
    monkeypatch.setattr(download, "command", lambda: [sys.executable, "-c", SUCCEEDING])
    download.start()
    tiny.wait_for(lambda: download.look().state != "running", what="the end")
    assert download.look().state == "done"


def test_what_lies_in_the_data_folder_is_read_instead(pages, home):
    (home / "data" / "cifar-10-python.tar.gz").write_bytes(b"")
    app = pages.open("train")
    app.radio(key="train_data").set_value(library.OFFICIAL).run()
    assert app.button(key="train_download").label == "Read CIFAR-10 from the data folder"
    assert any("lies in this server's data folder" in caption.value for caption in app.caption)
