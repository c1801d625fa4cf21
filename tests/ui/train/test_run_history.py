"""The curves of a run: read bit by bit, thinned for the eye."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import tiny

from cifar7.runs.folder import RunFolder
from cifar7.ui.train.run_history import HELD_OUT, TRAINING, WHILE_LEARNING, History, thinned


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, tiny.SPEC, tiny.config(), "tiny")


def write(run: RunFolder, *lines: str) -> None:
    with (run.path / "events.jsonl").open("a") as file:
        file.write("".join(lines))


BEAT = '{"event": "beat", "epoch": 1, "epochs": 4, "step": %d, "steps": 80, "accuracy": 0.5, "loss": 1.5}\n'
END = (
    '{"event": "epoch", "epoch": 1, "epochs": 4, "train_accuracy": 0.8, "heldout_accuracy": 0.7, '
    '"heldout_loss": 0.9, "test_accuracy": null, "test_loss": null}\n'
)


def test_only_what_is_new_is_read(run, monkeypatch):
    history = History(run.id)
    write(run, BEAT % 10)
    assert history.read(run)
    asked = []
    real = RunFolder.events
    monkeypatch.setattr(RunFolder, "events", lambda run, after: asked.append(after) or real(run, after))
    assert not history.read(run)
    write(run, BEAT % 20)
    assert history.read(run)
    length = len(BEAT % 10)
    assert asked == [length, length], "from the end of what was read before"
    assert [x for x, _, _ in history.beats] == [0.5, 1.0]  # 10 and 20 of 80 steps, in 4 epochs


def test_a_line_that_is_being_written_is_left_for_later(run):
    history = History(run.id)
    half = (BEAT % 10)[:30]
    write(run, half)
    assert not history.read(run)
    write(run, (BEAT % 10)[30:])
    assert history.read(run)
    assert len(history.beats) == 1


def test_the_table_has_a_row_a_point(run):
    history = History(run.id)
    write(run, BEAT % 20, END)
    history.read(run)
    rows = [tuple(row) for row in history.table().itertuples(index=False)]
    assert rows[0] == (1.0, WHILE_LEARNING, 0.5, 1.5)
    assert rows[1][:3] == (1.0, TRAINING, 0.8)
    assert math.isnan(rows[1][3]), "the loss is not measured on the training images as they are"
    assert rows[2] == (1.0, HELD_OUT, 0.7, 0.9)
    assert history.table() is history.table(), "built once while nothing is new"


def test_what_a_resumed_run_went_back_behind_is_forgotten(run):
    history = History(run.id)
    started = '{"event": "started", "epochs": 4, "steps_per_epoch": 20, "from_step": %d}\n'
    write(run, started % 0, BEAT % 10, BEAT % 20, END, BEAT % 25, END.replace('"epoch": 1', '"epoch": 2'))
    history.read(run)
    write(run, started % 20)
    history.read(run)
    assert [x for x, _, _ in history.beats] == [0.5, 1.0]
    assert [end.epoch for end in history.ends] == [1]


def test_an_empty_table_has_the_types_of_a_full_one(run):
    history = History(run.id)
    empty = history.table().dtypes.to_dict()
    write(run, BEAT % 20, END)
    history.read(run)
    assert history.table().dtypes.to_dict() == empty, "else the browser would draw anew"


def test_many_beats_are_thinned_to_their_means():
    beats = [(float(i), i / 100, math.nan) for i in range(10)]
    assert thinned(beats, most=20) is beats
    # 10 beats in at most 4 points: groups of 3, 3, 3 and 1.
    points = thinned(beats, most=4)
    assert [(x, accuracy) for x, accuracy, _ in points] == [
        (1.0, pytest.approx(0.01)),
        (4.0, pytest.approx(0.04)),
        (7.0, pytest.approx(0.07)),
        (9.0, pytest.approx(0.09)),
    ]
    assert all(math.isnan(loss) for *_, loss in points)
    assert thinned([(1.0, 0.5, math.nan), (2.0, math.nan, 3.0)], most=1) == [(1.5, 0.5, 3.0)]
