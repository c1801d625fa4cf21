"""How long a run will take, and where it stands in the line, going by runs that were made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from handmade import recorded

from cifar7.network.arithmetic import analyse
from cifar7.runs import queue
from cifar7.runs.expected import seconds
from cifar7.runs.people import Person
from cifar7.runs.queue import Place, enqueue, places, start_here

ADA, BOB = Person("ada"), Person("bob")
RESULT = {"event": "finished", "state": "finished", "protocol": "holdout", "epochs": 2, "steps": 20}


@pytest.fixture
def runs(empty_home: Path) -> Path:
    """With the set `tiny` of 180 images, and a run of 20 steps of 16 images in 32 s: 0.1 s an image."""
    tiny.make_set(empty_home / "data")
    claim = start_here(empty_home / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.end("finished", None, recorded({**RESULT, "seconds": 32.0}).to_dict())
    claim.release()
    return empty_home / "runs"


def test_in_proportion_to_images_epochs_and_macs(runs: Path) -> None:
    # A tenth of 180 images, 18, are held out: 162 are learnt from.
    assert seconds(runs, tiny.SPEC, tiny.config(epochs=1), "tiny") == pytest.approx(16.2)
    assert seconds(runs, tiny.SPEC, tiny.config(epochs=10), "tiny") == pytest.approx(162)
    bigger = tiny.SPEC.with_classes(900)
    ratio = analyse(bigger).macs / analyse(tiny.SPEC).macs
    assert ratio > 1.01
    assert seconds(runs, bigger, tiny.config(epochs=1), "tiny") == pytest.approx(16.2 * ratio)
    # A test of the learning rate takes 240 steps with batches of 16.
    assert seconds(runs, tiny.SPEC, tiny.config(), "tiny", "lr-test") == pytest.approx(240 * 16 * 0.1)


def test_nothing_is_said_where_nothing_is_known(runs: Path, tmp_path: Path) -> None:
    assert seconds(runs, tiny.SPEC, tiny.config(), "absent") is None
    assert seconds(tmp_path / "other", tiny.SPEC, tiny.config(), "tiny") is None


def test_the_place_of_a_run_that_waits(runs: Path) -> None:
    """One of ada's runs goes on with 10 s left; two more of hers wait, and one of bob's, 16.2 s each."""
    waiting = [enqueue(runs, tiny.SPEC, tiny.config(epochs=1), "tiny", by=by) for by in (ADA, ADA, ADA, BOB)]
    claim = queue.claim_next(runs)
    assert claim is not None
    assert claim.run == waiting[0]
    beat = {"event": "beat", "epoch": 1, "epochs": 1, "step": 3, "steps": 10, "seconds_left": 10.0}
    claim.update(phase="training", progress=beat)
    found = places(runs)
    _, second, third, bobs = (run.id for run in waiting)
    assert list(found) == [bobs, second, third]
    assert found[bobs] == Place(0, 10.0)
    assert found[second] == Place(1, pytest.approx(26.2))
    assert found[third] == Place(2, pytest.approx(42.4))
    # The one that goes on; for ada bob's run and both of her own; for cleo bob's, who waits longer.
    assert [queue.before_a_new_one(runs, by) for by in ("ada", "cleo")] == [4, 2]
    claim.release()
