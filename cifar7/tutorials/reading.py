"""Reads a lesson from parsed JSON, as hostile input: closed vocabulary, limits of size, every error in words.

    {"version": 1, "name": "mine", "title": "My lesson", "about": "A sentence.", "steps": [
      {"title": "Look further", "text": "A sentence or two.",
       "start": {"design": "starter", "data": "shapes", "recipe": "default", "settings": {"epochs": 4}},
       "task": [{"id": "receptive_field", "is": "above", "limit": 44},
                {"run": [{"id": "accuracy", "is": "at least", "limit": 0.8}]}]}]}

`wants` reads what stands in a task. Nothing of a lesson is executed, and no text of it is taken for a path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cifar7.errors import UserError
from cifar7.fields import show
from cifar7.network.presets import preset
from cifar7.network.problems import check
from cifar7.network.spec import NetSpec
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import recipe
from cifar7.tutorials.shape import TutorialError, fields_of, items, text
from cifar7.tutorials.tutorial import Start, Step, Tutorial, key_of
from cifar7.tutorials.wants import read_condition, read_data

VERSION = 1
MOST_STEPS, MOST_CONDITIONS = 12, 6
LARGEST = 60_000  # characters of JSON
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)


def read_tutorial(data: Any) -> Tutorial:
    """The lesson, checked to its last field. Raises TutorialError: which step, and what would be right."""
    values = fields_of(data, "the lesson", ("version", "name", "title", "steps"), ("about",))
    version = values["version"]
    if isinstance(version, bool) or version != VERSION:
        raise TutorialError(f"the lesson's version is {show(version)}", f"this cifar7 reads {VERSION}.")
    try:
        source = json.dumps(data, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        raise TutorialError("the lesson holds something that JSON does not know") from None
    if len(source) > LARGEST:
        raise TutorialError(f"the lesson has {len(source):,} characters", f"{LARGEST:,} is the most.")
    name = values["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise TutorialError(
            f"name is {show(name)}", "it takes 1 to 40 small letters, digits and hyphens, as in field-2."
        )
    steps = tuple(
        _read_step(step, f"step {number}")
        for number, step in enumerate(items(values["steps"], "steps", MOST_STEPS), 1)
    )
    for number, step in enumerate(steps, 1):
        earlier = [other.key for other in steps[: number - 1]]
        if step.key in earlier:
            raise TutorialError(
                f"step {number} has the same task as step {earlier.index(step.key) + 1}",
                "what is done in one would be done in both; give it another one.",
            )
    return Tutorial(
        name,
        text(values["title"], "title", 80),
        text(values.get("about", ""), "about", 300, 0),
        steps,
        source,
    )


def _read_step(data: Any, where: str) -> Step:
    values = fields_of(data, where, ("title", "text", "task"), ("start",))
    task = items(values["task"], f"{where}: task", MOST_CONDITIONS)
    return Step(
        title=text(values["title"], f"{where}: title", 80),
        text=text(values["text"], f"{where}: text", 800, lines=True),
        task=tuple(read_condition(item, f"{where}, condition {n}") for n, item in enumerate(task, 1)),
        start=_read_start(values["start"], f"{where}: start") if "start" in values else None,
        key=key_of(task),
    )


def _read_start(data: Any, where: str) -> Start:
    values = fields_of(data, where, (), ("design", "data", "recipe", "settings"))
    if not values:
        raise TutorialError(
            f"{where} is empty", "it takes design, data, recipe or settings; or leave it out."
        )
    config = None
    if "recipe" in values or "settings" in values:
        config = _read_config(values.get("recipe", "default"), values.get("settings", {}), where)
    design = _read_design(values["design"], f"{where}: design") if "design" in values else None
    return Start(design, config, read_data(values["data"], where) if "data" in values else "")


def _read_design(data: Any, where: str) -> NetSpec:
    try:
        spec = preset(data) if isinstance(data, str) else NetSpec.from_dict(data)
        check(spec)
    except UserError as error:
        raise TutorialError(f"{where}: {error}") from None
    return spec


def _read_config(name: Any, settings: Any, where: str) -> TrainConfig:
    if not isinstance(settings, Mapping):
        raise TutorialError(
            f"{where}: settings is {show(settings)}", 'it takes an object such as {"epochs": 4}.'
        )
    try:
        base = recipe(name).config if isinstance(name, str) else None
        if base is None:
            raise TutorialError(f"recipe is {show(name)}", "it takes a recipe's name.")
        TrainConfig.from_dict(dict(settings))  # that the names are known
        return replace(base, **settings)
    except UserError as error:
        raise TutorialError(f"{where}: {error}") from None
