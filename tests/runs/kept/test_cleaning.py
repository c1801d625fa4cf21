"""What a cleaning takes and leaves, and how much room it makes."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import tiny
from runs.damage import laid

from cifar7.data import library
from cifar7.runs import experiments, queue
from cifar7.runs.folder import RunError, RunFolder, list_runs
from cifar7.runs.kept import cleaning
from cifar7.runs.kept.cleaning import DAY, seconds_of
from cifar7.runs.kept.removal import remove


def ended(runs_dir: Path, days_ago: float, state: str = "finished") -> RunFolder:
    run = laid(runs_dir)
    change(run, days_ago, state)
    return run


def change(run: RunFolder, days_ago: float, state: str) -> None:
    then = time.time() - days_ago * DAY
    status = {**run.status(), "state": state, "created": then - 60, "ended": then}
    (run.path / "status.json").write_text(json.dumps(status))


def old_ids(runs_dir: Path, **also: bool) -> list[str]:
    return [old.name for old in cleaning.old_runs(runs_dir, 30 * DAY, **also)]


@pytest.mark.parametrize(("span", "seconds"), [("30d", 2_592_000), ("12h", 43_200), (" 2W ", 1_209_600)])
def test_spans_of_time(span: str, seconds: float) -> None:
    assert seconds_of(span) == seconds


@pytest.mark.parametrize("span", ["", "30", "d", "-3d", "3 months", "999999d", "1.5d"])
def test_no_spans_of_time(span: str) -> None:
    with pytest.raises(RunError, match="as in 12h, 30d or 4w"):
        seconds_of(span)


def test_what_ended_long_ago_goes_and_nothing_else(tmp_path: Path) -> None:
    oldest, old = ended(tmp_path, 90), ended(tmp_path, 31, "failed")
    young, waits = ended(tmp_path, 29), laid(tmp_path)
    paused, waits_long = ended(tmp_path, 90, "paused"), ended(tmp_path, 80, "queued")
    damaged = laid(tmp_path)
    (damaged.path / "status.json").write_text("{")
    os.utime(damaged.path, (0, 0))
    assert old_ids(tmp_path) == [oldest.id, old.id]
    assert old_ids(tmp_path, paused=True) == [oldest.id, paused.id, waits_long.id, old.id]
    assert old_ids(tmp_path, damaged=True) == [damaged.id, oldest.id, old.id]
    found = cleaning.old_runs(tmp_path, 30 * DAY)
    # Three files of a few hundred bytes take a block of 4 KiB each, on most disks.
    assert all(one.size >= sum(path.stat().st_size for path in one.path.iterdir()) for one in found)
    assert cleaning.clean(found) == []
    assert {run.id for run in list_runs(tmp_path)} == {
        run.id for run in (young, waits, paused, waits_long, damaged)
    }
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_run_that_is_executed_never_goes(tmp_path: Path) -> None:
    run = laid(tmp_path)
    claim = queue.claim_next(tmp_path)
    assert claim is not None
    status = {**run.status(), "created": 0.0, "started": 1.0}
    (run.path / "status.json").write_text(json.dumps(status))
    os.utime(run.path, (0, 0))
    assert old_ids(tmp_path, paused=True, damaged=True) == []
    with pytest.raises(RunError, match="is being trained; stop it first"):
        remove(run)
    (run.path / "status.json").write_text("{")  # what is damaged may be executed all the same
    (old,) = cleaning.old_runs(tmp_path, -1, damaged=True)
    assert "is being trained" in cleaning.clean([old])[0]
    claim.release()
    remove(run)
    assert list_runs(tmp_path) == []
    with pytest.raises(RunError, match="is gone"):
        remove(run)


def test_the_parts_of_an_experiment_stay_together(tmp_path: Path) -> None:
    experiments.start(tmp_path, "a toggle", tiny.SPEC, tiny.SPEC, tiny.config(), "tiny", 2)
    *old, young = list_runs(tmp_path)
    for run in old:
        change(run, 90, "finished")
    change(young, 5, "finished")
    assert old_ids(tmp_path) == []
    change(young, 31, "finished")
    assert len(old_ids(tmp_path)) == 4


def test_what_dead_processes_left_half_made_goes(tmp_path: Path) -> None:
    run = ended(tmp_path, 1)
    draft, gone, half = tmp_path / ".new-x", tmp_path / ".gone-y", run.path / ".half-model.pt-1"
    draft.mkdir(), gone.mkdir(), half.write_text("half")
    assert cleaning.left_overs(tmp_path) == []  # somebody may be at work on it
    for path in (draft, gone, half):
        os.utime(path, (0, 0))
    found = cleaning.left_overs(tmp_path)
    assert {old.path for old in found} == {draft, gone, half}
    assert cleaning.clean(found) == []
    assert not draft.exists()
    assert not half.exists()
    assert run.status()["state"] == "finished"


def test_caches_that_nobody_needs_go(tmp_path: Path) -> None:
    runs, data = tmp_path / "runs", tmp_path / "data"
    for name in ("path-used", "path-unused", "path-fresh", "shapes", "imported"):
        tiny.make_set(data, name)
    half = data / ".new+shapes+0000"
    half.mkdir()
    for path in data.iterdir():
        if path.name != "path-fresh":
            os.utime(path, (0, 0))
    used = queue.enqueue(runs, tiny.SPEC, tiny.config(), "path-used")
    waits = queue.enqueue(runs, tiny.SPEC, tiny.config(), "shapes")
    change(used, 90, "finished")

    def names() -> set[str]:
        return {old.name for old in cleaning.old_caches(runs, data)}

    assert names() == {"path-unused", half.name}
    waits.request_stop()
    assert names() == {"path-unused", "shapes", half.name}
    assert cleaning.clean(cleaning.old_caches(runs, data), data) == []
    assert {path.name for path in data.iterdir()} == {"path-used", "path-fresh", "imported"}
    assert library.open_set("imported", data_dir=data).classes == tiny.CLASSES


def test_a_set_that_is_opened_is_not_old(tmp_path: Path) -> None:
    tiny.make_set(tmp_path / "data", "path-1")
    os.utime(tmp_path / "data" / "path-1", (0, 0))
    library.open_set("path-1", data_dir=tmp_path / "data")
    assert cleaning.old_caches(tmp_path / "runs", tmp_path / "data") == []


def test_a_link_in_place_of_a_run_is_removed_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    run = ended(tmp_path / "runs", 1)
    run.path.rename(tmp_path / "elsewhere")
    run.path.symlink_to(tmp_path / "elsewhere")
    remove(run)
    assert not run.path.is_symlink()
    assert len(list((tmp_path / "elsewhere").iterdir())) == 3
