"""Run folders with mutated files, by the hundred (thousands with CIFAR7_RANDOM_SPECS): every reader ends in a
value or in words, and no file outside of the folder of runs is touched."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import tiny
from handmade import make_run, make_set

from cifar7.commands import history
from cifar7.errors import UserError
from cifar7.runs import experiments, queue
from cifar7.runs.files import replace_json
from cifar7.runs.folder import RunFolder, list_runs
from cifar7.runs.kept import cleaning
from cifar7.runs.kept.listing import listed
from cifar7.training import checkpoint
from cifar7.training.lr_finding import Finding
from cifar7.ui.strip.run_line import line_html
from cifar7.ui.train import run_words
from cifar7.ui.train.run_history import History
from cifar7.ui.train.run_view import _values
from cifar7.ui.words.run_list import Summary, labels

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "200"))
ODD: list[Any] = [
    None, True, -1, 0, 1, 2**62, 2**70, 1e308, -0.5, 1.5, "", "x" * 3000, "\u0000", "\ud800", "../../etc/x",
    "queued", "running", [], [[]], {}, {"a": {"b": {}}}, [None], ["a"], {"event": "beat"}, {"step": "x"},
    {"event": "finished"}, {"event": "beat", "steps": -1, "step": 5}, {"test_accuracy": "1"},
]  # fmt: skip
TEXTS = ["status.json", "spec.json", "config.json", "environment.json", "experiment.json", "control.json"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with everything that can stand in its folder."""
    folder = tmp_path_factory.mktemp("whole")
    make_set(folder / "data")
    run = make_run(folder)
    replace_json(run.path / "experiment.json", {"experiment": "e", "toggle": "t", "with": True, "seed": 1})
    replace_json(run.path / "control.json", {"ask": "stop", "at": 1.0})
    return run


def changed(dice: random.Random, value: Any) -> Any:
    """The value with one part of it, at any depth, exchanged, removed or added."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        name = dice.choice(list(value))
        if dice.random() < 0.15:
            return {key: part for key, part in value.items() if key != name}
        if dice.random() < 0.1:
            return {**value, "odd": dice.choice(ODD)}
        return {**value, name: changed(dice, value[name])}
    if isinstance(value, list) and value and dice.random() < 0.6:
        at = dice.randrange(len(value))
        return [*value[:at], changed(dice, value[at]), *value[at + 1 :]]
    return dice.choice(ODD)


def mutate(dice: random.Random, run: RunFolder) -> str:
    """Change one file; returns what was done."""
    name = dice.choice([*TEXTS, "status.json", "events.jsonl", "predictions.npz"])
    path = run.path / name
    if name in TEXTS and dice.random() < 0.8:
        value = json.loads(path.read_text())
        for _ in range(dice.randint(1, 3)):
            value = changed(dice, value)
        path.write_text(json.dumps(value))
        return f"{name}: {json.dumps(value)[:3000]}"
    if name == "events.jsonl" and dice.random() < 0.7:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        at = dice.randrange(len(lines))
        lines[at] = changed(dice, lines[at])
        path.write_text("\n".join(map(json.dumps, lines)) + "\n")
        return f"{name}: {json.dumps(lines[at])[:3000]}"
    content = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 20)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    if dice.random() < 0.3:
        del content[dice.randrange(len(content)) :]
    path.write_bytes(content)
    return f"{name}: bytes"


def read_everything(run: RunFolder) -> None:
    """What pages, lists and commands read of a run, each part by itself."""

    def strip() -> None:
        status = run.status()
        line_html(status)
        run_words.progress_words(status, 1)
        run_words.result_words(status)
        run_words.failed_words(status)

    def list_line() -> None:
        summaries = [Summary(run, run.status())]
        labels(summaries)
        summaries[0].markdown()

    def curves() -> None:
        course = History(run.id)
        course.read(run)
        course.table()
        _values(run.status(), course)

    def command() -> None:
        status = run.status()
        history._lines(status, history._full(run, status))

    def finding() -> None:
        Finding.from_dict(run.status()["result"])

    readers: list[Callable[[], object]] = [
        run.status, run.events, run.story, run.spec, run.config, run.data_name, run.environment,
        run.predictions, run.requested, strip, list_line, curves, command, finding,
    ]  # fmt: skip
    for reader in readers:
        with suppress(UserError):
            reader()


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_mutated_folders_are_read_or_told(whole: RunFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("mine")
    before = snapshot(outside), snapshot(whole.path)
    runs = tmp_path / "runs"
    good = queue.enqueue(runs, tiny.SPEC, tiny.config(), "tiny")
    run = RunFolder(runs / whole.id)
    dice = random.Random(11)
    for _ in range(EXAMPLES):
        shutil.copytree(whole.path, run.path)
        what = mutate(dice, run)
        try:
            assert {one.run for one in listed(list_runs(runs))} == {run, good}
            assert good in queue.line(runs)
            queue.running(runs)
            experiments.find(runs)
            cleaning.old_runs(runs, 0, paused=True, damaged=True)
            read_everything(run)
        except Exception as error:
            raise AssertionError(what) from error
        shutil.rmtree(run.path)
    assert (snapshot(outside), snapshot(whole.path)) == before
    assert {path.name for path in tmp_path.iterdir()} == {"outside", "runs"}
    assert good.status()["state"] == "queued"


def test_mutated_tensors_are_read_or_told(whole: RunFolder, tmp_path: Path) -> None:
    content = (whole.path / "model.pt").read_bytes()
    dice = random.Random(5)
    path, told = tmp_path / "model.pt", 0
    for _ in range(EXAMPLES // 3):
        mutated = bytearray(content)
        for _ in range(dice.randint(1, 20)):
            mutated[dice.randrange(len(mutated))] = dice.randrange(256)
        path.write_bytes(mutated[: dice.randrange(len(mutated))] if dice.random() < 0.3 else mutated)
        for load in (checkpoint.load_weights, checkpoint.load):
            try:
                load(path)
            except checkpoint.CheckpointError:
                told += 1
    assert told > EXAMPLES // 3  # a checkpoint it never is
