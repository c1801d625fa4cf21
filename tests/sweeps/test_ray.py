"""The same sweep on a cluster of two nodes, on this machine: the same table, also where a node is lost."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tiny
import torch
from sweeps.inline import carried_out, define, runs_of, table

from cifar7.runs.folder import RunFolder
from cifar7.sweeps import driver
from cifar7.sweeps.drive import Drive
from cifar7.sweeps.folder import SweepFolder, read_part

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytest.importorskip("ray", reason="Ray is not installed: pip install -r tests/sweeps/requirements-ray.txt")

GRID = ["c1.channels=4,8", "lr=0.01,0.2"]
LONG = 100  # epochs: long enough to be disturbed
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80_000_000}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # as Ray gives a task of one CPU
    made = tmp_path_factory.mktemp("ray")
    tiny.make_set(made / "data")
    yield made
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head and a second node, with one CPU each."""
    import ray
    from ray.cluster_utils import Cluster

    from cifar7.sweeps.cluster import connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        session = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # its sockets want a short path
        patch.setenv("RAY_TMPDIR", session)
        started = Cluster()
        try:
            started.add_node(**NODE, include_dashboard=False)
            connection.connect(started.address)  # this process belongs to the head, which is not lost
            started.add_node(**NODE)
            yield started
        finally:
            ray.shutdown()
            started.shutdown()
            shutil.rmtree(session, ignore_errors=True)


@pytest.fixture
def checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """One at the end of each epoch, however short: something to go on from without a long training."""
    from cifar7.sweeps.cluster import on_node

    def often(*given: Any) -> None:  # goes to the nodes as it stands
        from cifar7.runs import carry_out
        from cifar7.sweeps.cluster.on_node import work

        carry_out.SAVING_SECONDS = 0.0
        work(*given)

    monkeypatch.setattr(on_node, "work", often)


@pytest.fixture(scope="module")
def long(home: Path) -> list[tuple[Any, ...]]:
    """What two long runs come to, undisturbed and on this machine."""
    (home / "long").mkdir()
    (home / "long" / "data").symlink_to(home / "data")
    return table(carried_out(home / "long", define(["lr=0.01,0.05"], epochs=LONG))[0])


def begin(home: Path, cluster: Cluster, axes: list[str], **more: Any) -> tuple[SweepFolder, Any, Drive]:
    from cifar7.sweeps.cluster.executor import Ray

    sweep = SweepFolder.create(home / "runs", define(axes, cluster=cluster.address, **more))
    executor = Ray(sweep, home / "data")
    return sweep, executor, Drive(sweep, executor)


def mine(sweep: SweepFolder) -> list[RunFolder]:
    return [run for run in runs_of(sweep) if (read_part(run.path) or {})["sweep"] == sweep.id]


def look_until(drive: Drive, happened: Callable[[], object]) -> None:
    def look() -> bool:
        assert drive.step(), drive.folder.status()
        return bool(happened())

    tiny.wait_for(look, 60, "what was waited for")


def to_its_end(drive: Drive) -> None:
    tiny.wait_for(lambda: not drive.step(), 60, "the end of the sweep")
    drive.close()


def under_way(sweep: SweepFolder, runs: int) -> bool:
    """Whether so many runs go on, each with a checkpoint that has come from its node."""
    found = mine(sweep)
    states = [run.status()["state"] for run in found if run.checkpoint_path()]
    return states == ["running"] * runs


def test_the_table_is_that_of_this_machine(home: Path, cluster: Cluster) -> None:
    (home / "local").mkdir()
    (home / "local" / "data").symlink_to(home / "data")
    local, _ = carried_out(home / "local", define(GRID, seeds=2, epochs=1))
    there = SweepFolder.create(home / "runs", define(GRID, seeds=2, epochs=1, cluster=cluster.address))
    driver.drive(home / "runs", home / "data", patience=0.1, cluster=cluster.address)
    assert there.status()["state"] == "finished", there.status()
    assert table(there) == table(local)
    assert there.status()["winner"] == local.status()["winner"]
    assert list(there.status()["tests"].values()) == list(local.status()["tests"].values())
    assert len(runs_of(there)) == 8
    for run in runs_of(there):
        status = run.status()
        assert (status["device"], status["deaths"], status["notices"]) == ("cluster", 0, [])
        assert status["state"] == ("finished" if run.id in there.status()["tests"] else "stopped")
        assert run.environment()["data"]["name"] == "tiny"
        assert run.weights_path()
        assert run.checkpoint_path()
        assert run.has_predictions() == (run.id in there.status()["tests"])
        assert not (run.path / "control.json").exists()


@pytest.mark.usefixtures("checkpoints")
def test_a_stopped_sweep_goes_on_from_its_checkpoints(
    home: Path, cluster: Cluster, long: list[tuple[Any, ...]]
) -> None:
    from cifar7.sweeps.cluster.executor import Ray

    sweep, _, drive = begin(home, cluster, ["lr=0.01"], epochs=LONG)
    for ask, state in (("pause", "paused"), ("stop", "stopped")):
        look_until(drive, lambda: under_way(sweep, 1))
        sweep.request(ask)  # type: ignore[arg-type]
        to_its_end(drive)
        (run,) = mine(sweep)
        assert (sweep.status()["state"], run.status()["state"]) == (state, state)
        assert run.status()["epoch"]["epoch"] < LONG  # type: ignore[index]
        assert not run.has_predictions()
        sweep.request_resume()
        drive = Drive(sweep, Ray(sweep, home / "data"))
    to_its_end(drive)
    assert table(sweep) == long[:1]
    assert run.status()["deaths"] == 0
    starts = [event.from_step for event in run.events()[0] if event.kind == "started"]  # type: ignore[attr-defined]
    assert len(starts) == 4  # the pause, the stop, and the test of the winner
    assert starts == sorted(set(starts))


@pytest.mark.usefixtures("checkpoints")
def test_the_run_of_a_lost_node_goes_on_elsewhere(
    home: Path, cluster: Cluster, long: list[tuple[Any, ...]]
) -> None:
    sweep, executor, drive = begin(home, cluster, ["lr=0.01,0.05"], epochs=LONG)
    look_until(drive, lambda: under_way(sweep, 2))
    nodes = {flight.node for flight in executor.flights.values()}
    assert len(nodes) == 2
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    to_its_end(drive)
    assert table(sweep) == long
    assert sweep.status()["state"] == "finished"
    deaths = [run.status()["deaths"] for run in mine(sweep)]
    assert sorted(deaths) == [0, 1]
    (words,) = [words for run in mine(sweep) for words in run.status()["notices"]]
    assert words.startswith(
        "Its process on the cluster was lost with its node. The run goes on from its last"
    )
