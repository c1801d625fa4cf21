"""One toggle tried several times: pairs of runs that know what they are part of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from cifar7.network import edits
from cifar7.network.spec import SpecError
from cifar7.runs import experiments, queue
from cifar7.runs.folder import RunError, list_runs

WITH = replace(edits.set_dilation(tiny.SPEC, "C1", 2), name="Tiny Net + C1 dilation 2")


def start(runs: Path, repeats: int = 3) -> str:
    return experiments.start(runs, "C1 dilation 2", tiny.SPEC, WITH, tiny.config(seed=5), "tiny", repeats)


def test_each_seed_is_queued_without_and_with_the_toggle(tmp_path):
    start(tmp_path)
    waiting = [(run.spec(), run.config().seed) for run in queue.waiting(tmp_path)]
    assert sorted((spec.name, seed) for spec, seed in waiting) == [
        (name, seed) for name in ("Tiny Net", "Tiny Net + C1 dilation 2") for seed in (5, 6, 7)
    ]
    recipes = {replace(run.config(), seed=0) for run in list_runs(tmp_path)}
    assert len(recipes) == 1, "nothing but the seed differs between the pairs"


def test_the_group_is_found_again_in_the_folders(tmp_path):
    first, second = start(tmp_path, 1), start(tmp_path, 2)
    queue.enqueue(tmp_path, tiny.SPEC, tiny.config(), "tiny")  # a run of its own
    found = {one.id: one for one in experiments.find(tmp_path)}
    assert set(found) == {first, second}
    assert [(part.seed, part.with_it) for part in found[second].parts] == [
        (5, False), (5, True), (6, False), (6, True)
    ]  # fmt: skip
    assert found[first].toggle == "C1 dilation 2"


def test_a_damaged_file_leaves_a_run_of_its_own(tmp_path):
    start(tmp_path, 1)
    for run, text in zip(list_runs(tmp_path), ("[]", '{"experiment": "x", "with": true}')):
        (run.path / experiments.FILE).write_text(text)
    assert experiments.find(tmp_path) == []


@pytest.mark.parametrize("repeats", [0, 11])
def test_the_number_of_repeats_is_limited(tmp_path, repeats):
    with pytest.raises(RunError, match="1 to 10"):
        start(tmp_path, repeats)
    assert list_runs(tmp_path) == []


def test_nothing_is_queued_where_a_side_cannot_be_built(tmp_path):
    broken = edits.set_dilation(replace(tiny.SPEC, output=replace(tiny.SPEC.output, pool=7)), "C1", 2)
    with pytest.raises(SpecError):
        experiments.start(tmp_path, "x", tiny.SPEC, broken, tiny.config(), "tiny", 1)
    assert list_runs(tmp_path) == []


def test_nothing_is_queued_where_not_all_can_wait(tmp_path, limit):
    limit(waiting_all=5)
    with pytest.raises(RunError, match="0 runs wait or are paused here, and 5 are the limit"):
        start(tmp_path, 3)
    assert list_runs(tmp_path) == []
