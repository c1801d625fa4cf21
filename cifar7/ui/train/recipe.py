"""The settings of a training run: the recipe they come from, a control for each field, and what was changed.

A control shows the value in `state` and changes that one setting. Title, range, choices and help come from
the field of `TrainConfig`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cifar7.fields import Option
from cifar7.training.config import BASICS, GROUPS, OPTIONS, ConfigError, TrainConfig
from cifar7.training.recipes import RECIPES, Recipe
from cifar7.ui.shell import state
from cifar7.ui.shell.controls import callback
from cifar7.ui.train import limits, lr_test
from cifar7.ui.words import device
from cifar7.ui.words.wording import plain

NARROWEST = 120  # pixels of a field with its plus and minus
MOST_NAMED = 4  # changed settings that are named with both values; more are counted
_KEY = "recipe_name"


def settings() -> None:
    """The recipe, the settings that matter most, the others folded away, and what differs from the recipe."""
    recipe = _current()
    _choose(recipe)
    _group(BASICS)
    lr_test.offer()
    with st.expander("More settings", icon=":material/tune:"):
        for group in GROUPS:
            if group != BASICS:
                _group(group)
    changes = changed(recipe.config, state.config())
    if changes:
        st.caption(plain(changed_words(recipe, changes)))
        st.button(
            f"Back to {recipe.title} as it is",
            icon=":material/undo:",
            type="tertiary",
            key="recipe_back",
            on_click=callback(state.set_config),
            args=(recipe.config, recipe.name),
        )


def _current() -> Recipe:
    """The chosen recipe; where the settings came otherwise, by a link say, the one they are nearest to."""
    name = state.recipe_name()
    if name in RECIPES:
        return RECIPES[name]
    return min(RECIPES.values(), key=lambda recipe: len(changed(recipe.config, state.config())))


def changed(before: TrainConfig, after: TrainConfig) -> dict[str, tuple[Any, Any]]:
    """The settings that differ: name to (before, after)."""
    old, new = before.to_dict(), after.to_dict()
    return {name: (old[name], new[name]) for name in old if old[name] != new[name]}


def changed_words(recipe: Recipe, changes: Mapping[str, tuple[Any, Any]]) -> str:
    """The changes in a sentence, each with the value it had and the value it has."""
    sentences = [
        f"{OPTIONS[name].title} {OPTIONS[name].label(before)} → {OPTIONS[name].label(after)}"
        for name, (before, after) in changes.items()
    ]
    rest = f"; and {len(sentences) - MOST_NAMED} more" if len(sentences) > MOST_NAMED else ""
    return f"Changed from {recipe.title}: {'; '.join(sentences[:MOST_NAMED])}{rest}."


def _choose(recipe: Recipe) -> None:
    """The select box of recipes, with the summary of the chosen one and where it comes from."""
    st.selectbox(
        "Recipe",
        list(RECIPES),
        key=state.control(_KEY, recipe.name),
        format_func=lambda name: RECIPES[name].title,
        on_change=callback(_take),
        help="A recipe is a set of values for all the settings below; each can be changed afterwards.",
    )
    st.caption(plain(recipe.summary))
    if recipe.told or recipe.chosen:
        with st.expander("What is told, what is chosen", icon=":material/history_edu:"):
            if recipe.told:
                st.markdown(f"**Told by its source:** {plain(recipe.told)}")
            if recipe.chosen:
                st.markdown(f"**Not told, so chosen here:** {plain(recipe.chosen)}")


def _take() -> None:
    recipe = RECIPES.get(st.session_state[_KEY])
    if recipe is not None:  # a browser may send any name
        state.set_config(recipe.config, recipe.name)


def _group(group: str) -> None:
    """The options of a group that the others leave something to do: choices, numbers, switches."""
    options = [o for o in OPTIONS.values() if o.group == group and o.applies(state.config())]
    numbers = [option for option in options if option.kind in ("whole", "decimal")]
    for option in options:
        if option.kind == "choice":
            _control(option)
    if numbers:
        with st.grid(2, min_column_width=NARROWEST, gap="small"):
            for option in numbers:
                _control(option)
    for option in options:
        if option.kind == "flag":
            _control(option)


def _control(option: Option) -> None:
    value = getattr(state.config(), option.name)
    key = state.control(f"recipe_{option.name}", value)
    shared: dict[str, Any] = {
        "key": key, "on_change": callback(_change), "args": (option.name, key), "help": option.help,
    }  # fmt: skip
    if option.kind == "flag":
        st.toggle(option.title, **shared)
    elif option.kind == "choice":
        choices = device.offered(value) if option.name == "device" else option.choices
        st.selectbox(option.title, choices, format_func=option.label, **shared)
    else:
        number: type[int | float] = int if option.kind == "whole" else float
        high = option.high
        if option.name == "epochs" and (most := limits.most_epochs()) < high:
            # A link may bring more: it is shown as it is, and cannot be started.
            high, shared["help"] = max(most, value), f"{option.help} At most {most:,} here."
        shared |= {"min_value": number(option.low), "max_value": number(high)}
        shared |= {"step": number(option.step), "format": None if number is int else "%g"}
        st.number_input(option.title, **shared)


def _change(name: str, key: str) -> None:
    value = st.session_state[key]
    if value is None:  # an emptied field keeps the value it had
        return
    try:
        state.change_config(**{name: value})
    except ConfigError as error:
        state.notify(str(error))
