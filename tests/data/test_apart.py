"""A picture from a browser is decoded in another process: one at a time, bounded in memory and time."""

from __future__ import annotations

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pictures import GREEN, RED, picture, saved
from PIL import Image

from cifar7.data import apart
from cifar7.data.apart import decode_apart
from cifar7.data.decode import decode
from cifar7.data.imageset import DataError

LARGE = saved(Image.new("RGB", (2500, 2500), RED))  # 18.75 MB of pixels


@pytest.mark.parametrize("data", [picture(GREEN), picture((9, 8, 7, 99), (40, 20))], ids=len)
def test_it_is_what_decoding_here_gives(data):
    here, there = decode(data, "x"), decode_apart(data, "x")
    assert np.array_equal(here.pixels, there.pixels)
    assert here.pixels.dtype == there.pixels.dtype
    assert (here.size, here.see_through, here.animated) == (there.size, there.see_through, there.animated)


def test_its_errors_are_said_here():
    with pytest.raises(DataError, match=r"^a\"b\n\.png cannot be read as an image \(not an image\)"):
        decode_apart(b"\n{}\n", 'a"b\n.png')


def test_six_large_pictures_at_once_take_no_memory_here_and_one_process_there(monkeypatch):
    running, most = [], []
    run = subprocess.run

    def watched(*arguments, **options):
        running.append(1)
        most.append(len(running))
        try:
            return run(*arguments, **options)
        finally:
            running.pop()

    monkeypatch.setattr(apart.subprocess, "run", watched)
    Path("/proc/self/clear_refs").write_text("5")  # the most that was held, from here on
    before = held()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: refused_or_size(LARGE), range(6)))
    assert answers == [(2500, 2500)] * 6
    assert max(most) == 1
    assert held() - before < 12 * 2**20


def refused_or_size(data: bytes) -> object:
    try:
        return decode_apart(data, "x").size
    except DataError as error:
        return error


def held() -> int:
    """Bytes of memory that this process had at most."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def test_more_memory_than_allowed_is_refused_in_words():
    with pytest.raises(DataError, match=r"^large\.png (cannot be read .*too much memory|takes too much)"):
        decode_apart(LARGE, "large.png", memory=8 * 2**20)


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch):
    begun = []
    monkeypatch.setattr(
        apart.subprocess, "run", lambda *a, **o: begun.append(o["timeout"]) or give_up(o["timeout"])
    )
    with pytest.raises(DataError, match=r"^slow\.png takes too much time or memory"):
        decode_apart(picture(), "slow.png", seconds=3)
    assert begun == [9.0]  # by the clock; 3 s of CPU time end it in the process itself


def give_up(timeout: float) -> None:
    raise subprocess.TimeoutExpired("decode", timeout)


def test_the_clock_ends_the_process():
    begun = time.monotonic()
    with pytest.raises(DataError, match="too much time"):
        decode_apart(LARGE, "slow.png", seconds=0.0005)
    assert time.monotonic() - begun < 5
    assert decode_apart(picture(), "x").size == (32, 32)  # the next one has its turn


def test_waiting_for_others_has_an_end(monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE", 0.01)
    holder = threading.Lock()
    monkeypatch.setattr(apart, "_ONE", holder)
    with holder, pytest.raises(DataError, match=r"^x\.png waited .* others bring pictures too: try it again"):
        decode_apart(picture(), "x.png")
    assert decode_apart(picture(), "x").size == (32, 32)
