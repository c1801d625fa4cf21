"""Damaged folders beside good ones: each is told as such, nothing hangs, and nobody else is harmed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from handmade import recorded
from runs.damage import STATUSES, laid, plant_all

from cifar7.data import library
from cifar7.errors import UserError
from cifar7.results.predictions import Predictions, PredictionsError
from cifar7.runs import queue
from cifar7.runs.execute import execute
from cifar7.runs.folder import DamagedError, RunError, RunFolder, list_runs
from cifar7.runs.kept.listing import Damaged, Listed, listed
from cifar7.runs.kept.recheck import recheck
from cifar7.training.checkpoint import CheckpointError, load, load_weights
from cifar7.training.events import Beat, EpochEnd


@pytest.mark.skipif(os.name == "nt", reason="pipes and links are made otherwise there")
def test_each_kind_of_damage_is_told_and_harms_nobody(tmp_path: Path) -> None:
    runs_dir = tmp_path / "runs"
    before, planted, after = laid(runs_dir), plant_all(runs_dir), laid(runs_dir)
    entries = list(listed(list_runs(runs_dir)))
    reasons = {one.run.path.name: one.reason for one in entries if isinstance(one, Damaged)}
    assert {one.run for one in entries if isinstance(one, Listed)} == {before, after}
    assert set(reasons) == {run.id for run in planted.values()}
    for name, (_, reason) in STATUSES.items():
        assert reasons[planted[name].id].endswith(reason), name
        with pytest.raises(DamagedError):
            RunFolder.open(runs_dir, planted[name].id).status()
    assert queue.line(runs_dir) == [before, after]
    assert queue.reconcile(runs_dir) == queue.running(runs_dir) == []
    claim = queue.claim_next(runs_dir)
    assert claim is not None
    assert claim.run == before
    claim.release()
    queue.remove_abandoned(runs_dir)
    assert {one.run for one in listed(list_runs(runs_dir))} == {before, after, *planted.values()}
    assert (tmp_path / "elsewhere" / "status.json").is_file()


@pytest.mark.skipif(os.name == "nt", reason="pipes and links are made otherwise there")
@pytest.mark.parametrize("name", ["events.jsonl", "control.json", "run.lock", "model.pt"])
@pytest.mark.parametrize("what", ["pipe", "directory", "link"])
def test_what_stands_in_the_way_of_writing_fails_that_run_alone(tmp_path: Path, name: str, what: str) -> None:
    tiny.make_set(tmp_path / "data")
    torch.set_num_threads(1)
    poisoned, good = laid(tmp_path / "runs", epochs=1), laid(tmp_path / "runs", epochs=1)
    path, outside = poisoned.path / name, tmp_path / "outside"
    outside.write_text("mine")
    {"pipe": os.mkfifo, "directory": Path.mkdir, "link": lambda path: path.symlink_to(outside)}[what](path)
    while claim := queue.claim_next(tmp_path / "runs"):
        execute(claim, lambda set_name, progress: library.open_set(set_name, progress, tmp_path / "data"))
    assert good.status()["state"] == "finished"
    assert poisoned.status()["state"] in ("failed", "finished")  # what is replaced is no hindrance
    assert outside.read_text() == "mine"
    if poisoned.status()["state"] == "failed":
        assert poisoned.status()["reason"]


def test_old_folders_lack_the_newer_fields(tmp_path: Path) -> None:
    run = laid(tmp_path)
    status = json.loads((run.path / "status.json").read_text())
    for name in ("deaths", "foreground", "then", "notices"):
        del status[name]
    (run.path / "status.json").write_text(json.dumps({**status, "of a later version": 1}))
    read: Any = run.status()
    assert (read["deaths"], read["then"], read["notices"]) == (0, None, [])
    assert read["of a later version"] == 1
    (run.path / "status.json").write_text(json.dumps({**status, "state": "running", "pid": 7}))
    assert run.reconcile()["state"] == "failed"  # as those who left it so were told


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("spec.json", "{"),
        ("spec.json", '{"version": 2, "stages": 7}'),
        ("spec.json", '{"a": ' * 50_000),
        ("config.json", '{"epochs": NaN}'),
        ("config.json", '{"epochs": [[[]]], "data": "tiny"}'),
        ("config.json", "\x00\x01"),
        ("environment.json", '{"data": "tiny"}'),
        ("environment.json", '{"device": ["x"]}'),
    ],
)
def test_a_garbled_file_is_an_error_in_words(tmp_path: Path, name: str, content: str) -> None:
    run = laid(tmp_path)
    (run.path / name).write_text(content)
    read = {"spec.json": run.spec, "config.json": run.config, "environment.json": run.environment}[name]
    with pytest.raises(UserError):
        read()


def test_a_name_of_a_set_is_a_text(tmp_path: Path) -> None:
    run = laid(tmp_path)
    (run.path / "config.json").write_text('{"data": {"x": 1}}')
    with pytest.raises(RunError, match="names no image set"):
        run.data_name()


def test_events_with_wrong_types_hold_nothing(tmp_path: Path) -> None:
    run = laid(tmp_path)
    lines = [
        '{"event": "beat", "step": "many", "steps": -3, "loss": "low", "seconds": -1, "accuracy": 17}',
        '{"event": "epoch", "epoch": 1e400}',
        '{"event": "epoch", "epoch": 1, "test_accuracy": 0.5}',
        "[1, 2]",
        '{"event": ["beat"]}',
        '{"event": "notice", "words": ' + json.dumps("x" * 200_000) + "}",
        "[" * 5000,
    ]
    (run.path / "events.jsonl").write_text("\n".join(lines) + "\n")
    beat, end = run.events()[0]
    assert isinstance(beat, Beat)
    assert (beat.step, beat.steps) == (0, 0)
    assert np.isnan([beat.loss, beat.seconds, beat.accuracy]).all()
    assert isinstance(end, EpochEnd)
    assert (end.epoch, end.test_accuracy) == (1, 0.5)
    (run.path / "events.jsonl").write_bytes(b"")
    with (run.path / "events.jsonl").open("r+b") as file:
        file.truncate(100_000_000)
    with pytest.raises(DamagedError, match="is larger than 64,000,000 bytes"):
        run.events()


def predictions(path: Path, **changed: Any) -> None:
    arrays = {"probabilities": np.full((2, 3), 1 / 3, np.float32), "labels": np.array([0, 2]),
              "classes": np.array(["a", "b", "c"])}  # fmt: skip
    save = np.savez_compressed if changed.pop("compressed", False) else np.savez
    with path.open("wb") as file:
        save(file, **{**arrays, **changed})


def test_predictions_are_what_their_head_says_or_an_error(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    predictions(path)
    assert Predictions.load(path).classes == ("a", "b", "c")
    wrong: list[dict[str, Any]] = [
        {"compressed": True},
        {"probabilities": np.array([[None, {}, 1]], dtype=object)},
        {"probabilities": np.full((2, 3), np.nan, np.float32)},
        {"probabilities": np.full((2, 3), 7.0, np.float32)},
        {"probabilities": np.full((2, 3), 1, np.int64)},
        {"labels": np.array([0, 3])},
        {"labels": np.array([0.5, 1])},
        {"labels": np.array([[0], [1]])},
        {"classes": np.array([1, 2, 3])},
        {"classes": np.array(["a" * 500, "b", "c"])},
    ]
    for changed in wrong:
        predictions(path, **changed)
        with pytest.raises(PredictionsError):
            Predictions.load(path)


def test_a_head_that_promises_more_than_there_is_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    predictions(path)
    content = path.read_bytes()
    assert content.count(b"'shape': (2, 3), }") == 1
    path.write_bytes(content.replace(b"'shape': (2, 3), }", b"'shape': (9**15,)}"[:18]))
    with pytest.raises(PredictionsError):
        Predictions.load(path)
    path.write_bytes(content.replace(b"'shape': (2, 3), }", b"'shape': (9999,9)}"))
    with pytest.raises(PredictionsError):
        Predictions.load(path)


@pytest.mark.skipif(os.name == "nt", reason="pipes are made otherwise there")
def test_weights_that_are_none_are_told(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    contents: list[Any] = [{}, [1, 2], {"a": 1}, {1: torch.zeros(2)}, "words", {"version": 2, "module": 5}]
    for content in contents:
        torch.save(content, path)
        with pytest.raises(CheckpointError, match="holds no weights"):
            load_weights(path)
        with pytest.raises(CheckpointError):
            load(path)
    for garbage in (b"", b"garbage" * 1000, b"PK\x03\x04" + bytes(1000), b"\x80\x02}q\x00."):
        path.write_bytes(garbage)
        with pytest.raises(CheckpointError, match="holds no weights"):
            load_weights(path)
        with pytest.raises(CheckpointError, match="is damaged"):
            load(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CheckpointError):
        load_weights(path)


def test_a_check_of_weights_that_are_none_is_an_error_in_words(tmp_path: Path) -> None:
    tiny.make_set(tmp_path / "data")
    images = library.open_set("tiny", data_dir=tmp_path / "data")
    claim = queue.start_here(tmp_path / "runs", tiny.SPEC, tiny.config(), "tiny")
    claim.save_environment({"data": {"fingerprint": images.fingerprint}})
    result = {**recorded({"event": "finished"}).to_dict(), "precision": "fp32", "test_accuracy": 0.5}
    claim.end("finished", None, result)
    claim.release()
    (claim.run.path / "model.pt").write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match=r"model\.pt holds no weights"):
        recheck(claim.run, images)
    torch.save({"other": torch.zeros(3)}, claim.run.path / "model.pt")
    with pytest.raises(CheckpointError, match="weights of another network"):
        recheck(claim.run, images)


def test_a_checkpoint_with_garbled_parts_fails_its_run_in_words(tmp_path: Path) -> None:
    tiny.make_set(tmp_path / "data")
    torch.set_num_threads(1)

    def open_images(name: str, progress: Any) -> Any:
        return library.open_set(name, progress, tmp_path / "data")

    claim = queue.start_here(tmp_path / "runs", tiny.SPEC, tiny.config(epochs=1), "tiny")
    execute(claim, open_images)
    saved = torch.load(claim.run.path / "checkpoint.pt", weights_only=True)
    for part in ("optimiser", "metrics", "selection", "rng", "batches", "throughput", "step"):
        torch.save({**saved, part: {"garbage": [1]}}, claim.run.path / "checkpoint.pt")
        claim.run.request_resume(1)
        again = queue.claim_next(tmp_path / "runs")
        assert again is not None
        status = execute(again, open_images)
        assert (status["state"], status["reason"]) in [
            ("failed", "the checkpoint is damaged; train the design again."),
            ("failed", "the checkpoint checkpoint.pt is damaged; train the design again."),
        ], part
