"""One process's looks at a directory of runs: nothing is missed, and what did not change is not read."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from laid import lay_result

from cifar7.network.presets import preset
from cifar7.runs import queue
from cifar7.runs.folder import RunFolder, list_runs, look, read_statuses
from cifar7.runs.listing import looking
from cifar7.runs.listing.looking import Directory
from cifar7.training.config import TrainConfig

MANY = 200


@pytest.fixture(scope="module")
def laid(tmp_path_factory) -> Path:
    """Finished runs, all alike but for their ids."""
    runs = tmp_path_factory.mktemp("many") / "runs"
    first = lay_result(runs, preset("starter"), 0.5, name="Ada")
    for number in range(MANY - 1):
        shutil.copytree(first.path, runs / f"20250101-{number:06d}-starter-{number:012d}")
    return runs


@pytest.fixture
def settled(monkeypatch) -> None:
    """As if all changes were long ago."""
    monkeypatch.setattr(looking, "SETTLED", 0.0)


@pytest.fixture
def runs(laid, tmp_path) -> Path:
    """A directory of ten of them, to change."""
    for run in list_runs(laid)[:10]:
        shutil.copytree(run.path, tmp_path / "runs" / run.id)
    return tmp_path / "runs"


def test_ended_runs_are_read_once_and_the_queue_opens_none_of_them(laid, reads, settled):
    directory = Directory(laid, RunFolder)
    first = directory.look()
    assert len(reads) == len(first.ended.seen) == MANY
    assert [one.run for one in first.all()] == list_runs(laid)
    assert directory.look() is first
    queue.line(laid)
    reads.clear()
    assert (queue.line(laid), queue.before_a_new_one(laid, ""), queue.reconcile(laid)) == ([], 0, [])
    assert reads == []


def test_of_all_that_ended_the_queue_knows_who_was_served_last(laid, monkeypatch):
    """Ada's runs have been served, nobody's has not: the other one's run goes first, though it came later."""
    by = read_statuses(laid)[0][1]["by"]
    config = TrainConfig(epochs=1)
    made = [RunFolder.create(laid, preset("starter"), config, "shapes", by=who) for who in (by, "b" * 20)]
    assert queue.line(laid) == made, "nobody was served at a known time yet"
    ended = read_statuses(laid)[-1][0]
    ended._change(served=2e9)
    assert queue.line(laid) == made[::-1]
    ended._change(served=None)
    for run in made:
        shutil.rmtree(run.path)


def test_a_change_within_the_same_tick_and_size_is_seen(runs):
    """The clock stands, the inode is the old one's: a status that changed and changed back, byte for byte."""
    directory = Directory(runs, RunFolder)
    path = directory.look().ended.seen[0].run.path / "status.json"
    before, there = path.read_bytes(), path.stat()
    for content in (before.replace(b'"Ada"', b'"Eva"'), before):
        path.write_bytes(content)
        os.utime(path, ns=(there.st_atime_ns, there.st_mtime_ns))
        status = directory.look().all()[0].status
        assert status is not None
        assert status["by_name"].encode() in content


def test_removed_new_damaged_and_resumed_runs_are_seen_at_once(runs):
    directory = Directory(runs, RunFolder)
    newest, second, third, *_ = (one.run for one in directory.look().all())

    shutil.rmtree(newest.path)
    assert [one.run for one in directory.look().all()][:2] == [second, third]

    added = RunFolder.create(runs, preset("starter"), TrainConfig(), "shapes")
    (waiting,) = directory.look().others
    assert (waiting.run, waiting.status and waiting.status["state"]) == (added, "queued")

    second._change(state="queued")
    assert {one.run for one in directory.look().others} == {added, second}
    second._change(state="stopped")
    assert [one.run for one in directory.look().others] == [added]

    (added.path / "status.json").write_text("{")
    (damaged,) = directory.look().others
    assert (damaged.run, damaged.status) == (added, None)


def test_damage_by_hand_to_an_ended_run_is_seen_after_a_while(runs, settled, monkeypatch):
    directory = Directory(runs, RunFolder)
    run = directory.look().all()[0].run
    (run.path / "status.json").write_text("{")
    assert len(directory.look().ended.seen) == 10
    monkeypatch.setattr(looking, "CHECKED", 0.0)
    found = directory.look()
    assert ([one.run for one in found.others], len(found.ended.seen)) == ([run], 9)


def test_links_and_pipes_are_listed_and_never_followed(runs, settled):
    directory = Directory(runs, RunFolder)
    first, second, *_ = (one.run for one in directory.look().all())
    elsewhere = runs.parent / "elsewhere"
    first.path.rename(elsewhere)
    first.path.symlink_to(elsewhere)
    (second.path / "status.json").unlink()
    os.mkfifo(second.path / "status.json")
    os.utime(runs)
    for _ in range(2):
        found = directory.look()
        assert [(one.run, one.status) for one in found.others] == [(first, None), (second, None)]
        assert len(found.ended.seen) == 8


def test_a_group_stays_the_same_object_until_one_of_its_runs_changes(runs):
    directory = Directory(runs, RunFolder)
    before = directory.look()
    os.utime(runs)
    assert directory.look().ended is before.ended
    before.all()[3].run._change(reason="Another one.")
    after = directory.look().ended
    assert after is not before.ended
    assert sum(a is not b for a, b in zip(after.seen, before.ended.seen, strict=True)) == 1


def test_as_many_directories_as_are_looked_at_are_kept(tmp_path):
    config = replace(TrainConfig(), epochs=1)
    for name in map(str, range(looking.MOST_DIRECTORIES + 2)):
        RunFolder.create(tmp_path / name, preset("starter"), config, "shapes")
        assert len(look(tmp_path / name).others) == 1
    assert len(look(tmp_path / "0").others) == 1
    assert look(tmp_path / "none").all() == []
