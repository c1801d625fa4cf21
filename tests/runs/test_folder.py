"""A run's folder: what readers see while it is written, and when its writer is gone."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import tiny
from handmade import recorded

import cifar7
from cifar7.runs import children
from cifar7.runs import claim as claim_module
from cifar7.runs.claim import Claim
from cifar7.runs.files import plain
from cifar7.runs.folder import RunError, RunFolder, list_runs
from cifar7.runs.queue import claim_next, enqueue, start_here
from cifar7.training.events import Beat

TAKE_AND_WAIT = """
import sys, time
from pathlib import Path
from cifar7.runs.queue import claim_next
from cifar7.training.events import Beat
claim = claim_next(Path(sys.argv[1]))
claim.record(Beat.from_dict({"event": "beat", "step": 210, "loss": 1.5}))
with open(claim.run.path / "events.jsonl", "ab") as file:
    file.write(b'{"event": "beat", "st')  # the line it is writing when it dies
print("ready", flush=True)
time.sleep(60)
"""


def laid(runs_dir: Path) -> RunFolder:
    return enqueue(runs_dir, tiny.SPEC, tiny.config(), "tiny")


def claimed(runs_dir: Path) -> Claim:
    return start_here(runs_dir, tiny.SPEC, tiny.config(), "tiny")


def test_a_new_run_tells_what_was_asked_for(tmp_path: Path) -> None:
    run = laid(tmp_path / "runs")
    again = RunFolder.open(tmp_path / "runs", run.id)
    assert again.spec() == tiny.SPEC
    assert again.config() == tiny.config()
    assert again.data_name() == "tiny"
    assert (again.status()["state"], again.status()["name"], again.status()["data"]) == (
        "queued",
        "Tiny Net",
        "tiny",
    )
    assert again.events() == ([], 0)
    assert again.environment() == {}
    assert not again.has_predictions()
    assert again.weights_path() is None
    assert [p.name for p in run.path.parent.iterdir() if p.name.startswith(".")] == []


def test_ids_tell_time_and_design_and_cannot_be_guessed(tmp_path: Path) -> None:
    ids = {laid(tmp_path).id for _ in range(20)}
    assert len(ids) == 20
    for run_id in ids:
        day, clock, *slug, secret = run_id.split("-")
        assert (len(day), len(clock), slug, len(secret)) == (8, 6, ["tiny", "net"], 12)
    assert [run.id for run in list_runs(tmp_path)] == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "..", ".", "A", "workers", "x" * 200, "a\n", "a b", "-" * 5]
)
def test_an_id_from_a_browser_is_a_name_and_never_a_path(tmp_path: Path, name: str) -> None:
    laid(tmp_path / "runs")
    (tmp_path / "runs" / "workers").mkdir()
    (tmp_path / "status.json").write_text("{}")
    with pytest.raises(RunError, match="there is no run"):
        RunFolder.open(tmp_path / "runs", name)


def test_what_is_not_a_run_is_not_listed(tmp_path: Path) -> None:
    run = laid(tmp_path)
    (tmp_path / "workers").mkdir()
    (tmp_path / ".new-20260101-000000-x-abc").mkdir()
    (tmp_path / "20260101-000000-file").write_text("")
    assert list_runs(tmp_path) == [run]
    assert list_runs(tmp_path / "nowhere") == []


def test_a_removed_or_damaged_run_is_said_to_be(tmp_path: Path) -> None:
    run = laid(tmp_path)
    (run.path / "spec.json").write_text("{")
    with pytest.raises(RunError, match=r"spec\.json of the run .* is damaged"):
        run.spec()
    (run.path / "status.json").unlink()
    with pytest.raises(RunError, match="gone"):
        run.status()


def test_readers_never_meet_half_a_status(tmp_path: Path) -> None:
    claim = claimed(tmp_path)
    reader, torn, done = RunFolder(claim.run.path), [], threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                assert len((reader.status()["progress"] or {}).get("more", "")) in (0, 20_000)
        except (RunError, AssertionError) as error:
            torn.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(300):
        claim.update(progress={"more": "x" * 20_000} if i % 2 else None)
    done.set()
    for thread in threads:
        thread.join()
    assert torn == []
    claim.release()


def test_events_are_read_on_from_where_one_was(tmp_path: Path) -> None:
    claim = claimed(tmp_path)
    run = claim.run
    claim.record(recorded({"event": "epoch", "epoch": 1}))
    first, offset = run.events()
    assert [event.epoch for event in first] == [1]
    assert offset == (run.path / "events.jsonl").stat().st_size
    assert run.events(offset) == ([], offset)
    claim.record(recorded({"event": "epoch", "epoch": 2}))
    second, end = run.events(offset)
    assert [event.epoch for event in second] == [2]
    assert end > offset
    # A place beyond the end, as after the folder was replaced: from the beginning again.
    assert run.events(10**9) == run.events(0)
    claim.release()


def test_a_torn_last_line_waits_for_its_end(tmp_path: Path) -> None:
    claim = claimed(tmp_path)
    claim.record(recorded({"event": "epoch", "epoch": 1}))
    _, offset = claim.run.events()
    with (claim.run.path / "events.jsonl").open("ab") as file:
        file.write(b'{"event": "epo')
        file.flush()
        assert claim.run.events(offset) == ([], offset)
        file.write(b'ch", "epoch": 2}\n')
    assert [event.epoch for event in claim.run.events(offset)[0]] == [2]
    claim.release()


def test_beats_are_thinned_in_the_record_and_the_newest_is_in_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_module, "BEAT_SECONDS", 60.0)
    claim = claimed(tmp_path)
    for step in range(1, 51):  # fifty beats within the minute: one of them is due
        claim.record(recorded({"event": "beat", "step": step}))
    assert [event.step for event in claim.run.events()[0]] == [1]
    assert claim.run.status()["progress"] == plain(recorded({"event": "beat", "step": 50}).to_dict())
    claim.release()


def test_numbers_that_json_does_not_know_become_null(tmp_path: Path) -> None:
    claim = claimed(tmp_path)
    claim.record(recorded({"event": "beat", "step": 1, "loss": math.nan, "lr": math.inf}))
    text = (claim.run.path / "status.json").read_text()

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(text, parse_constant=refuse)["progress"]["loss"] is None
    (beat,) = claim.run.events()[0]
    assert isinstance(beat, Beat)
    assert math.isnan(beat.loss)
    assert math.isnan(beat.lr)
    assert plain({"more": [math.inf, 1.5]}) == {"more": [None, 1.5]}
    claim.release()


def test_a_run_is_asked_to_stop_through_its_folder(tmp_path: Path) -> None:
    claim = claimed(tmp_path)
    assert claim.requested() is None
    RunFolder.open(tmp_path, claim.run.id).request_stop()
    assert claim.requested() == "stop"
    claim.end("stopped", "Stopped as asked.")
    claim.end("failed", "too late: the first end counts")
    claim.release()
    claim.run.request_stop()  # no effect
    assert claim.run.status()["reason"] == "Stopped as asked."


def test_a_queued_run_that_is_stopped_never_starts(tmp_path: Path) -> None:
    run = laid(tmp_path)
    run.request_stop()
    assert (run.status()["state"], run.status()["reason"]) == ("stopped", "Stopped before it began.")
    assert claim_next(tmp_path) is None


def test_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    claim = claimed(tmp_path)
    assert claim.run.reconcile()["state"] == "running"
    claim.release()
    status = claim.run.reconcile()
    assert status["state"] == "failed"  # at once: this process executed it for somebody who saw it end
    assert "nothing had been trained yet" in str(status["reason"])


def test_what_a_dead_worker_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    run = laid(tmp_path)
    (run.path / ".half-checkpoint.pt-0123abcd").write_bytes(b"half")
    (run.path / ".keep").write_text("not ours")
    claim = claim_next(tmp_path)
    assert claim is not None
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == [".keep"]
    claim.release()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(cifar7.__file__).parent.parent)}


def test_killed_by_a_signal_is_told_by_the_parent(tmp_path: Path) -> None:
    run = laid(tmp_path)
    script = tmp_path / "take.py"
    script.write_text(TAKE_AND_WAIT)
    pid = children.start([sys.executable, str(script), str(tmp_path)], environment(), tmp_path / "log")
    tiny.wait_for(lambda: "ready" in (tmp_path / "log").read_text())
    assert run.reconcile()["state"] == "running"
    os.kill(pid, signal.SIGKILL)
    tiny.wait_for(lambda: run.reconcile()["state"] != "running")
    status = run.status()
    assert (status["state"], status["reason"], status["deaths"]) == ("queued", None, 1)
    (notice,) = status["notices"]
    assert f"(pid {pid}) was killed by signal 9 (SIGKILL" in notice
    assert "The run starts again from the beginning by itself." in notice
    assert status["progress"] is None  # what had been reported is void
    assert [event.step for event in run.events()[0]] == [210]  # the torn line is passed over


def test_killed_and_nobody_heard_it(tmp_path: Path) -> None:
    run = laid(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE_AND_WAIT, str(tmp_path)], env=environment(), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    (notice,) = run.reconcile()["notices"]
    assert f"(pid {process.pid}) ended without a word. The run starts again" in notice
