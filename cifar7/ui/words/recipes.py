"""How a run was trained, in a few words."""

from __future__ import annotations

from dataclasses import replace

from cifar7.training.config import OPTIONS, TrainConfig
from cifar7.training.recipes import RECIPES
from cifar7.ui.words.wording import count

# What makes no other recipe: chance, the machine, and how exactly something is watched.
_ASIDE = ("seed", "device", "precision", "train_sample")


def recipe_words(config: TrainConfig, epochs: int) -> str:
    """As "Default, 8 epochs" or "own: AdamW, learning rate 0.002, 3 of 12 epochs"; `epochs`: completed."""
    done = count(epochs, "epoch") if epochs == config.epochs else f"{epochs} of {config.epochs} epochs"
    aside = {name: OPTIONS[name].default for name in _ASIDE}
    plain = replace(config, **aside)
    for recipe in RECIPES.values():
        if replace(recipe.config, **aside) == plain:
            return f"{recipe.title}, {done}"
    optimiser = OPTIONS["optimiser"].label(config.optimiser)
    return f"own: {optimiser}, learning rate {config.lr:g}, {done}"
