"""`recipes`: the ways to train; and what `--recipe` and the flags of single settings mean together."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import Any

from cifar7.commands.arguments import by_name_or_file
from cifar7.commands.output import put_json, say
from cifar7.training.config import OPTIONS, ConfigError, TrainConfig
from cifar7.training.recipes import RECIPES, recipe


def recipes(arguments: argparse.Namespace) -> None:
    """List the ways to train: what the source of each says, and what was chosen here."""
    if arguments.json:
        put_json({"recipes": [asdict(entry) for entry in RECIPES.values()]})
        return
    for entry in RECIPES.values():
        print(f"{entry.name}: {entry.summary}")
        for label, text in (("told", entry.told), ("chosen here", entry.chosen)):
            if text:
                print(f"  {label}: {text}")


def read_config(arguments: argparse.Namespace) -> TrainConfig:
    """The settings of --recipe, with the flags of single settings in place of its values.

    A recipe's file holds settings by name, those it lacks at their defaults; a run's config.json, which names
    the image set as well, is one. Says so where it is of a run on another image set. Raises ConfigError.
    """
    config, data = by_name_or_file(
        arguments.recipe,
        "a recipe",
        RECIPES,
        lambda name: (recipe(name).config, ""),
        _from_json,
        ConfigError,
        "; a run's config.json is a recipe",
    )
    if data not in ("", arguments.data):
        say(f"the recipe is of a run on {data}, and this is on {arguments.data}")
    flags = {name: getattr(arguments, name, None) for name in OPTIONS}
    # All at once: one setting may need another.
    return replace(config, **{name: value for name, value in flags.items() if value is not None})


def _from_json(content: Any) -> tuple[TrainConfig, str]:
    """The settings of a recipe's file, and the image set that it names, or ""."""
    data = content.pop("data", "") if isinstance(content, dict) else ""
    if not isinstance(data, str):
        raise ConfigError(f"data is {data!r:.60}; it takes the name of an image set.")
    return TrainConfig.from_dict(content), data
