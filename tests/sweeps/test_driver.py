"""The process that carries out sweeps, for real: killed with its worker, and begun again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import tiny
from place import Place
from sweeps.inline import carried_out, define, runs_of, table

from cifar7.runs import children
from cifar7.runs.directory import RunError
from cifar7.runs.workers.served import worker_pids
from cifar7.sweeps import driver
from cifar7.sweeps.folder import SweepFolder
from cifar7.training.events import Started

GRID = ["c1.channels=4,8", "lr=0.01,0.2"]


@pytest.fixture
def driven(place: Place) -> Iterator[Place]:
    """A place whose driver is gone afterwards."""
    yield place
    for pid in (_driver(place), *worker_pids(place.runs)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            children.death(pid)


def _driver(place: Place) -> int:
    return int((place.runs / "sweeps" / "driver.pid").read_text())


def _until(place: Place, sweep: SweepFolder, tried: int) -> None:
    """Look as a page does, until so many trials have ended, or the sweep."""

    def there() -> bool:
        driver.ensure(place.runs, place.data)
        status = sweep.status()
        return status["state"] != "running" or status["tried"] >= tried

    tiny.wait_for(there, 120, f"{tried} trials")


@pytest.mark.usefixtures("one_thread")
def test_killed_with_its_worker_it_goes_on_and_comes_to_the_same(driven: Place, tmp_path: Path) -> None:
    plan = define(GRID, seeds=2)
    sweep = SweepFolder.create(driven.runs, plan)
    killed: list[bool] = []  # whether it was the driver
    for tried in (1, 2, 3):
        _until(driven, sweep, tried)
        for pid in (_driver(driven), *worker_pids(driven.runs)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # the worker is a child of the driver that started it
                children.death(pid)
                killed.append(pid == _driver(driven))
    _until(driven, sweep, 100)
    assert {True, False} <= set(killed)
    status = sweep.status()
    assert (status["state"], status["tried"]) == ("finished", 4), status

    (tmp_path / "data").symlink_to(driven.data)
    undisturbed, _ = carried_out(tmp_path, plan)
    assert table(sweep) == table(undisturbed)
    assert sorted(sweep.status()["tests"].values()) == sorted(undisturbed.status()["tests"].values())
    # None was lost, and none repeated: a folder for each trial and seed.
    runs = runs_of(sweep)
    assert len(runs) == 8
    for run in runs:
        steps = [event.from_step for event in run.events()[0] if isinstance(event, Started)]
        assert steps.count(0) <= 2, run.id  # killed before its first checkpoint it begins anew, once
        assert run.status()["deaths"] <= 1


def test_without_a_sweep_none_is_started(tmp_path: Path) -> None:
    assert driver.ensure(tmp_path / "runs") is None
    sweep = SweepFolder.create(tmp_path / "runs", define(GRID))
    sweep.update(sweep.status(), state="paused")
    assert driver.ensure(tmp_path / "runs") is None


def test_a_damaged_sweep_ends_with_a_reason_and_harms_no_other(tmp_path: Path) -> None:
    tiny.make_set(tmp_path / "data")
    bad = SweepFolder.create(tmp_path / "runs", define(["lr=0.3"]))
    (bad.path / "sweep.json").write_text('{"spec": 3}')
    good = SweepFolder.create(tmp_path / "runs", define(["lr=0.1"], requirements=()))
    good.update(good.status(), state="running")
    good.request("stop")
    driver.drive(tmp_path / "runs", tmp_path / "data", patience=0.5)
    assert bad.status()["state"] == "failed"
    assert "a sweep is an object with" in bad.status()["reason"]
    assert good.status()["state"] == "stopped"


def test_where_nothing_can_be_written_it_is_told(tmp_path: Path) -> None:
    sweep = SweepFolder.create(tmp_path / "runs", define(["lr=0.1"]))
    (sweep.path.parent / "driver.lock").mkdir()
    with pytest.raises(RunError):
        driver.ensure(tmp_path / "runs")
