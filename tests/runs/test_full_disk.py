"""A disk that is full or can only be read: told in words, the last checkpoint kept, no end silent."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest
import tiny
import torch

from cifar7.data import library
from cifar7.disk import is_full, trouble, why_not
from cifar7.runs import claim as claim_module
from cifar7.runs import experiments, files, queue
from cifar7.runs.claim import FULL_NOTICE, Claim
from cifar7.runs.execute import execute
from cifar7.runs.folder import RunError, RunFolder, list_runs
from cifar7.runs.kept import saving
from cifar7.runs.kept.listing import Listed, listed
from cifar7.runs.kept.saving import save_tensors
from cifar7.training.events import EpochEnd, Event

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, where one may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> Path:
    """Take all the room there is."""
    filler = place / "filler"
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    assert os.statvfs(place).f_bavail == 0
    return filler


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "PATIENCE", 0.0)


def carry_out(claim: Claim, data: Path, **how: Any) -> RunFolder:
    torch.set_num_threads(1)
    execute(claim, lambda name, progress: library.open_set(name, progress, data), **how)
    return claim.run


def laid(runs_dir: Path, **settings: Any) -> RunFolder:
    return queue.enqueue(runs_dir, tiny.SPEC, tiny.config(**settings), "tiny")


def refused(do: Any) -> None:
    with pytest.raises(RunError, match="the disk is full; make room and try again"):
        do()


def test_what_a_full_disk_says_is_known_for_what_it_is() -> None:
    for error in (
        FULL,
        OSError(errno.EDQUOT, "quota"),
        OSError("1000 requested and 10 written"),  # numpy
        RuntimeError("[enforce fail at inline_container.cc:659] . unexpected pos 64 vs 0"),
        RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"),
    ):
        assert is_full(error), error
    for other in (OSError(errno.EACCES, "x"), RuntimeError("odd"), ValueError("unexpected pos")):
        assert not is_full(other)
    assert why_not(OSError(errno.EROFS, "x")) == "the disk can only be read; make it writable and try again"


def test_torch_s_own_words_come_with_their_number(small_disk: Path) -> None:
    path = small_disk / "checkpoint.pt"
    save_tensors(path, {"a": torch.ones(10)})
    before = path.read_bytes()
    with pytest.raises((RuntimeError, OSError)) as torch_s:
        torch.save({"a": torch.zeros(1_000_000)}, small_disk / "direct.pt")
    assert is_full(torch_s.value)
    (small_disk / "direct.pt").unlink()
    with pytest.raises(OSError) as ours:
        save_tensors(path, {"a": torch.zeros(1_000_000)})
    assert ours.value.errno == errno.ENOSPC
    assert path.read_bytes() == before  # the former one is whole, and nothing half-written is left
    assert [left.name for left in small_disk.iterdir()] == ["checkpoint.pt"]


def test_every_request_is_refused_in_words_and_reading_goes_on(small_disk: Path) -> None:
    runs = small_disk / "runs"
    waiting, other = laid(runs), laid(runs)
    claim = queue.claim_next(runs)
    assert claim is not None
    assert trouble(runs) == ""
    filler = fill(small_disk)
    assert trouble(runs) == "the disk is full; make room and try again"
    refused(lambda: laid(runs))
    refused(other.request_pause)
    refused(other.request_stop)
    refused(waiting.request_stop)
    arguments = (tiny.SPEC, tiny.SPEC, tiny.config(), "tiny", 2)
    refused(lambda: experiments.start(runs, "a toggle", *arguments))
    assert queue.claim_next(runs) is None  # it goes on waiting
    entries = listed(list_runs(runs))
    assert {one.status["state"] for one in entries if isinstance(one, Listed)} == {"queued", "running"}
    assert [path.name for path in runs.iterdir() if path.name.startswith(".")] == []
    claim.release()
    # Nobody executes it, which cannot be written down: whoever reads hears it all the same.
    assert waiting.reconcile()["state"] == "queued"
    assert waiting.status()["state"] == "running"
    filler.unlink()
    assert waiting.reconcile() == waiting.status()
    assert waiting.status()["state"] == "queued"
    assert laid(runs).status()["state"] == "queued"


def test_a_run_goes_on_while_the_disk_is_full_and_saves_when_there_is_room(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cifar7.runs import carry_out as carry_out_module

    monkeypatch.setattr(carry_out_module, "SAVING_SECONDS", 0.0)
    monkeypatch.setattr(claim_module, "BEAT_SECONDS", 0.0)
    tiny.make_set(tmp_path / "data")
    run = laid(small_disk / "runs", epochs=6)
    claim = queue.claim_next(small_disk / "runs")
    assert claim is not None
    saved: dict[int, int] = {}

    def listen(event: Event) -> None:
        if isinstance(event, EpochEnd):
            if event.epoch == 2:
                fill(small_disk)
            if event.epoch == 5:
                (small_disk / "filler").unlink()
            saved[event.epoch] = torch.load(run.path / "checkpoint.pt", weights_only=True)["epoch"]

    carry_out(claim, tmp_path / "data", listen=listen)
    # Filled after the second epoch was saved, and emptied after the fifth was tried.
    assert saved == {1: 1, 2: 2, 3: 2, 4: 2, 5: 2, 6: 6}
    status = run.status()
    assert (status["state"], status["notices"]) == ("finished", [FULL_NOTICE])
    assert [event.epoch for event in run.events()[0] if isinstance(event, EpochEnd)] == [1, 2, 3, 4, 5, 6]
    assert len(run.predictions()) == 30


def test_an_end_without_room_waits_for_it(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "RETRY_SECONDS", 0.02)
    tiny.make_set(tmp_path / "data")
    run = laid(small_disk / "runs", epochs=2)
    claim = queue.claim_next(small_disk / "runs")
    assert claim is not None
    full = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, EpochEnd) and event.epoch == 2:
            fill(small_disk)
            full.set()

    thread = threading.Thread(target=lambda: carry_out(claim, tmp_path / "data", listen=listen))
    thread.start()
    assert full.wait(60)
    time.sleep(0.3)
    assert run.reconcile()["state"] == "running"
    (small_disk / "filler").unlink()
    thread.join(60)
    assert run.status()["state"] == "finished"


@pytest.mark.usefixtures("impatient")
def test_a_run_that_the_disk_has_no_room_for_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing writer, so that this is tried on every machine."""
    tiny.make_set(tmp_path / "data")
    run = laid(tmp_path / "runs", epochs=1)
    claim = queue.claim_next(tmp_path / "runs")
    assert claim is not None

    def no_room(path: Path, content: Any) -> NoReturn:
        raise RuntimeError("[enforce fail at inline_container.cc:659] . unexpected pos 64 vs 0")

    from cifar7.runs import carry_out as carry_out_module

    monkeypatch.setattr(carry_out_module, "save_tensors", no_room)
    carry_out(claim, tmp_path / "data")
    status = run.status()
    assert status["state"] == "failed"
    assert status["reason"] == (
        "The disk is full; it had come to step 10, and nothing had been saved yet. "
        "Make room and start the run again."
    )


def test_half_a_line_of_the_record_is_taken_back(tmp_path: Path, small_disk: Path) -> None:
    path = small_disk / "events.jsonl"
    files.append_line(path, b"first\n")
    filler = fill(small_disk)
    os.truncate(filler, filler.stat().st_size - 4096)  # a page
    line = b"x" * 20_000 + b"\n"
    with pytest.raises(OSError) as error:
        files.append_line(path, line)
    assert error.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"first\n"


def test_a_disk_that_can_only_be_read_is_read(small_disk: Path) -> None:
    runs = small_disk / "runs"
    run, other = laid(runs), laid(runs)
    claim = queue.claim_next(runs)
    assert claim is not None
    claim.release()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert trouble(runs) == "the disk can only be read; make it writable and try again"
    assert {one.run for one in listed(list_runs(runs))} == {run, other}
    assert run.reconcile()["state"] == "running"
    assert other.spec() == tiny.SPEC
    for request in (lambda: laid(runs), other.request_stop, lambda: queue.ensure_worker(runs)):
        with pytest.raises(RunError, match="the disk can only be read"):
            request()
    assert queue.waiting(runs) == [other]
