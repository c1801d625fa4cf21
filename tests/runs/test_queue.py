"""Who is next, and that nobody is taken twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny

import cifar7
from cifar7.data.imageset import DataError
from cifar7.network.spec import SpecError
from cifar7.runs import queue
from cifar7.runs.files import try_lock
from cifar7.runs.folder import RunError, RunFolder
from cifar7.runs.queue import claim_next, enqueue, position, start_here, waiting

TAKE_ALL = """
import sys, time
from pathlib import Path
from cifar7.runs.queue import claim_next
taken = []
while (claim := claim_next(Path(sys.argv[1]))) is not None:
    taken.append(claim.run.id)
    time.sleep(0.01)
    claim.end("finished")
    claim.release()
print(*taken)
"""


def laid(runs_dir: Path, **settings: object) -> RunFolder:
    return enqueue(runs_dir, tiny.SPEC, tiny.config(**settings), "tiny")


def test_the_longest_waiting_run_is_next(tmp_path: Path) -> None:
    runs = [laid(tmp_path) for _ in range(4)]  # within one second: their ids do not tell the order
    assert waiting(tmp_path) == runs
    assert [position(run) for run in runs] == [1, 2, 3, 4]
    runs[1].request_stop()
    claim = claim_next(tmp_path)
    assert claim is not None
    assert claim.run == runs[0]
    assert [position(run) for run in runs] == [None, None, 1, 2]
    assert [run.id for run in queue.running(tmp_path)] == [runs[0].id]
    claim.end("finished")
    claim.release()
    following = claim_next(tmp_path)
    assert following is not None
    assert following.run == runs[2]
    following.release()
    assert queue.reconcile(tmp_path) == [runs[2]]  # let go of without an end


def test_a_worker_takes_what_suits_its_device(tmp_path: Path) -> None:
    wants_cuda, does_not_mind = laid(tmp_path, device="cuda"), laid(tmp_path, device="auto")
    claim = claim_next(tmp_path, "cpu")
    assert claim is not None
    assert claim.run == does_not_mind
    claim.release()
    assert claim_next(tmp_path, "cpu") is None
    claim = claim_next(tmp_path, "auto")
    assert claim is not None
    assert claim.run == wants_cuda
    claim.release()


def test_a_run_of_the_command_line_is_not_up_for_taking(tmp_path: Path) -> None:
    claim = start_here(tmp_path / "new", tiny.SPEC, tiny.config(), "tiny")
    assert claim.run.status()["state"] == "running"
    assert claim_next(tmp_path / "new") is None
    claim.release()


def test_several_takers_share_the_queue_without_taking_a_run_twice(tmp_path: Path) -> None:
    runs = [laid(tmp_path) for _ in range(12)]
    environment = {**os.environ, "PYTHONPATH": str(Path(cifar7.__file__).parent.parent)}
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE_ALL, str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    taken = [run_id for taker in takers for run_id in taker.communicate()[0].split()]
    assert [taker.returncode for taker in takers] == [0, 0, 0]
    assert sorted(taken) == sorted(run.id for run in runs)
    assert {run.status()["state"] for run in runs} == {"finished"}


def test_what_cannot_run_is_not_queued(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot name a data set"):
        enqueue(tmp_path, tiny.SPEC, tiny.config(), "../../etc")
    with pytest.raises(SpecError):
        enqueue(tmp_path, tiny.SPEC.with_classes(10**6), tiny.config(), "tiny")
    assert waiting(tmp_path) == []


def test_the_queue_is_bounded(tmp_path: Path, limit: Callable[..., None]) -> None:
    limit(waiting_all=2)
    first, _ = laid(tmp_path), laid(tmp_path)
    with pytest.raises(RunError, match="2 runs wait or are paused here, and 2 are the limit"):
        laid(tmp_path)
    first.request_stop()
    laid(tmp_path)


def test_a_damaged_run_does_not_hold_up_the_others(tmp_path: Path) -> None:
    damaged, whole = laid(tmp_path), laid(tmp_path)
    (damaged.path / "status.json").write_text("not JSON")
    assert waiting(tmp_path) == [whole]


def test_no_second_worker_beside_a_living_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def start(arguments: list[str], environment: dict[str, str], log: Path) -> int:
        started.append(arguments)
        assert environment["OMP_WAIT_POLICY"] == "ACTIVE"  # what is set already, wins
        return 1

    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")

    monkeypatch.setattr(queue.children, "start", start)
    assert queue.ensure_worker(tmp_path) is None  # nothing waits
    laid(tmp_path)
    lock = try_lock(queue.worker_lock(tmp_path, "auto"))
    assert lock is not None
    assert queue.ensure_worker(tmp_path) is None  # one lives
    lock.release()
    assert queue.ensure_worker(tmp_path, "auto", data_dir=tmp_path / "data") == 1
    assert started[0][1:5] == ["-m", "cifar7.runs.worker", str(tmp_path), "--device"]
    assert started[0][-2:] == ["--data-dir", str(tmp_path / "data")]
    with pytest.raises(RunError, match="choose auto, cpu, cuda, mps"):
        queue.ensure_worker(tmp_path, "../x")


def test_a_queued_run_that_somebody_holds_is_passed_over(tmp_path: Path) -> None:
    held, free = laid(tmp_path), laid(tmp_path)
    lock = try_lock(held.path / "run.lock")
    assert lock is not None
    claim = claim_next(tmp_path)
    assert claim is not None
    assert claim.run == free
    claim.release()
    lock.release()
