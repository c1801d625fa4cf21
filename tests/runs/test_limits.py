"""Limits: where they come from, and that what goes beyond one is refused, also when many start at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tiny

from cifar7.network.arithmetic import analyse
from cifar7.runs import experiments, queue
from cifar7.runs.carry_out import Control
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.limits import CLASS, LimitError, Limits, disk_bytes
from cifar7.runs.people import COMMAND_LINE, Person
from cifar7.runs.queue import claim_next, enqueue, line

ADA, BOB, TEACHER = Person("ada", "Ada"), Person("bob"), Person("ms", teacher=True)
Limit = Callable[..., None]


def lay(runs: Path, by: Person, kind: str = "training", **settings: object) -> RunFolder:
    return enqueue(runs, tiny.SPEC, tiny.config(**settings), "tiny", kind, by)  # type: ignore[arg-type]


def test_without_a_file_they_are_those_of_one_s_own_machine(empty_home: Path) -> None:
    assert Limits.load() == Limits()
    (empty_home / "limits.json").write_text('{"epochs": 7}')
    assert Limits.load() == Limits(epochs=7)
    assert Limits.of_class().to_dict() == {**Limits().to_dict(), **CLASS}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "holds no JSON object; mend or remove it"),
        ("[1]", "holds no JSON object"),
        ("[" * 100_000, "holds no JSON object"),
        ('{"epoch": 3}', "in the file of limits, there is no limit 'epoch'; there are waiting, waiting_all"),
        ('{"epochs": 0}', "in the file of limits, epochs is 0; it takes a whole number from 1 to 1000"),
        ('{"minutes": NaN}', "minutes is nan; it takes a number from 0"),
        ('{"waiting": "many"}', "waiting is 'many'"),
    ],
)
def test_a_file_that_is_wrong_stops_starts_and_says_so(
    empty_home: Path, tmp_path: Path, content: str, message: str
) -> None:
    (empty_home / "limits.json").write_text(content)
    with pytest.raises(LimitError, match=message):
        lay(tmp_path / "runs", ADA)


def test_a_file_that_is_named_and_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIFAR7_LIMITS", str(tmp_path / "absent.json"))
    with pytest.raises(LimitError, match=r"absent\.json is not there; make it, or name another"):
        Limits.load()


def test_runs_waiting_a_person_the_paused_ones_included(tmp_path: Path, limit: Limit) -> None:
    limit(waiting=2)
    first, second = lay(tmp_path, ADA), lay(tmp_path, ADA)
    first.request_pause(ADA)
    with pytest.raises(LimitError, match="2 of your runs wait or are paused, and 2 are the limit for one"):
        lay(tmp_path, ADA)
    lay(tmp_path, BOB), lay(tmp_path, BOB)
    for _ in range(3):
        lay(tmp_path, TEACHER), lay(tmp_path, COMMAND_LINE)
    first.request_resume(by=ADA)  # it waits already
    second.request_stop(ADA)
    lay(tmp_path, ADA)
    second.path.joinpath("checkpoint.pt").touch()
    with pytest.raises(LimitError, match="2 of your runs wait"):
        second.request_resume(by=ADA)
    assert second.status()["state"] == "stopped"


def test_an_experiment_is_queued_whole_or_not_at_all(tmp_path: Path, limit: Limit) -> None:
    limit(waiting=5)
    with pytest.raises(LimitError, match="0 of your runs wait or are paused, and 5 are the limit"):
        experiments.start(tmp_path, "x", tiny.SPEC, tiny.SPEC, tiny.config(), "tiny", 3, ADA)
    assert list_runs(tmp_path) == []
    experiments.start(tmp_path, "x", tiny.SPEC, tiny.SPEC, tiny.config(), "tiny", 2, ADA)
    assert len(line(tmp_path)) == 4


def test_simultaneous_starts_do_not_pass_the_limit(
    tmp_path: Path, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(waiting=3, waiting_all=5)
    read = queue.read_statuses

    def read_and_let_others_go_on(runs_dir: Path) -> object:
        found = read(runs_dir)
        time.sleep(0.002)
        return found

    monkeypatch.setattr(queue, "read_statuses", read_and_let_others_go_on)

    def start(by: Person) -> bool:
        try:
            lay(tmp_path, by)
        except LimitError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        started = list(pool.map(start, 8 * [ADA, BOB]))
    assert started.count(True) == 5
    waiting = [run.status()["by"] for run in line(tmp_path)]
    assert sorted((waiting.count("ada"), waiting.count("bob"))) == [2, 3]


def test_learning_rate_tests_of_one_person(tmp_path: Path) -> None:
    lay(tmp_path, ADA, "lr-test"), lay(tmp_path, ADA, "lr-test")
    with pytest.raises(LimitError, match="2 of your tests of a learning rate are waiting already"):
        lay(tmp_path, ADA, "lr-test")
    lay(tmp_path, BOB, "lr-test")


def test_epochs_and_parameters(tmp_path: Path, limit: Limit) -> None:
    limit(epochs=3)
    with pytest.raises(LimitError, match="would have 4 epochs, and 3 are the limit here"):
        lay(tmp_path, ADA, epochs=4)
    lay(tmp_path, ADA, "lr-test", epochs=4)  # which does not read the epochs
    lay(tmp_path, TEACHER, epochs=4)
    run = lay(tmp_path, ADA, epochs=3)
    run.request_pause(ADA)
    with pytest.raises(LimitError, match="would have 4 epochs"):
        run.request_resume(1, ADA)
    assert (run.status()["state"], run.config().epochs) == ("paused", 3)
    limit(parameters=1000)
    big = tiny.SPEC.with_classes(300)
    parameters = analyse(big).parameters
    assert parameters > 1000
    with pytest.raises(LimitError, match=f"has {parameters:,} parameters, and 1,000 are the limit"):
        enqueue(tmp_path, big, tiny.config(), "tiny", by=ADA)
    enqueue(tmp_path, big, tiny.config(), "tiny", by=TEACHER)


def test_a_folder_of_runs_that_is_full(tmp_path: Path, limit: Limit) -> None:
    runs = tmp_path / "runs"
    run = lay(runs, ADA)
    limit(disk_gb=0.000_1)  # 100 kB
    lay(runs, ADA)
    (run.path / "model.pt").write_bytes(bytes(100_000))
    assert 100_000 < disk_bytes(runs) < 120_000
    for by in (ADA, TEACHER):
        with pytest.raises(LimitError, match=r"holds 0\.0 GB, and 0\.0001 GB are the limit here"):
            lay(runs, by)


def test_the_minutes_of_a_run_add_up_over_pauses(
    tmp_path: Path, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two minutes: 90 s, a pause, 30 s more."""
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    limit(minutes=2)
    run = lay(tmp_path, ADA)
    assert lay(tmp_path, TEACHER).status()["minutes"] == 0
    claim = claim_next(tmp_path)
    assert claim is not None
    assert claim.run == run
    clock[0] += 90
    control = Control(claim, lambda: None)
    assert control() is None
    claim.pause()
    claim.release()
    assert run.status()["worked"] == 90
    run.request_resume(by=ADA)
    run.request_pause(ADA), run.request_resume(by=ADA)
    lines = [claim_next(tmp_path), claim_next(tmp_path)]
    claim = next(one for one in lines if one is not None and one.run == run)
    control = Control(claim, lambda: None)
    clock[0] += 29.9
    assert control() is None
    clock[0] += 0.2
    assert control() == "test"
    assert control.reason == "Stopped at the limit of 2 minutes for a run"
    claim.end("stopped", control.reason)
    for one in lines:
        if one is not None:
            one.release()
    with pytest.raises(LimitError, match="the run has had its 2 minutes"):
        run.request_resume(by=ADA)


def test_the_file_of_a_class_can_be_read_again(tmp_path: Path) -> None:
    assert Limits.from_dict(json.loads(json.dumps(Limits.of_class().to_dict()))) == Limits.of_class()
