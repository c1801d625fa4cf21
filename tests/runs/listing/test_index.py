"""The list of all runs: what changed is read again, and nothing else; what is damaged harms nobody."""

from __future__ import annotations

import shutil

import pytest
from laid import lay_result

from cifar7.network.presets import preset
from cifar7.runs.files import replace_json
from cifar7.runs.folder import RunFolder
from cifar7.runs.listing import looking
from cifar7.runs.listing.index import Index
from cifar7.training.config import TrainConfig

STARTER = preset("starter")


def test_only_what_changed_is_read_again(tmp_path, reads, monkeypatch):
    monkeypatch.setattr(looking, "SETTLED", 0)
    first, second = (lay_result(tmp_path, STARTER, accuracy) for accuracy in (0.7, 0.8))
    index = Index(tmp_path, seconds=0)
    reads.clear()
    assert {entry.run.id for entry in index.listing().entries} == {first.id, second.id}
    assert sorted(reads) == sorted([first.id, second.id])
    seen = index.listing().ended
    assert len(reads) == 2, "nothing changed"

    first._change(state="queued", ended=None)
    reads.clear()
    states = {entry.run.id: entry.status["state"] for entry in index.listing().entries}
    assert states == {first.id: "queued", second.id: "finished"}
    assert reads == [first.id]
    assert index.listing().ended != seen
    assert [one.id for one in index.tested()[0]] == [second.id]


def test_a_removed_run_is_gone_and_a_new_one_comes_first(tmp_path):
    old = lay_result(tmp_path, STARTER, 0.7)
    index = Index(tmp_path, seconds=0)
    assert [one.id for one in index.tested()[0]] == [old.id]
    newer = RunFolder(tmp_path / old.id.replace(old.id[:8], "29990101"))
    shutil.copytree(old.path, newer.path)
    assert [entry.run.id for entry in index.listing().entries] == [newer.id, old.id]
    shutil.rmtree(old.path)
    assert [one.id for one in index.tested()[0]] == [newer.id]


def test_within_the_time_the_folders_are_looked_at_once(tmp_path):
    index = Index(tmp_path, seconds=3600)
    assert index.listing().entries == ()
    lay_result(tmp_path, STARTER, 0.7)
    assert index.listing().entries == ()


@pytest.mark.parametrize("file", ["status.json", "spec.json", "config.json"])
def test_damaged_folders_are_counted_and_harm_nobody(tmp_path, file):
    good, bad = (lay_result(tmp_path, STARTER, accuracy) for accuracy in (0.7, 0.8))
    (bad.path / file).write_text('{"name": ')
    index = Index(tmp_path, seconds=0)
    tested, unreadable = index.tested()
    assert [one.id for one in tested] == [good.id]
    assert index.listing().damaged + unreadable == 1
    (bad.path / "status.json").unlink()
    assert index.listing().damaged == 1


def test_what_was_not_tested_is_listed_and_not_among_the_tested(tmp_path):
    run = lay_result(tmp_path, STARTER, 0.7)
    index = Index(tmp_path, seconds=0)
    for result in (None, {"event": "finished", "test_accuracy": None}, {"test_accuracy": 0.5}):
        replace_json(run.path / "status.json", {**run.status(), "result": result})
        assert index.tested() == ([], 0)
        assert len(index.listing().entries) == 1


def test_what_a_comparison_asks(tmp_path):
    lay_result(tmp_path, STARTER, 0.7, data="shapes", config=TrainConfig(epochs=3), device_type="cpu")
    ((one,), _) = Index(tmp_path).tested()
    assert (one.parameters, one.result.test_accuracy, one.config.epochs) == (153_306, 0.7, 3)
    assert (one.data_title, one.synthetic, one.fingerprint, one.device_type) == ("shapes", True, "f0", "cpu")
