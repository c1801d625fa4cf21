"""Who has done which steps of a lesson: a small JSON file for each person and lesson, under the home.

The server writes it when figures decide that a step is done; what a browser sends is never taken for it.
Everything read from a file is checked: one that cannot be read counts as nothing done, and harms nobody else.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cifar7.errors import UserError
from cifar7.runs.files import read_json, replace_json, try_lock
from cifar7.tutorials.builtin import NAMES
from cifar7.tutorials.reading import MOST_STEPS, NAME
from cifar7.tutorials.tutorial import Tutorial

VERSION = 1
MOST_LESSONS, MOST_PERSONS = 300, 1000  # that are kept: a lesson from a link may have any name
MOST_KEYS = 60  # steps done that a file holds: those of earlier versions of the lesson are among them
LARGEST = 20_000  # bytes of a file
NOBODY = "nobody"  # stands for the person without an id
_PERSON = re.compile(r"[a-z0-9-]{1,80}", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{16}", re.ASCII)


class ProgressError(UserError):
    """What was done cannot be kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one person is in one lesson. Times are seconds since 1970 (UTC)."""

    person: str  # public id, "" for nobody in particular
    name: str  # as he calls himself, or ""
    lesson: str  # its name
    title: str
    keys: tuple[str, ...]  # of the lesson's steps, in order, when he was last there
    at: int  # the step looked at, from 1
    seen: float  # when he was last there
    done: dict[str, float] = field(default_factory=dict)  # key of a step: when it was done

    @property
    def steps_done(self) -> int:
        """How many of the lesson's present steps are done."""
        return sum(key in self.done for key in self.keys)

    @property
    def steps(self) -> int:
        """How many steps the lesson has."""
        return len(self.keys)


def read(home: Path, tutorial: Tutorial, person: str) -> Progress:
    """How far this person is; nothing done where nothing is on record."""
    found = _read(_file(home, tutorial.name, person), tutorial.name)
    fresh = Progress(_plain(person), "", tutorial.name, tutorial.title, _keys(tutorial), 1, 0.0)
    return replace(fresh, done=found.done, at=min(found.at, len(tutorial.steps))) if found else fresh


def record(
    home: Path, tutorial: Tutorial, person: str, name: str, at: int, done: tuple[int, ...] = ()
) -> Progress:
    """Note that the person looks at step `at` (from 1), and that the steps `done` are; the first time stays.

    Raises ProgressError where it cannot be written.
    """
    file = _file(home, tutorial.name, person)
    try:
        _make_room(file)
        lock = try_lock(file.with_suffix(".lock"), timeout=2.0)
        if lock is None:
            raise ProgressError("what you have done is being written by another window; try again.")
        with lock:
            now, before = time.time(), read(home, tutorial, person)
            times = {**{tutorial.steps[number - 1].key: now for number in done}, **before.done}
            newest = sorted(times, key=times.__getitem__)[-MOST_KEYS:]
            called = name[:60] if name.isprintable() else ""
            after = replace(before, name=called, at=at, seen=now, done={key: times[key] for key in newest})
            replace_json(file, _to_dict(after))
            return after
    except OSError as error:
        raise ProgressError(
            f"what you have done cannot be kept ({error.strerror}); the lesson goes on, but forgets it."
        ) from None


def progress_of(home: Path, lesson: str) -> list[Progress]:
    """Everybody's progress in the lesson of this name, who did most and was there last first."""
    if not NAME.fullmatch(lesson):
        return []
    found = [
        progress
        for file in sorted((home / "lessons" / lesson).glob("*.json"))[:MOST_PERSONS]
        if (progress := _read(file, lesson))
    ]
    return sorted(found, key=lambda each: (-each.steps_done, -each.seen))


def lessons_begun(home: Path) -> list[str]:
    """Names of the lessons that somebody has begun, in alphabetical order."""
    return [folder.name for folder in _folders(home)]


def _folders(home: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(
            each for each in (home / "lessons").iterdir() if NAME.fullmatch(each.name) and each.is_dir()
        )


def _file(home: Path, lesson: str, person: str) -> Path:
    """Neither a lesson's name nor a person's id can lead out of the folder."""
    if not NAME.fullmatch(lesson):
        raise ProgressError(f"{lesson!r:.60} cannot be the name of a lesson.")
    return home / "lessons" / lesson / f"{_plain(person) or NOBODY}.json"


def _plain(person: str) -> str:
    """The id; where it has another form than those that this server gives, a hash of it."""
    if not person or _PERSON.fullmatch(person):
        return person
    return hashlib.sha256(person.encode("utf-8", "replace")).hexdigest()[:32]


def _make_room(file: Path) -> None:
    """The folder of the lesson. Raises ProgressError where too many are kept already."""
    folder = file.parent
    if (
        folder.name not in NAMES
        and not folder.is_dir()
        and sum(1 for _ in _folders(folder.parent.parent)) >= MOST_LESSONS
    ):
        raise ProgressError(
            f"progress is kept for {MOST_LESSONS} lessons at most; remove some in {folder.parent}."
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists() and sum(1 for _ in folder.glob("*.json")) >= MOST_PERSONS:
        raise ProgressError(f"progress is kept for {MOST_PERSONS} people a lesson at most.")


def _keys(tutorial: Tutorial) -> tuple[str, ...]:
    return tuple(step.key for step in tutorial.steps)


def _to_dict(progress: Progress) -> dict[str, Any]:
    return {
        "version": VERSION,
        "person": progress.person,
        "name": progress.name,
        "lesson": progress.lesson,
        "title": progress.title,
        "steps": list(progress.keys),
        "at": progress.at,
        "seen": progress.seen,
        "done": progress.done,
    }


def _read(file: Path, lesson: str) -> Progress | None:
    """What a file holds, checked; None where there is none or it is damaged."""
    with suppress(OSError, ValueError, RecursionError):
        if not file.is_file() or file.stat().st_size > LARGEST:
            return None
        data = read_json(file)
        texts = [data.get(name, "") for name in ("person", "name", "title")]
        keys, done, at, seen = (data.get(name) for name in ("steps", "done", "at", "seen"))
        sound = (
            all(isinstance(text, str) and len(text) <= 100 and text.isprintable() for text in texts)
            and isinstance(keys, list) and 1 <= len(keys) <= MOST_STEPS and all(map(_is_key, keys))
            and isinstance(done, dict) and len(done) <= MOST_KEYS
            and all(_is_key(key) and _is_time(value) for key, value in done.items())
            and isinstance(at, int) and not isinstance(at, bool) and 1 <= at <= len(keys) and _is_time(seen)
        )  # fmt: skip
        if sound:
            person, name, title = texts
            return Progress(person, name, lesson, title, tuple(keys), at, float(seen), dict(done))  # type: ignore[arg-type]
    return None


def _is_key(value: object) -> bool:
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e11
