"""Which recipe the settings come from, its story, and what has been changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cifar7.training.config import OPTIONS, TrainConfig
from cifar7.training.recipes import RECIPES, Recipe
from cifar7.ui.shell import state
from cifar7.ui.words.wording import plain

_KEY = "recipe_name"
MOST_NAMED = 4  # changed settings that are named with both values; more are counted


def current() -> Recipe:
    """The chosen recipe; where the settings came otherwise, by a link say, the one they are nearest to."""
    name = state.recipe_name()
    if name in RECIPES:
        return RECIPES[name]
    return min(RECIPES.values(), key=lambda recipe: len(changed(recipe.config, state.config())))


def changed(before: TrainConfig, after: TrainConfig) -> dict[str, tuple[Any, Any]]:
    """The settings that differ: name to (before, after)."""
    old, new = before.to_dict(), after.to_dict()
    return {name: (old[name], new[name]) for name in old if old[name] != new[name]}


def choose() -> None:
    """The select box of recipes, with the summary of the chosen one and where it comes from."""
    recipe = current()
    key = state.control(_KEY, recipe.name)
    st.selectbox(
        "Recipe",
        list(RECIPES),
        key=key,
        format_func=lambda name: RECIPES[name].title,
        on_change=_take,
        help="A recipe is a set of values for all the settings below; each can be changed afterwards.",
    )
    st.caption(plain(recipe.summary))
    if recipe.told or recipe.chosen:
        with st.expander("What is told, what is chosen", icon=":material/history_edu:"):
            if recipe.told:
                st.markdown(f"**Told by its source:** {plain(recipe.told)}")
            if recipe.chosen:
                st.markdown(f"**Not told, so chosen here:** {plain(recipe.chosen)}")


def say() -> None:
    """What differs from the chosen recipe, and the way back; nothing while nothing does."""
    recipe = current()
    changes = changed(recipe.config, state.config())
    if not changes:
        return
    st.caption(plain(changed_words(recipe, changes)))
    st.button(
        f"Back to {recipe.title} as it is",
        icon=":material/undo:",
        type="tertiary",
        key="recipe_back",
        on_click=state.set_config,
        args=(recipe.config, recipe.name),
    )


def changed_words(recipe: Recipe, changes: Mapping[str, tuple[Any, Any]]) -> str:
    """The changes in a sentence, each with the value it had and the value it has."""
    sentences = [
        f"{OPTIONS[name].title} {OPTIONS[name].label(before)} → {OPTIONS[name].label(after)}"
        for name, (before, after) in changes.items()
    ]
    rest = f"; and {len(sentences) - MOST_NAMED} more" if len(sentences) > MOST_NAMED else ""
    return f"Changed from {recipe.title}: {'; '.join(sentences[:MOST_NAMED])}{rest}."


def _take() -> None:
    recipe = RECIPES[st.session_state[_KEY]]
    state.set_config(recipe.config, recipe.name)
