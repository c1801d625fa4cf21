"""Persons: tokens that do not get out, names that can be shown, and who may touch which run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny

from cifar7.runs import experiments, people
from cifar7.runs.directory import RunError
from cifar7.runs.folder import RunFolder
from cifar7.runs.people import COMMAND_LINE, Person, PersonError, load, may_touch, public_id, read_name
from cifar7.runs.queue import claim_next, enqueue, start_here

SECRET = "the teacher's own"
ADA, BOB = "A" * 32, "B" * 32


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(people.TEACHER, SECRET)


def test_a_token_is_unguessable_and_told_from_other_texts() -> None:
    tokens = {people.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(map(people.is_token, tokens))
    for text in ("", "A" * 31, "A" * 33, "A" * 31 + "\n", "A" * 31 + "é", "../" + "A" * 29, None, 7):
        assert not people.is_token(text)


def test_the_id_says_nothing_of_the_token() -> None:
    """`printf 'cifar7 person AAA…' | sha256sum | cut -c1-20`, with all 32 letters."""
    assert public_id(ADA) == "f780e85851002cf05d0c" != public_id(BOB)


def test_no_secret_enters_a_run_or_the_record(tmp_path: Path, taught: None) -> None:
    people.make_teacher(tmp_path, ADA)
    ada = people.rename(tmp_path, ADA, "Ada")
    enqueue(tmp_path, tiny.SPEC, tiny.config(), "tiny", by=ada)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(ada.id.encode() in path.read_bytes() for path in files)
    for path in files:
        content = path.read_bytes()
        assert ADA.encode() not in content, path
        assert SECRET.encode() not in content, path


@pytest.mark.parametrize(
    ("text", "name"),
    [("Ada", "Ada"), ("  Ada \n Lovelace\t", "Ada Lovelace"), ("", ""), ("José", "José"),
     ("<b>x</b>", "<b>x</b>"), ("é", "é"), ("李雷", "李雷"), ("x" * 40, "x" * 40)],
)  # fmt: skip
def test_a_name_is_one_line_of_plain_text(text: str, name: str) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize(
    "text", ["x" * 41, "a\u202eb", "a\x00b", "a\u200bb", "e\u0301\u0302\u0303", "x" * 10**6]
)
def test_other_names_are_refused_in_words(text: str) -> None:
    with pytest.raises(PersonError, match="the name"):
        read_name(text)


def test_a_name_stays_with_its_token(tmp_path: Path) -> None:
    assert load(tmp_path, ADA) == Person(public_id(ADA))
    assert people.rename(tmp_path, ADA, " Ada ") == Person(public_id(ADA), "Ada") == load(tmp_path, ADA)
    assert load(tmp_path, BOB).name == ""
    people.rename(tmp_path, BOB, "Bob")
    people.rename(tmp_path, ADA, "")
    assert people.names(tmp_path) == {public_id(BOB): "Bob"}


def test_the_record_of_names_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST_KNOWN", 1)
    people.rename(tmp_path, ADA, "Ada")
    with pytest.raises(PersonError, match="1 people have a name here already"):
        people.rename(tmp_path, BOB, "Bob")
    people.rename(tmp_path, ADA, "Countess")


@pytest.mark.parametrize(
    "content",
    ["", "[", "[]", '{"people": 7}', '{"people": {"x": {"name": "Eve"}}}', "[" * 100_000,
     json.dumps({"people": {public_id(ADA): {"name": 7, "teacher": ["x"]}, public_id(BOB): 7}})],
)  # fmt: skip
def test_a_damaged_record_makes_nobody_a_teacher(tmp_path: Path, content: str, taught: None) -> None:
    (tmp_path / "people.json").write_text(content)
    assert load(tmp_path, ADA) == Person(public_id(ADA))
    assert people.names(tmp_path) == {}


def test_the_teacher_is_who_knew_the_secret_while_it_is_the_same(
    tmp_path: Path, taught: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert people.is_teachers(SECRET)
    for guess in ("", SECRET[:-1], SECRET + "x", SECRET.upper(), "é"):
        assert not people.is_teachers(guess)
    assert people.make_teacher(tmp_path, ADA).teacher
    assert people.rename(tmp_path, ADA, "Ms Ada").teacher, "a name takes nothing away"
    assert not load(tmp_path, BOB).teacher
    record = json.loads((tmp_path / "people.json").read_text())
    record["people"][public_id(BOB)] = record["people"][public_id(ADA)]
    (tmp_path / "people.json").write_text(json.dumps(record))
    assert not load(tmp_path, BOB).teacher, "another's proof is none"
    monkeypatch.setenv(people.TEACHER, "another secret")
    assert not load(tmp_path, ADA).teacher
    monkeypatch.delenv(people.TEACHER)
    assert not load(tmp_path, ADA).teacher
    assert not people.is_teachers("")


def test_a_secret_that_could_be_guessed_makes_nobody_a_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(people.TEACHER, "hello")
    with pytest.raises(PersonError, match="CIFAR7_TEACHER has 5 characters"):
        people.is_teachers("hello")


def test_who_may_touch_what(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob, teacher = Person("a"), Person("b"), Person("t", teacher=True)
    monkeypatch.delenv(people.TEACHER, raising=False)
    assert [may_touch(one, "a") for one in (ada, bob, teacher, COMMAND_LINE)] == [True, False, True, True]
    assert [may_touch(one, "") for one in (ada, bob, teacher, COMMAND_LINE)] == [True, True, True, True]
    monkeypatch.setenv(people.TEACHER, SECRET)  # a class: what belongs to nobody is the teacher's
    assert [may_touch(one, "a") for one in (ada, bob, teacher, COMMAND_LINE)] == [True, False, True, True]
    assert [may_touch(one, "") for one in (ada, bob, teacher, COMMAND_LINE)] == [False, False, True, True]


def refused(run: RunFolder, by: Person, whose: str) -> None:
    for doing, ask in (
        ("stop", lambda: run.request_stop(by)),
        ("pause", lambda: run.request_pause(by)),
        ("resume", lambda: run.request_resume(by=by)),
        ("resume", lambda: run.request_resume(3, by)),
    ):
        before = run.status()
        with pytest.raises(RunError, match=f"{whose}.* can {doing}"):
            ask()
        assert (run.status(), run.requested(), run.config().epochs) == (before, None, 2)


def test_only_the_owner_the_teacher_and_the_command_line_touch_a_run(tmp_path: Path) -> None:
    ada, bob = load(tmp_path, ADA), load(tmp_path, BOB)
    run = enqueue(tmp_path, tiny.SPEC, tiny.config(), "tiny", by=ada)
    assert (run.status()["by"], run.status()["by_name"]) == (ada.id, "")
    refused(run, bob, "only its owner or the teacher")
    run.request_pause(ada)
    refused(run, bob, "only its owner or the teacher")
    run.request_resume(by=ada)
    claim = claim_next(tmp_path)
    assert claim is not None
    refused(run, bob, "only its owner or the teacher")
    run.request_pause(ada)
    run.request_stop(Person("t", teacher=True))
    assert claim.requested() == "stop"
    claim.end("finished", None, {"test_accuracy": 0.5})
    claim.release()
    with pytest.raises(RunError, match="only its owner"):
        run.request_resume(3, bob)


def test_a_run_of_nobody_is_the_teacher_s_in_a_class(tmp_path: Path, taught: None) -> None:
    claim = start_here(tmp_path, tiny.SPEC, tiny.config(), "tiny")
    assert claim.status["by"] == ""
    refused(claim.run, load(tmp_path, BOB), "this run has no owner, so only the teacher")
    claim.run.request_stop(people.make_teacher(tmp_path, ADA))
    assert claim.requested() == "stop"
    claim.release()


def test_the_rest_of_an_experiment_is_its_owner_s_to_stop(tmp_path: Path) -> None:
    ada, bob = load(tmp_path, ADA), load(tmp_path, BOB)
    experiments.start(tmp_path, "x", tiny.SPEC, tiny.SPEC, tiny.config(), "tiny", 2, ada)
    (experiment,) = experiments.find(tmp_path)
    with pytest.raises(RunError, match="only its owner"):
        experiments.stop(experiment, bob)
    assert [part.run.status()["state"] for part in experiment.parts] == 4 * ["queued"]
    experiments.stop(experiment, ada)
    experiments.stop(experiment, bob)  # nothing is left of it to stop
    assert [part.run.status()["state"] for part in experiment.parts] == 4 * ["stopped"]
