"""`train`, `runs`, `show`, `data`: the contract for scripts; a mistake is one line and status 2."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from calls import call, json_of
from PIL import Image

from cifar7.commands import control, history
from cifar7.commands.output import Progress, duration, percent, table
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.queue import enqueue, start_here
from cifar7.training.recipes import recipe

ROOT = Path(__file__).parent.parent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with the data set `tiny` and the network tiny.json."""
    for name in ("CIFAR7_DATA", "CIFAR7_RUNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CIFAR7_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # for processes; and for this one:
    torch.set_num_threads(1)  # two threads wait for each other longer than such a small network takes
    tiny.make_set(tmp_path / "home" / "data")
    (tmp_path / "tiny.json").write_text(json.dumps(tiny.SPEC.to_dict()))
    return tmp_path


def quick(home: Path, *more: object) -> tuple[object, ...]:
    return (
        "train",
        home / "tiny.json",
        "--data",
        "tiny",
        "--epochs",
        2,
        "--batch-size",
        16,
        "--device",
        "cpu",
        *more,
    )


def test_train_tells_what_scripts_need(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    told = json_of(capsys, *quick(home, "--seed", 7, "--lr", 0.05))
    assert told["epochs"] == 2
    assert told["data"] == "tiny"
    assert told["protocol"] == "holdout"
    assert told["synthetic"] is True
    assert 0 <= told["test_accuracy"] <= 1
    assert told["seconds"] > 0
    assert told["images_per_second"] > 0
    assert told["device"].startswith("CPU")
    run = RunFolder.open(home / "home" / "runs", told["run"])
    assert run.predictions().accuracy == pytest.approx(told["test_accuracy"])
    assert (run.config().seed, run.config().lr, run.config().batch_size) == (7, 0.05, 16)

    listed = json_of(capsys, "runs")["runs"]
    assert [(entry["run"], entry["state"]) for entry in listed] == [(told["run"], "finished")]
    assert listed[0]["test_accuracy"] == told["test_accuracy"]

    shown = json_of(capsys, "show", told["run"][:20])
    assert shown["run"] == told["run"]
    assert shown["test_accuracy"] == told["test_accuracy"]
    assert [event["epoch"] for event in shown["curve"]] == [1, 2]
    assert list(shown["class_accuracy"]) == list(tiny.CLASSES)
    assert shown["spec"] == tiny.SPEC.to_dict()


def test_a_recipe_is_followed_save_for_what_is_said(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    told = json_of(capsys, *quick(home, "--recipe", "velasoka"))
    config = RunFolder.open(home / "home" / "runs", told["run"]).config()
    expected = recipe("velasoka").config
    assert config == replace(expected, epochs=2, batch_size=16, device="cpu")
    assert told["protocol"] == "test-each-epoch"

    status, _, err = call(capsys, *quick(home, "--recipe", "grandmother"))
    assert (status, err.count("\n")) == (2, 1)
    assert "there is no recipe 'grandmother'" in err


def test_recipes_are_listed_with_what_was_told_and_what_was_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = call(capsys, "recipes")
    assert status == 0
    assert "velasoka: " in out
    assert "told: SGD with learning rate 0.001" in out
    listed = {entry["name"]: entry for entry in json_of(capsys, "recipes")["recipes"]}
    assert list(listed) == ["default", "velasoka", "shrimali"]
    assert listed["velasoka"]["config"]["lr"] == 0.001


def test_train_for_people(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    status, out, err = call(capsys, *quick(home, "--runs", home / "elsewhere"))
    assert status == 0
    run = list_runs(home / "elsewhere")[0]
    accuracy = (run.status()["result"] or {})["test_accuracy"]
    assert f"test accuracy {percent(accuracy)} on 30 images of Tiny colours" in out
    assert "test set read once" in out
    assert run.id in out
    assert [line.split()[1] for line in err.splitlines() if line.startswith("epoch ")] == ["1/2", "2/2"]
    status, out, _ = call(capsys, "show", run.id, "--runs", home / "elsewhere")
    assert status == 0
    assert percent(accuracy) in out
    assert all(name in out for name in tiny.CLASSES)
    status, out, _ = call(capsys, "runs", "--runs", home / "elsewhere")
    assert status == 0
    assert run.id in out


def test_the_output_follows_the_number_of_classes(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    ten = home / "ten.json"
    ten.write_text(json.dumps(tiny.SPEC.with_classes(10).to_dict()))
    status, out, err = call(
        capsys, "train", ten, "--data", "tiny", "--epochs", 1, "--device", "cpu", "--json"
    )
    assert status == 0
    assert "Tiny Net has 10 classes and Tiny colours 3: the output was set to 3" in err
    assert list_runs(home / "home" / "runs")[0].spec().classes == 3
    assert json.loads(out)["classes"] == list(tiny.CLASSES)


def test_ctrl_c_stops_and_keeps_what_there_is(home: Path) -> None:
    command = [str(part) for part in quick(home, "--epochs", 1000, "--json")]
    process = subprocess.Popen(
        [sys.executable, "-m", "cifar7", *command],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            break
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopping" in err
    told = json.loads(out)
    assert told["state"] == "stopped"
    assert 2 <= told["epochs"] < 1000
    run = RunFolder.open(home / "home" / "runs", told["run"])
    assert run.status()["state"] == "stopped"
    assert str(run.status()["reason"]).startswith("Interrupted at the command line, after ")
    assert run.predictions().accuracy == pytest.approx(told["test_accuracy"])


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


def picture(colour: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((32, 32, 3), colour, dtype=np.uint8)).save(content, "PNG")
    return content.getvalue()


FILES = {
    f"{part}/{name}/{i}.png": picture(20 * i)
    for part in ("train", "test")
    for name in "ab"
    for i in range(12)
}


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_import_then_train_then_list(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    path = archive(home / "two.tar.gz", FILES)
    told = json_of(capsys, "data", "import", path, "--name", "two")
    assert (told["name"], told["classes"], told["train_size"], told["test_size"]) == (
        "two",
        ["a", "b"],
        24,
        24,
    )
    names = [entry["name"] for entry in json_of(capsys, "data")["sets"]]
    assert names == ["cifar10", "tiny", "two", "shapes"]
    status, out, _ = call(capsys, "data")
    assert status == 0
    assert "two" in out
    by_path = json_of(capsys, "train", home / "tiny.json", "--data", path, "--epochs", 1, "--device", "cpu")
    assert by_path["classes"] == ["a", "b"]
    assert by_path["data_fingerprint"] == told["fingerprint"]
    run = RunFolder.open(home / "home" / "runs", by_path["run"])
    assert str(home) not in (run.path / "environment.json").read_text()
    assert str(home) not in (run.path / "config.json").read_text()


def broken(folder: Path, which: str) -> Path:
    path = archive(folder / f"{which}.tar.gz", FILES)
    if which == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif which == "climbing":
        archive(path, {**FILES, "../x.png": picture(1)})
    elif which == "text":
        archive(path, {**FILES, "train/a/essay.jpg": b"no picture at all"})
    elif which == "one-sided":
        archive(path, {**FILES, "train/c/0.png": picture(1)})
    elif which == "absent":
        path.unlink()
    return path


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("truncated", "truncated.tar.gz"),
        ("climbing", "../x.png"),
        ("text", "essay.jpg"),
        ("one-sided", "c"),
        ("absent", "absent"),
    ],
)
@pytest.mark.parametrize("command", ["import", "train"])
def test_broken_data_is_named_and_leaves_no_trace(
    capsys: pytest.CaptureFixture[str], home: Path, which: str, message: str, command: str
) -> None:
    path = broken(home, which)
    before = sorted(p.name for p in (home / "home" / "data").iterdir())
    words = (
        ("data", "import", path, "--name", "broken")
        if command == "import"
        else ("train", "starter", "--data", path)
    )
    status, out, err = call(capsys, *words)
    assert (status, out) == (2, "")
    *progress, said = err.splitlines()
    assert message in said
    assert said.startswith("cifar7: ")
    assert all(": " in line and "cifar7" not in line for line in progress)
    assert sorted(p.name for p in (home / "home" / "data").iterdir()) == before
    assert not (home / "x.png").exists()
    assert list_runs(home / "home" / "runs") == []


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--epochs", 0, "epochs is 0; it takes a whole number from 1"),
        ("--epochs", -3, "epochs is -3"),
        ("--batch-size", 0, "batch_size is 0"),
        ("--lr", 0, "lr is 0"),
        ("--lr", "nan", "lr is nan"),
        ("--seed", -1, "seed is -1"),
        ("--device", "mps", "mps"),
    ],
)
def test_settings_out_of_range(
    capsys: pytest.CaptureFixture[str], home: Path, option: str, value: object, message: str
) -> None:
    status, out, err = call(capsys, *quick(home, option, value))
    assert (status, out) == (2, "")
    assert message in err.splitlines()[-1]
    assert len(err.splitlines()) == 1
    assert list_runs(home / "home" / "runs") == []


def test_an_unknown_data_set_lists_those_there_are(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    status, out, err = call(capsys, "train", home / "tiny.json", "--data", "nonesuch")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "tiny" in err
    status, _, err = call(capsys, "train", home / "tiny.json", "--data", "cifar10")
    assert status == 2
    assert "data fetch cifar10" in err


def test_runs_cannot_be_kept_in_a_file(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    (home / "file").write_text("")
    status, out, err = call(capsys, *quick(home, "--runs", home / "file"))
    assert (status, out) == (2, "")
    assert "choose another folder" in err.splitlines()[-1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_redrawn_on_a_terminal_and_told_now_and_then_elsewhere() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        progress = Progress(stream)
        for i in range(3):
            progress.update(f"step {i}")
            time.sleep(0.11)  # a terminal is redrawn every 0.1 s, a file gets a line every 5 s
        progress.keep("done")
        progress.close()
    assert "\n" not in terminal.getvalue().split("step 2")[0]
    assert terminal.getvalue().endswith("\r\x1b[Kdone\n")
    assert file.getvalue() == "step 0\ndone\n"


def test_numbers_for_people() -> None:
    assert percent(0.80251) == "80.25 %"
    assert percent(None) == "-"
    assert [duration(s) for s in (3.14159, 42.4, 65.0, 3725.0)] == [
        "3.1 s",
        "42 s",
        "1 min 05 s",
        "1 h 02 min",
    ]
    assert table(("a", "n"), [("x", 1), ("yy", 100)]).splitlines() == [
        "a     n",
        "--  ---",
        "x     1",
        "yy  100",
    ]


def test_find_lr(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    asked = ("find-lr", home / "tiny.json", "--data", "tiny", "--device", "cpu", "--batch-size", 16)
    told = json_of(capsys, *asked)
    assert told["suggestion"] is not None, told["reason"]
    assert len(told["rates"]) == len(told["losses"]) == len(told["smoothed"]) <= 120
    status, out, _ = call(capsys, *asked)
    assert status == 0
    assert told["reason"] in out
    # At a busy moment or with other threads the loss is lowest elsewhere; what already is set is not advised.
    advice = f"`train ... --lr {told['suggestion']:g}` uses it; the recipe default has 0.2."
    assert (advice in out) is (told["suggestion"] != 0.2)
    assert list_runs(home / "home" / "runs") == []
    status, _, err = call(capsys, *asked, "--steps", 5)
    assert (status, err.strip()) == (2, "cifar7: 5 steps tell nothing; give 20 or more.")


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
    monkeypatch.setattr(control, "ensure_worker", lambda runs: None)
    monkeypatch.setattr(control, "PATIENCE", 0.0)
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
