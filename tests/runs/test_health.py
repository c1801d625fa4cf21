"""How a server is: figures that can be told in advance."""

import os
from pathlib import Path

import tiny
from filelock import FileLock

from cifar7.runs.health import LAST_LINES, health
from cifar7.runs.queue import claim_next, enqueue
from cifar7.runs.workers.served import worker_pids


def test_an_empty_server_has_nothing_and_fails_at_nothing(tmp_path):
    state = health(tmp_path / "not-there")
    assert (state.workers, state.running, state.waiting, state.runs) == ((), (), (), 0)


def test_workers_runs_and_memory_are_told(tmp_path):
    runs = [enqueue(tmp_path, tiny.SPEC, tiny.config(), "tiny") for _ in range(3)]
    claim = claim_next(tmp_path)
    assert claim is not None
    workers = tmp_path / "workers"
    workers.mkdir()
    (workers / "cpu.lock").touch()
    (workers / "auto.pid").write_text(f"{os.getpid()}\n")
    (workers / "auto.log").write_bytes(b"\xff\x1b[2Jfirst\n" + b"".join(b"%d\n" % n for n in range(100)))
    with FileLock(workers / "auto.lock", is_singleton=False):
        state = health(tmp_path)
    claim.release()
    busy, gone = state.workers
    assert (busy.device, busy.alive, busy.pid) == ("auto", True, os.getpid())
    assert busy.log == tuple(str(n) for n in range(100 - LAST_LINES, 100))
    assert (gone.device, gone.alive, gone.pid, gone.log) == ("cpu", False, None, ())
    assert state.running == (runs[0],)
    assert state.waiting == tuple(runs[1:])
    assert state.runs == 3
    if Path("/proc/meminfo").exists():
        assert abs(busy.memory - state.memory_page) < 50e6  # this process, twice, a moment apart
        assert 10e6 < state.memory_page < 64e9
        assert state.memory_free > 0
    assert state.disk_free > 0


def test_a_log_is_shown_as_text_alone(tmp_path):
    workers = tmp_path / "workers"
    workers.mkdir()
    (workers / "auto.lock").touch()
    (workers / "auto.log").write_bytes(b"\xffone\x1b[2J\x00 two\n")
    assert health(tmp_path).workers[0].log == ("\N{REPLACEMENT CHARACTER}one[2J two",)


def test_pipes_in_the_place_of_a_workers_files_hold_nobody_up(tmp_path: Path) -> None:
    """Whoever opened one to read would wait for a writer, for ever."""
    folder = tmp_path / "workers"
    folder.mkdir()
    (folder / "auto.lock").touch()
    os.mkfifo(folder / "auto.pid")
    os.mkfifo(folder / "auto.log")
    with FileLock(folder / "auto.lock", is_singleton=False):
        (worker,) = health(tmp_path).workers
    assert (worker.pid, worker.log) == (None, ())
    assert worker_pids(tmp_path) == []
