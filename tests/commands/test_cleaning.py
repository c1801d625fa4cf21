"""`runs clean`, `runs delete` and `data remove` on the command line, and how `runs` tells of damage."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import tiny

from cifar7.commands.parser import main
from cifar7.runs import queue
from cifar7.runs.folder import RunFolder, list_runs


@pytest.fixture
def runs(cli_home: Path) -> Path:
    return cli_home / "home" / "runs"


def laid(runs: Path, state: str = "finished", created: float = 0.0) -> RunFolder:
    run = queue.enqueue(runs, tiny.SPEC, tiny.config(), "tiny")
    status = {**run.status(), "state": state, "created": created}
    (run.path / "status.json").write_text(json.dumps(status))
    return run


def test_a_dry_run_says_what_would_go_and_how_much_room_that_makes(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, waits = laid(runs), laid(runs, "queued")
    assert main(["runs", "clean", "--older-than", "30d", "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert old.id in text
    assert waits.id not in text
    assert "1 run: that would make 0.0 MB of room" in text
    assert main(["runs", "clean", "--older-than", "30d", "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(one["kind"], one["name"]) for one in answer["removed"]] == [("run", old.id)]
    assert (answer["dry_run"], answer["left"]) == (True, [])
    assert answer["bytes"] > 0
    assert len(list_runs(runs)) == 2
    assert main(["runs", "clean", "--older-than", "30d", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == answer["bytes"]
    assert list_runs(runs) == [waits]
    assert main(["runs", "clean", "--older-than", "30d"]) == 0
    assert "Nothing to remove" in capsys.readouterr().out
    assert main(["runs", "clean", "--older-than", "soon"]) == 2
    assert "as in 12h, 30d or 4w" in capsys.readouterr().err


def test_the_folder_can_be_named_before_and_behind(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    laid(other)
    for words in (["--runs", str(other), "clean"], ["clean", "--runs", str(other)]):
        assert main(["runs", *words, "--older-than", "1d", "--dry-run", "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert (answer["runs_dir"], len(answer["removed"])) == (str(other), 1)


def test_one_run_is_deleted_by_the_beginning_of_its_id(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = laid(runs)
    assert main(["runs", "delete", run.id[:20]]) == 0
    assert f"{run.id} is removed" in capsys.readouterr().out
    assert list_runs(runs) == []
    assert main(["runs", "delete", run.id]) == 2


def test_a_set_is_removed_unless_a_run_needs_it(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = laid(runs, "queued")
    assert main(["data", "remove", "tiny"]) == 2
    assert f"'tiny' is needed by the run {run.id}; wait for it, or stop it" in capsys.readouterr().err
    run.request_stop()
    assert main(["data", "remove", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "tiny"}
    assert main(["data", "remove", "tiny"]) == 2
    assert main(["data", "remove", "shapes"]) == 2
    assert main(["data", "remove", "../runs"]) == 2
    err = capsys.readouterr().err
    assert "there is no stored data set 'tiny'" in err
    assert "'shapes' is built in" in err
    assert "cannot name a data set" in err


@pytest.mark.skipif(os.name == "nt", reason="pipes are made otherwise there")
def test_runs_lists_what_is_damaged_with_the_reason(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = laid(runs), laid(runs)
    (bad.path / "status.json").unlink()
    os.mkfifo(bad.path / "status.json")
    assert main(["runs"]) == 0
    text = capsys.readouterr().out
    assert good.id in text
    assert f"{bad.id} is damaged: status.json is a pipe" in text
    assert main(["runs", "--json"]) == 0
    entries = {one["run"]: one for one in json.loads(capsys.readouterr().out)["runs"]}
    assert entries.keys() == {good.id, bad.id}
    assert (entries[bad.id]["state"], entries[bad.id]["reason"]) == ("damaged", "status.json is a pipe")
    assert entries[bad.id].keys() == entries[good.id].keys()
    for command in ("show", "stop", "pause", "check"):
        assert main([command, bad.id]) == 2
    assert main(["show", good.id]) == 0


def test_garbled_weights_end_check_and_export_in_words(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path / "tiny.json"), "--data", "tiny", "--epochs", "1", "--json"]) == 0
    run = list_runs(runs)[0]
    capsys.readouterr()
    (run.path / "model.pt").write_bytes(b"no weights")
    assert main(["check", run.id]) == 2
    assert main(["export", run.id, "--out", str(tmp_path / "x.zip")]) == 2
    (run.path / "checkpoint.pt").write_bytes(b"no checkpoint")
    assert main(["resume", run.id, "--epochs", "1"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("cifar7: ")]
    assert lines == [
        "cifar7: model.pt holds no weights; train the design again.",
        "cifar7: model.pt holds no weights; train the design again.",
        "cifar7: the checkpoint checkpoint.pt is damaged; train the design again.",
    ]
