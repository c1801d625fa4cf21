"""`runs`, `show`, `pause`, `stop`, `resume`: the runs there are, also those of other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny
from calls import call, json_of, quick
from where import ROOT

from cifar7.commands import history
from cifar7.runs import people
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.queue import enqueue, start_here


@pytest.fixture
def home(cli_home: Path) -> Path:
    return cli_home


def test_runs_and_show_tell_the_truth_about_dead_and_waiting_ones(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: list[Path] = []
    monkeypatch.setattr(history, "ensure_worker", lambda folder: workers.append(folder) or 123)
    runs = home / "home" / "runs"
    assert json_of(capsys, "runs")["runs"] == []
    assert "No runs" in call(capsys, "runs")[1]
    dead = start_here(runs, tiny.SPEC, tiny.config(), "tiny")
    dead.release()
    enqueue(runs, tiny.SPEC, tiny.config(), "tiny")
    second = enqueue(runs, tiny.SPEC, tiny.config(), "tiny")
    assert workers == []
    states = {entry["run"]: entry["state"] for entry in json_of(capsys, "runs")["runs"]}
    assert states[dead.run.id] == "failed"
    assert states[second.id] == "queued"
    assert workers == [runs]  # whoever notices the death starts the next worker, once
    json_of(capsys, "runs")
    assert workers == [runs]
    assert json_of(capsys, "show", second.id)["position"] == 2
    status, out, _ = call(capsys, "show", dead.run.id)
    assert status == 0
    assert "without a word" in out


def test_a_beginning_must_name_one_run(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    runs = [enqueue(home / "home" / "runs", tiny.SPEC, tiny.config(), "tiny") for _ in range(2)]
    assert json_of(capsys, "show", runs[0].id[:-1])["run"] == runs[0].id
    for beginning, message in (
        ("20", "2 runs begin with '20'"),
        ("x", "`python -m cifar7 runs`"),
        ("", "runs`"),
    ):
        status, out, err = call(capsys, "show", beginning)
        assert (status, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert message in err


def test_they_tell_whose_a_run_is(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    runs = home / "home" / "runs"
    enqueue(runs, tiny.SPEC, tiny.config(), "tiny")
    assert call(capsys, "runs")[1].splitlines()[0].endswith("time"), "no column where nobody is known"
    run = enqueue(runs, tiny.SPEC, tiny.config(), "tiny", by=people.load(runs, "A" * 32))
    ada = people.rename(runs, "A" * 32, "Ada")  # after she had started it
    listed = {entry["run"]: entry for entry in json_of(capsys, "runs")["runs"]}
    assert [(one["by"], one["by_name"]) for one in listed.values()].count(("", "")) == 1
    shown = json_of(capsys, "show", run.id)
    for told in (listed[run.id], shown):
        assert (told["by"], told["by_name"]) == (ada.id, "Ada")
    out = call(capsys, "runs")[1].splitlines()
    assert out[0].endswith("by")
    assert next(line for line in out if line.startswith(run.id)).endswith("Ada")
    assert f"Ada ({ada.id})" in call(capsys, "show", run.id)[1]
    assert call(capsys, "stop", run.id)[0] == 0, "the command line may do all"


@pytest.fixture
def endless(home: Path) -> Iterator[RunFolder]:
    """A run of many epochs that another process trains at the command line."""
    command = [sys.executable, "-m", "cifar7", *map(str, quick(home)), "--epochs", "1000"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        tiny.wait_for(lambda: list_runs(home / "home" / "runs"), 60, "a run")
        (run,) = list_runs(home / "home" / "runs")
        tiny.wait_for(lambda: run.status()["epoch"], 60, "an epoch")
        yield run
        out, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert run.status()["state"] != "running"
    assert "paused; `python -m cifar7 resume" in out or "test accuracy" in out


def test_pause_and_stop_from_elsewhere(
    capsys: pytest.CaptureFixture[str], home: Path, endless: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json_of(capsys, "pause", endless.id)
    assert (told["run"], told["state"]) == (endless.id, "paused")
    status, out, _ = call(capsys, "pause", endless.id[:20])
    assert (status, out.strip()) == (0, f"{endless.id} is paused")
    # Stopped, it waits to be tested; no worker comes here.
    monkeypatch.setattr(history, "ensure_worker", lambda runs: None)
    monkeypatch.setattr(history, "PATIENCE", 0.0)
    status, _, err = call(capsys, "stop", endless.id)
    assert (status, err.strip()) == (0, f"{endless.id} was asked, and is still queued")


def test_stop_from_elsewhere(capsys: pytest.CaptureFixture[str], endless: RunFolder) -> None:
    told = json_of(capsys, "stop", endless.id)
    assert told["state"] == "stopped"
    assert told["reason"].startswith("Stopped as asked, after ")
    status, _, err = call(capsys, "pause", endless.id)
    assert (status, err.strip()) == (
        2,
        f"cifar7: the run {endless.id} is stopped; what waits or goes on can be paused",
    )


def test_resume_goes_on_for_more_epochs(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    run = json_of(capsys, *quick(home))["run"]
    status, _, err = call(capsys, "resume", run)
    assert (status, err.strip()) == (
        2,
        f"cifar7: the run {run} is finished; say how many more epochs, as in --epochs 4",
    )
    told = json_of(capsys, "resume", run[:20], "--epochs", 1)
    assert (told["run"], told["epochs"], told["state"]) == (run, 3, "finished")
    shown = json_of(capsys, "show", run)
    assert [event["epoch"] for event in shown["curve"]] == [1, 2, 3]
    status, _, err = call(capsys, "resume", run, "--epochs", 1)
    assert status == 0
    assert "going on from step 30 of 40" in err
