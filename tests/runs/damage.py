"""Run folders as no program writes them, each a kind of damage; and what a good one holds beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny

from cifar7.runs.folder import RunFolder
from cifar7.runs.queue import enqueue

DEEP = "[" * 100_000 + "]" * 100_000
ID = "20260101-000000-damaged-{}"


def laid(runs_dir: Path, **settings: Any) -> RunFolder:
    return enqueue(runs_dir, tiny.SPEC, tiny.config(**settings), "tiny")


def status_of(run: RunFolder, **changes: Any) -> str:
    return json.dumps({**json.loads((run.path / "status.json").read_text()), **changes})


def _with(**changes: Any) -> Callable[[RunFolder], None]:
    return lambda run: _write(run, status_of(run, **changes)) or None


def _text(content: str | bytes) -> Callable[[RunFolder], None]:
    return lambda run: _write(run, content)


def _write(run: RunFolder, content: str | bytes) -> None:
    path = run.path / "status.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _instead(make: Callable[[Path], object]) -> Callable[[RunFolder], None]:
    def plant(run: RunFolder) -> None:
        (run.path / "status.json").unlink()
        make(run.path / "status.json")

    return plant


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)


def _behind_a_link(run: RunFolder) -> None:
    elsewhere = run.path.parent.parent / "elsewhere"
    run.path.rename(elsewhere)
    run.path.symlink_to(elsewhere)


# What is wrong with status.json, and the end of the reason that is shown.
STATUSES: dict[str, tuple[Callable[[RunFolder], None], str]] = {
    "deep": (_text(DEEP), "is nested too deeply"),
    "deep within": (_text('{"result": ' + "[" * 60 + "]" * 60 + "}"), "is nested too deeply"),
    "created as a text": (_with(created="yesterday"), "holds no created that can be"),
    "created beyond all dates": (_with(created=1e300), "holds no created that can be"),
    "nan": (_text('{"state": "queued", "created": NaN}'), "holds the number NaN, which cannot be"),
    "infinite": (_text('{"state": "queued", "created": 1e999}'), "holds the number 1e999, which cannot be"),
    "huge": (_text('{"state": "queued", "created": 1' + 5000 * "0" + "}"), "which cannot be"),
    "unknown state": (_with(state="sleeping"), "holds no state that can be"),
    "state of another type": (_with(state=["queued"]), "holds no state that can be"),
    "no state": (_text('{"created": 1.0}'), "lacks the state or the time of the run"),
    "name of another type": (_with(name={"x": 1}), "holds no name that can be"),
    "notices of another type": (_with(notices="words"), "holds no notices that can be"),
    "progress below zero": (_with(progress={"step": -1, "steps": 10}), "holds no progress that can be"),
    "result as a list": (_with(result=[1]), "holds no result that can be"),
    "accuracy as a text": (_with(result={"test_accuracy": "high"}), "holds no result that can be"),
    "accuracy above one": (_with(result={"test_accuracy": 90}), "holds no result that can be"),
    "steps without a number": (_with(progress={"steps": None}), "holds no progress that can be"),
    "half a character": (
        _text('{"state": "queued", "created": 1.0, "name": "\\ud800"}'),
        "holds half a character",
    ),
    "no JSON": (_text("not JSON"), "is no JSON"),
    "a list": (_text("[]"), "holds no JSON object"),
    "not UTF-8": (_text(b'{"state": "\xff\xfe\xfa"}'), "is no JSON"),
    "empty": (_text(""), "is no JSON"),
    "100 MB": (_instead(_huge), "is larger than 4,000,000 bytes"),
    "directory": (_instead(lambda path: path.mkdir()), "is a directory"),
    "pipe": (_instead(os.mkfifo), "is a pipe"),
    "loop": (_instead(lambda path: path.symlink_to(path.name)), "is a link"),
    "link to a device": (_instead(lambda path: path.symlink_to("/dev/zero")), "is a link"),
    "folder behind a link": (_behind_a_link, "lies behind a link"),
}


def plant_all(runs_dir: Path) -> dict[str, RunFolder]:
    """A folder for each kind of damage, by its name, and a link in a loop with the name of a run."""
    planted = {}
    for number, (name, (plant, _)) in enumerate(STATUSES.items()):
        run = RunFolder.create(runs_dir, tiny.SPEC, tiny.config(), "tiny")
        path = runs_dir / ID.format(f"{number:03}")
        run.path.rename(path)
        plant(RunFolder(path))
        planted[name] = RunFolder(path)
    loop = runs_dir / ID.format("loop")
    loop.symlink_to(loop.name)
    planted["a loop itself"] = RunFolder(loop)
    return planted
