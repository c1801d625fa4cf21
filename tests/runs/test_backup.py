"""A run folder that was copied away and back is the run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tiny

from cifar7.commands.parser import main
from cifar7.runs.folder import RunFolder, list_runs


def test_a_run_copied_away_and_back_is_shown_checked_and_resumed(
    cli_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = cli_home / "home" / "runs"
    assert main(["train", str(cli_home / "tiny.json"), "--data", "tiny", "--epochs", "1"]) == 0
    (run,) = list_runs(runs)
    before = run.status(), str(run.events()), run.predictions().accuracy
    shutil.copytree(run.path, cli_home / "backup")
    assert main(["runs", "delete", run.id]) == 0
    assert list_runs(runs) == []
    capsys.readouterr()

    shutil.copytree(cli_home / "backup", run.path)
    again = RunFolder.open(runs, run.id)
    assert (again.reconcile(), str(again.events()), again.predictions().accuracy) == before
    assert main(["show", run.id]) == 0
    assert "finished" in capsys.readouterr().out
    assert main(["check", run.id]) == 0
    assert main(["resume", run.id, "--epochs", "1"]) == 0
    status = again.status()
    assert (status["state"], (status["result"] or {})["epochs"]) == ("finished", 2)
    assert again.spec() == tiny.SPEC


def test_a_backup_of_a_run_that_was_being_trained_is_taken_up(cli_home: Path) -> None:
    """It says "running", and nobody executes the copy."""
    from cifar7.runs import queue

    runs, other = cli_home / "home" / "runs", cli_home / "home" / "other"
    run = queue.enqueue(runs, tiny.SPEC, tiny.config(), "tiny")
    claim = queue.claim_next(runs)
    assert claim is not None
    other.mkdir()
    shutil.copytree(run.path, other / run.id)
    assert queue.reconcile(other) == [RunFolder(other / run.id)]
    assert [one.id for one in queue.waiting(other)] == [run.id]
    assert run.reconcile()["state"] == "running"
    claim.release()
