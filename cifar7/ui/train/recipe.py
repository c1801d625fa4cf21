"""The settings of a training run: a control for each field of `TrainConfig`.

Each shows the value in `state` and changes that one setting. Title, range, choices and help come from the
field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from cifar7.fields import Option
from cifar7.training.config import BASICS, GROUPS, OPTIONS, ConfigError
from cifar7.training.schedule import lr_at
from cifar7.ui.shell import state
from cifar7.ui.train import lr_test, recipe_chooser
from cifar7.ui.words import device

NARROWEST = 120  # pixels of a field with its plus and minus


def settings() -> None:
    """The recipe, the settings that matter most, and the others folded away."""
    recipe_chooser.choose()
    _group(BASICS)
    lr_test.offer()
    with st.expander("More settings", icon=":material/tune:"):
        for group in GROUPS:
            if group != BASICS:
                _group(group)
    recipe_chooser.say()


def _group(group: str) -> None:
    """The options of a group that the others leave something to do: choices, numbers, switches."""
    options = [o for o in OPTIONS.values() if o.group == group and o.applies(state.config())]
    _draw(option for option in options if option.kind == "choice")
    numbers = [option for option in options if option.kind in ("whole", "decimal")]
    if numbers:
        with st.grid(2, min_column_width=NARROWEST, gap="small"):
            _draw(numbers)
    _draw(option for option in options if option.kind == "flag")


def _draw(options: Iterable[Option]) -> None:
    for option in options:
        _control(option)


def _control(option: Option) -> None:
    value = getattr(state.config(), option.name)
    key = state.control(f"recipe_{option.name}", value)
    shared: dict[str, Any] = {
        "key": key, "on_change": _change, "args": (option.name, key), "help": option.help,
    }  # fmt: skip
    if option.kind == "flag":
        st.toggle(option.title, **shared)
    elif option.kind == "choice":
        choices = device.offered(value) if option.name == "device" else option.choices
        st.selectbox(option.title, choices, format_func=option.label, **shared)
    elif option.kind == "whole":
        st.number_input(
            option.title,
            min_value=int(option.low),
            max_value=int(option.high),
            step=int(option.step),
            **shared,
        )
    else:
        st.number_input(
            option.title,
            min_value=float(option.low),
            max_value=float(option.high),
            step=option.step,
            format="%g",
            **shared,
        )


def _change(name: str, key: str) -> None:
    value = st.session_state[key]
    if value is None:  # an emptied field keeps the value it had
        return
    try:
        state.change_config(**{name: value})
    except ConfigError as error:
        state.notify(str(error))


def rate_points(steps_per_epoch: int, points: int = 80) -> list[tuple[float, float]]:
    """(epoch, learning rate) along the run to come."""
    config, per_epoch = state.config(), max(1, steps_per_epoch)
    steps = per_epoch * config.epochs
    at = sorted({round(i * (steps - 1) / (points - 1)) for i in range(points)})
    return [(step / per_epoch, lr_at(step, steps, config, per_epoch)) for step in at]
