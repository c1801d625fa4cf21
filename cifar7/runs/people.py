"""Who asks: persons without a log-in, the teacher, and what each may do with a run.

A browser keeps a secret token. A person's public id is its hash, so that a run's folder, which everybody may
read and which is handed on, tells whose the run is and not how to be that person. Names, and who is the
teacher, stand by ids in people.json beside the runs.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from cifar7.errors import UserError
from cifar7.runs.directory import RunError, hold_queue, make_runs_dir
from cifar7.runs.files import read_json, replace_json

TEACHER = (
    "CIFAR7_TEACHER"  # environment: the secret of the teacher's link; where it is set, a class is taught
)
SHORTEST_SECRET = 8  # characters of the teacher's; fewer could be guessed
LONGEST_NAME = 40  # characters
MOST_KNOWN = 5_000  # persons with an entry; the file is read by every page
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{20}", re.ASCII)
_FILE = "people.json"


class PersonError(UserError):
    """A name that cannot be one, or that cannot be kept."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks. `id` is public, 20 hexadecimal digits; empty for the command line."""

    id: str
    name: str = ""
    teacher: bool = False


# Whoever can type commands on the machine can do anything with the folders; so they may here.
COMMAND_LINE = Person("", "", teacher=True)


def new_token() -> str:
    """A secret that makes a person: 192 random bits as 32 URL-safe characters."""
    return secrets.token_urlsafe(24)


def is_token(text: object) -> bool:
    """Whether this, which may come from anywhere, has the form of a token."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def public_id(token: str) -> str:
    """The id that all may know: 80 bits of the token's SHA-256, from which the token cannot be found."""
    return hashlib.sha256(b"cifar7 person " + token.encode()).hexdigest()[:20]


def load(runs_dir: Path, token: str) -> Person:
    """The person with this token, with the name and the rights that are on record."""
    person_id = public_id(token)
    entry = _entries(runs_dir).get(person_id, {})
    return Person(person_id, entry.get("name", ""), _is_proof(entry.get("teacher"), person_id))


def names(runs_dir: Path) -> dict[str, str]:
    """The present names of all who have one, by their ids."""
    return {person: entry["name"] for person, entry in _entries(runs_dir).items() if entry.get("name")}


def rename(runs_dir: Path, token: str, name: str) -> Person:
    """Give the person this name, or none; returns the person. Raises PersonError."""
    return _record(runs_dir, token, {"name": read_name(name)})


def read_name(text: str) -> str:
    """The name as it is kept: one line of printable characters, at most 40. Raises PersonError."""
    name = " ".join(unicodedata.normalize("NFC", text[: 10 * LONGEST_NAME]).split())
    if len(name) > LONGEST_NAME:
        raise PersonError(f"the name is longer than {LONGEST_NAME} characters; choose a shorter one")
    # Not printable are control characters and those that turn the direction of the text around them.
    stacked = any(unicodedata.combining(a) and unicodedata.combining(b) for a, b in pairwise(name))
    if not name.isprintable() or stacked:
        raise PersonError("the name has characters that cannot be shown; use letters, digits and spaces")
    return name


def has_teacher() -> bool:
    """Whether this server is a class's: then runs without an owner are the teacher's to touch."""
    return bool(os.environ.get(TEACHER))


def is_teachers(secret: str) -> bool:
    """Whether this is the secret of the teacher's link. Takes as long for any text of a length.

    Raises PersonError where the server's own secret is so short that it could be guessed.
    """
    own = os.environ.get(TEACHER, "")
    if own:
        check_secret(own)
    return bool(own) and hmac.compare_digest(secret.encode(), own.encode())


def check_secret(secret: str) -> None:
    """Raises PersonError for a teacher's secret that is so short that it could be guessed."""
    if len(secret) < SHORTEST_SECRET:
        raise PersonError(
            f"{TEACHER} has {len(secret)} characters, so that it could be guessed",
            f"set it to at least {SHORTEST_SECRET} and start the server again",
        )


def make_teacher(runs_dir: Path, token: str) -> Person:
    """Record that this person is the teacher, for as long as the server's secret stays the same."""
    return _record(runs_dir, token, {"teacher": _proof(public_id(token))})


def may_touch(person: Person, by: str) -> bool:
    """Whether the person may stop, pause, resume, lengthen or delete a run that is `by` somebody.

    A run by nobody, made on the command line or before there were persons, is anybody's, but in a class.
    """
    if person.teacher:
        return True
    return by == person.id if by else not has_teacher()


def check_may(person: Person, status: Mapping[str, Any], doing: str, what: str = "run") -> None:
    """Raises RunError where the person may not; `doing`: as in "stop"; `status`: of the run, or of `what`."""
    if may_touch(person, status["by"]):
        return
    if status["by"]:
        raise RunError(f"only its owner or the teacher can {doing} this {what}; looking at it is free to all")
    raise RunError(f"this {what} has no owner, so only the teacher can {doing} it")


def _record(runs_dir: Path, token: str, changes: dict[str, Any]) -> Person:
    person_id = public_id(token)
    with hold_queue(make_runs_dir(runs_dir)):
        entries = dict(_entries(runs_dir))
        entry = {key: value for key, value in {**entries.pop(person_id, {}), **changes}.items() if value}
        if len(entries) >= MOST_KNOWN:
            raise PersonError(
                f"{MOST_KNOWN:,} people have a name here already; the teacher can remove {_FILE}"
            )
        try:
            replace_json(runs_dir / _FILE, {"people": {**entries, **({person_id: entry} if entry else {})}})
        except OSError as error:
            raise PersonError(f"the name cannot be kept ({error.strerror}); everything else works") from None
    return load(runs_dir, token)


def _entries(runs_dir: Path) -> dict[str, dict[str, str]]:
    """What is on record, by ids."""
    path = runs_dir / _FILE
    try:
        there = path.stat()
    except OSError:
        return {}
    return _read(path, (there.st_ino, there.st_mtime_ns, there.st_size))


@lru_cache(maxsize=2)
def _read(path: Path, version: tuple[int, ...]) -> dict[str, dict[str, str]]:
    """As on record; read once as long as nothing is written, since every page asks several times."""
    content: Any = None
    with suppress(OSError, ValueError, RecursionError):  # a record that is damaged has no entries
        content = read_json(path).get("people")
    return {
        person: {key: entry[key] for key in ("name", "teacher") if isinstance(entry.get(key), str)}
        for person, entry in (content if isinstance(content, dict) else {}).items()
        if _ID.fullmatch(person) and isinstance(entry, dict)
    }


def _proof(person_id: str) -> str:
    """What only a holder of the server's secret can write; void once that is another."""
    return hmac.new(os.environ[TEACHER].encode(), person_id.encode(), "sha256").hexdigest()


def _is_proof(text: str | None, person_id: str) -> bool:
    return (
        bool(text) and has_teacher() and hmac.compare_digest(str(text).encode(), _proof(person_id).encode())
    )


def owner(runs_dir: Path, status: Mapping[str, Any]) -> str:
    """The name of the owner of a run or a sweep, of now or of when it was made; empty where there is none."""
    return names(runs_dir).get(status["by"]) or status["by_name"]
