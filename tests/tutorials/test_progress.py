"""What a person has done: written once, kept apart, and read as something that may be damaged."""

import json
import os

import pytest
from tutorials.written import tutorial

from cifar7.tutorials import progress
from cifar7.tutorials.progress import ProgressError, progress_of, read, record

TASKS = [[{"id": "parameters", "is": "below", "limit": limit}] for limit in (1, 2, 3)]
LESSON = tutorial(TASKS)
SOUND = {"person": "", "name": "", "title": "", "steps": ["0" * 16], "at": 1, "seen": 1.0, "done": {}}
CHANGES = (
    {"at": 2}, {"at": True}, {"seen": "1"}, {"steps": ["../x"]}, {"steps": []}, {"done": {"k": 1}},
    {"done": []}, {"done": {"0" * 16: 1e300}}, {"name": "a\n"}, {"title": 7},
)  # fmt: skip
ANN, BOB = "a" * 20, "b" * 20


def test_a_step_is_done_once_and_the_time_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("cifar7.tutorials.progress.time.time", lambda: 100.0)
    record(tmp_path, LESSON, ANN, "Ann", at=1, done=(1,))
    monkeypatch.setattr("cifar7.tutorials.progress.time.time", lambda: 200.0)
    record(tmp_path, LESSON, ANN, "Ann", at=2, done=(1, 3))
    found = read(tmp_path, LESSON, ANN)
    assert found.done == {LESSON.steps[0].key: 100.0, LESSON.steps[2].key: 200.0}
    assert (found.steps_done, found.steps, found.at) == (2, 3, 2)


def test_the_class_sees_who_is_where(tmp_path):
    record(tmp_path, LESSON, ANN, "Ann", at=2, done=(1,))
    record(tmp_path, LESSON, BOB, "Bob", at=3, done=(1, 2))
    record(tmp_path, LESSON, "", "", at=1)
    found = [(p.name, p.steps_done, p.steps, p.at) for p in progress_of(tmp_path, "mine")]
    assert found == [("Bob", 2, 3, 3), ("Ann", 1, 3, 2), ("", 0, 3, 1)]
    assert all(p.seen > 0 for p in progress_of(tmp_path, "mine"))
    assert progress.lessons_begun(tmp_path) == ["mine"]
    assert progress_of(tmp_path, "other") == progress_of(tmp_path, "../runs") == []


def test_mended_texts_keep_what_was_done_and_another_task_does_not(tmp_path):
    record(tmp_path, LESSON, ANN, "Ann", at=3, done=(1, 2))
    other = tutorial([TASKS[0], [{"id": "parameters", "is": "below", "limit": 9}]])
    found = read(tmp_path, other, ANN)
    assert (found.steps_done, found.steps, found.at) == (1, 2, 2)


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b"[]", b"{}", b"[" * 100_000, b"x" * 30_000]
    + [json.dumps({**SOUND, **change}).encode() for change in CHANGES],
)
def test_a_damaged_file_counts_as_nothing_done_and_harms_nobody_else(tmp_path, content):
    record(tmp_path, LESSON, ANN, "Ann", at=1, done=(1,))
    record(tmp_path, LESSON, BOB, "Bob", at=1, done=(1,))
    (tmp_path / "lessons" / "mine" / f"{ANN}.json").write_bytes(content)
    assert read(tmp_path, LESSON, ANN).steps_done == 0
    assert [p.name for p in progress_of(tmp_path, "mine")] == ["Bob"]
    assert record(tmp_path, LESSON, ANN, "Ann", at=1, done=(2,)).steps_done == 1


def test_odd_things_in_the_folder_are_passed_over(tmp_path):
    record(tmp_path, LESSON, ANN, "Ann", at=1)
    folder = tmp_path / "lessons" / "mine"
    (folder / "deep.json").mkdir()
    (folder / "loop.json").symlink_to("loop.json")
    os.mkfifo(folder / "pipe.json")
    assert [p.name for p in progress_of(tmp_path, "mine")] == ["Ann"]


@pytest.mark.parametrize("person", ["../../x", "a/b", "A" * 5000, "\x00", "x.json"])
def test_no_person_leads_out_of_the_folder(tmp_path, person):
    record(tmp_path, LESSON, person, "X", at=1, done=(1,))
    assert read(tmp_path, LESSON, person).steps_done == 1
    (file,) = (tmp_path / "lessons" / "mine").glob("*.json")
    assert file.stem.isalnum()
    assert len(file.stem) == 32
    assert {path.name for path in tmp_path.iterdir()} == {"lessons"}


def test_there_is_an_end_to_lessons_and_persons(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "MOST_LESSONS", 2)
    monkeypatch.setattr(progress, "MOST_PERSONS", 2)
    for name in ("one", "two"):
        record(tmp_path, tutorial(TASKS, name), ANN, "Ann", at=1)
    with pytest.raises(ProgressError, match="2 lessons at most"):
        record(tmp_path, tutorial(TASKS, "three"), ANN, "Ann", at=1)
    record(tmp_path, tutorial(TASKS, "dropout"), ANN, "Ann", at=1)  # those that come along always may
    record(tmp_path, tutorial(TASKS, "one"), BOB, "Bob", at=1)
    with pytest.raises(ProgressError, match="2 people"):
        record(tmp_path, tutorial(TASKS, "one"), "c" * 20, "Cy", at=1)
    record(tmp_path, tutorial(TASKS, "one"), BOB, "Bob", at=2)


def test_where_nothing_can_be_written_it_is_said(tmp_path):
    (tmp_path / "lessons").write_text("a file")
    with pytest.raises(ProgressError, match="cannot be kept"):
        record(tmp_path, LESSON, ANN, "Ann", at=1, done=(1,))
    assert read(tmp_path, LESSON, ANN).steps_done == 0
