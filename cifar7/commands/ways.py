"""`recipes`: the ways to train."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from cifar7.commands.output import put, put_json
from cifar7.training.recipes import RECIPES


def recipes(given: argparse.Namespace) -> int:
    """List the ways to train: what was told of each, and what was chosen."""
    if given.json:
        put_json({"recipes": [asdict(known) for known in RECIPES.values()]})
        return 0
    for known in RECIPES.values():
        put(f"{known.name}: {known.summary}")
        for what, text in (("told", known.told), ("chosen here", known.chosen)):
            if text:
                put(f"  {what}: {text}")
    return 0
