"""`recipes`: the ways to train; and what `--recipe` and the flags of single settings mean together."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import Any

from cifar7.commands.named import by_name_or_file
from cifar7.commands.output import put, put_json, say
from cifar7.training.config import OPTIONS, ConfigError, TrainConfig
from cifar7.training.recipes import RECIPES, recipe


def recipes(arguments: argparse.Namespace) -> int:
    """List the ways to train: what the source of each says, and what was chosen here."""
    if arguments.json:
        put_json({"recipes": [asdict(entry) for entry in RECIPES.values()]})
        return 0
    for entry in RECIPES.values():
        put(f"{entry.name}: {entry.summary}")
        for label, text in (("told", entry.told), ("chosen here", entry.chosen)):
            if text:
                put(f"  {label}: {text}")
    return 0


def read_config(arguments: argparse.Namespace) -> TrainConfig:
    """The settings of --recipe, with the flags of single settings in place of its values.

    Says so where the recipe is of a run on another image set. Raises ConfigError.
    """
    config, data = read_recipe(arguments.recipe)
    if data not in ("", arguments.data):
        say(f"the recipe is of a run on {data}, and this is on {arguments.data}")
    flags = {name: getattr(arguments, name, None) for name in OPTIONS}
    # All at once: one setting may need another.
    return replace(config, **{name: value for name, value in flags.items() if value is not None})


def read_recipe(name_or_file: str) -> tuple[TrainConfig, str]:
    """The settings of a recipe or of a JSON file, and the image set that the file names, or "".

    A file holds settings by name, those it lacks at their defaults; a run's config.json, which names the
    image set as well, is one. Raises ConfigError.
    """
    return by_name_or_file(
        name_or_file,
        "a recipe",
        RECIPES,
        lambda name: (recipe(name).config, ""),
        _from_json,
        ConfigError,
        "; a run's config.json is a recipe",
    )


def _from_json(content: Any) -> tuple[TrainConfig, str]:
    if not isinstance(content, dict):
        return TrainConfig.from_dict(content), ""
    settings = {name: value for name, value in content.items() if name != "data"}
    data = content.get("data", "")
    if not isinstance(data, str):
        raise ConfigError(f"data is {data!r:.60}; it takes the name of an image set.")
    return TrainConfig.from_dict(settings), data
