"""What can be told of sweeps on a cluster without one, and without Ray."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny
from filelock import FileLock
from sweeps.inline import carried_out, define
from where import ROOT

from cifar7.runs import children, queue
from cifar7.runs.files import read_json, replace_json
from cifar7.runs.folder import RunFolder
from cifar7.runs.workers.served import CLUSTER
from cifar7.sweeps import driver
from cifar7.sweeps.cluster import setting
from cifar7.sweeps.cluster.flight import Flight
from cifar7.sweeps.cluster.on_node import carry_out, lay_out, remove_left_over
from cifar7.sweeps.cluster.post import Box, Message
from cifar7.sweeps.cluster.setting import Setting, configured, read_address
from cifar7.sweeps.definition import Definition
from cifar7.sweeps.drive import Drive
from cifar7.sweeps.folder import SweepFolder
from cifar7.sweeps.knobs import SweepError
from cifar7.training.config import TrainConfig

CONFIG = tiny.config(epochs=2)


@pytest.mark.parametrize(
    "address", ["auto", "10.0.0.1:6379", "head.example.org:6379", "ray://head:10001", "[::1]:6379"]
)
def test_addresses(address: str) -> None:
    assert read_address(address) == address
    assert Definition.from_dict(define(["lr=0.1"], cluster=address).to_dict()).cluster == address


@pytest.mark.parametrize(
    "address", ["", "head", "head:0", "head:65536", "http://head:6379", "a b:1", "-x:1", "local", None, 6379]
)
def test_what_is_no_address_is_told(address: Any) -> None:
    with pytest.raises(SweepError, match="is no address of a Ray cluster; write auto"):
        read_address(address)


def test_the_servers_configuration(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIFAR7_CLUSTER", raising=False)
    assert configured() is None
    (empty_home / "cluster.json").write_text('{"address": "head:6379", "gpu_share": 0.5}')
    assert configured() == Setting("head:6379", 0.5)
    monkeypatch.setenv("CIFAR7_CLUSTER", "auto")
    assert configured() == Setting("auto", 0.5)
    for wrong, words in (
        ('{"address": "auto", "gpu_share": 2}', "gpu_share"),
        ('{"adress": "auto"}', 'is to hold "address"'),
        ("[]", "mend or remove it"),
    ):
        (empty_home / "cluster.json").write_text(wrong)
        with pytest.raises(SweepError, match=words):
            configured()


def test_without_ray_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "find_spec", lambda name: None)
    with pytest.raises(SweepError, match=r'pip install "ray\[default\]"'):
        SweepFolder.create(tmp_path, define(["lr=0.1"], cluster="auto"))
    assert SweepFolder.create(tmp_path, define(["lr=0.1"])).status()["state"] == "running"


def test_nothing_but_a_cluster_loads_ray() -> None:
    code = (
        "import sys; import cifar7.sweeps.drive, cifar7.sweeps.driver, cifar7.sweeps.executors; "
        "print('ray' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_each_cluster_has_a_driver_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "find_spec", lambda name: True)
    started: list[tuple[list[str], str]] = []
    monkeypatch.setattr(children, "start", lambda command, env, log: started.append((command, log.name)) or 1)
    for cluster in ("", "auto", "head:6379", "auto"):
        SweepFolder.create(tmp_path, define(["lr=0.1"], cluster=cluster))
    assert driver.ensure(tmp_path) == 1
    named = [command[command.index("--cluster") + 1] for command, _ in started if "--cluster" in command]
    assert (len(started), named) == (3, ["auto", "head:6379"])
    assert len({log for _, log in started}) == 3


class Far:
    """An executor whose cluster cannot be reached."""

    def __init__(self) -> None:
        self.why = "the cluster head:6379 cannot be reached (no route)"

    def obstacle(self) -> str:
        return self.why

    def room(self) -> int:
        return 0

    def tend(self) -> None: ...

    def stop(self, run: RunFolder) -> None: ...

    def resume(self, run: RunFolder) -> None: ...


def test_a_sweep_waits_for_its_cluster_and_says_so(tmp_path: Path) -> None:
    sweep, far = SweepFolder.create(tmp_path, define(["lr=0.1"])), Far()
    drive = Drive(sweep, far)  # type: ignore[arg-type]
    assert drive.step()
    assert (sweep.status()["state"], sweep.status()["reason"]) == ("running", far.why)
    far.why = ""
    assert drive.step()
    assert sweep.status()["reason"] == ""
    sweep.request("stop")
    assert not drive.step()
    assert sweep.status()["state"] == "stopped"


# The run's way there and back, with the box in this process


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("there")
    tiny.make_set(home / "data")
    return home


def waiting(place: Path, config: TrainConfig = CONFIG) -> RunFolder:
    return queue.enqueue(place / "runs", tiny.SPEC, config, "tiny", device=CLUSTER, withheld=True)


def there(flight: Flight, place: Path, tmp_path: Path, box: Box) -> RunFolder:
    """Carried out as on a node."""
    from cifar7.data import library

    run = lay_out(tmp_path, flight.given())
    images = library.open_set("tiny", data_dir=place / "data")
    assert carry_out(run, images, lambda message: box.exchange(flight.id, message), "node 1")
    return run


def delivered(flight: Flight, box: Box) -> None:
    for name, message in box.collect({}, set()):
        assert name == flight.id
        flight.take(message)
    assert flight.write()


@pytest.mark.usefixtures("one_thread")
def test_a_run_comes_back_as_it_is_there(place: Path, tmp_path: Path) -> None:
    run, box = waiting(place), Box()
    flight = Flight(run)
    far = there(flight, place, tmp_path, box)
    delivered(flight, box)
    assert flight.over
    assert not flight.refused
    here = run.status()
    for name in ("state", "reason", "epoch", "result", "notices", "withheld"):
        assert here[name] == far.status()[name]  # type: ignore[literal-required]
    assert (here["state"], here["device"], here["pid"]) == ("stopped", CLUSTER, None)
    for name in ("model.pt", "checkpoint.pt", "environment.json"):
        assert (run.path / name).read_bytes() == (far.path / name).read_bytes()
    ends = [[event for event in one.events()[0] if event.kind != "beat"] for one in (run, far)]
    assert ends[0] == ends[1]
    assert run.reconcile()["state"] == "stopped"


def test_where_it_waits_is_said(place: Path) -> None:
    pytest.importorskip("streamlit", reason="the words stand on the pages")
    from cifar7.ui.train import run_words
    from cifar7.ui.words import progress

    run = waiting(place)
    assert run_words.progress_words(run.status(), None) == (0.0, "Waiting for a node of the cluster")
    assert progress.progress_words(run.status()) == "waiting for a node of the cluster"
    run.request_stop()


def test_no_worker_here_takes_it(place: Path) -> None:
    run = waiting(place)
    assert queue.claim_next(place / "runs", "auto") is None
    assert queue.places(place / "runs") == {}
    run.request_pause()
    run.request_resume()  # by hand: from then on it is a run like any other
    assert run.status()["device"] == "cpu"
    claimed = queue.claim_next(place / "runs", "cpu")
    assert claimed
    claimed.end("stopped")
    claimed.release()


@pytest.mark.parametrize("ask", ["request_stop", "request_pause"])
def test_a_run_that_was_called_back_is_not_begun(place: Path, ask: str) -> None:
    run = waiting(place)
    flight = Flight(run)
    assert not flight.outdated()
    getattr(run, ask)()
    assert flight.outdated()
    state = run.status()["state"]
    flight.take(Message(node="node 1"))
    flight.write()
    assert (flight.refused, run.status()["state"]) == (True, state)


def test_a_request_of_before_is_not_passed_on(place: Path) -> None:
    run = waiting(place)
    replace_json(run.path / "control.json", {"ask": "pause"})  # was carried out, and the run resumed
    flight = Flight(run)
    assert flight.asked() is None
    flight.take(Message(node="node 1"))
    flight.write()
    assert flight.asked() is None
    run.request_pause()
    assert flight.asked() == "pause"
    flight.leave(paused=True)


def test_what_the_driver_has_given_up_is_told_to_end() -> None:
    box = Box()
    assert box.exchange("a", Message()) is None
    assert len(box.collect({"b": "pause"}, {"a"})) == 1
    assert box.exchange("a", Message()) == "end"
    assert box.exchange("b", Message()) == "pause"
    assert [name for name, _ in box.collect({}, {"a"})] == ["b"]


def test_folders_of_killed_processes_are_removed_and_no_others(tmp_path: Path) -> None:
    for name in ("cifar7-run-dead", "cifar7-run-alive", "cifar7-run-new", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "alive.lock").touch()
    with FileLock(tmp_path / "cifar7-run-alive" / "alive.lock"):
        for name in ("cifar7-run-dead", "cifar7-run-alive", "other"):
            os.utime(tmp_path / name / "alive.lock", (0, 0))
        remove_left_over(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"cifar7-run-alive", "cifar7-run-new", "other"}


def test_a_second_death_is_the_end_of_it(place: Path) -> None:
    run = waiting(place)
    for deaths, state in ((1, "queued"), (2, "failed")):
        flight = Flight(run)
        flight.take(Message(node="node 1"))
        flight.write()
        assert run.reconcile()["state"] == "running"  # while its driver holds it
        flight.bury("was lost with its node")
        status = run.status()
        assert (status["state"], status["deaths"]) == (state, deaths)
    assert status["reason"] == (
        "Its process on the cluster was lost with its node, and it was the second time; nothing had been "
        "trained yet. Start the run again from its design."
    )


def test_a_driver_that_leaves_has_it_wait_or_pause(place: Path) -> None:
    for paused, state in ((False, "queued"), (True, "paused")):
        run = waiting(place)
        flight = Flight(run)
        flight.take(Message(node="node 1"))
        flight.write()
        flight.leave(paused)
        assert (run.reconcile()["state"], run.status()["deaths"]) == (state, 0)
        run.request_stop()


@pytest.mark.usefixtures("one_thread")
def test_a_half_trained_run_of_a_stopped_sweep_goes_on(place: Path, tmp_path: Path) -> None:
    """It was told as failed before it had been resumed."""
    (tmp_path / "data").symlink_to(place / "data")
    sweep, _ = carried_out(tmp_path, define(["lr=0.1"]), looks=2)
    (path,) = (tmp_path / "runs").glob("2*")
    replace_json(path / "status.json", {**read_json(path / "status.json"), "state": "stopped"})
    (path / "events.jsonl").write_bytes(b"")
    (path / "checkpoint.pt").unlink()
    sweep, _ = carried_out(tmp_path, sweep.definition(), sweep=sweep)
    assert sweep.trials()[0][0].complete


def test_one_whose_device_was_lost_there_waits_for_another_process(place: Path) -> None:
    flight = Flight(run := waiting(place))
    flight.take(Message(node="node 1"))
    flight.write()
    flight.take(Message(end={**run.status(), "state": "queued", "deaths": 1, "unrecorded": True}))
    assert flight.write()
    status = run.reconcile()
    assert (status["state"], status["deaths"], status["unrecorded"]) == ("queued", 1, True)
    run.request_stop()
