"""The recipe of a training run, as widgets: each shows the recipe kept in `state` and changes one setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cifar7.training.config import ConfigError, limits
from cifar7.training.schedule import lr_at
from cifar7.ui import state

HELP = {
    "epochs": "How often the network goes through all training images.",
    "batch_size": "How many images it looks at before each small correction of its weights.",
    "lr": "How large the corrections are at their peak. Too large and the loss explodes, too small and "
    "nothing moves.",
    "seed": "Chance with a number: the same seed gives the same start and the same order of images.",
    "momentum": "The share of the last correction that is carried on into the next.",
    "weight_decay": "A pull of all weights towards zero, against learning by heart.",
    "label_smoothing": "Asks for less than certainty: the probability that is spread over all classes.",
    "schedule": "How the learning rate changes over the run. One-cycle rises first and then falls to zero.",
    "step_epochs": "Epochs between two drops of the learning rate.",
    "step_factor": "What the learning rate is multiplied by at each drop.",
    "crop_padding": "Each image is shifted at random by up to so many pixels: position is not learnt.",
    "flip": "At random: each image is mirrored left to right with probability one half. Alternating: half of "
    "the images first, the other half in the next epoch, so that each is seen from both sides.",
    "nesterov": "Looks ahead along the momentum before correcting.",
    "protocol": "Held-out: some training images, a tenth at most, are set aside to choose the epoch, "
    "and the test images are read once. Test after each epoch: as in the submissions; it flatters.",
    "precision": "bf16 calculates with half the digits, faster where the device is built for it.",
}
PROTOCOLS = {"holdout": "Held-out images", "test-each-epoch": "Test after each epoch"}
SCHEDULES = {"one-cycle": "One-cycle", "constant": "Constant", "step": "Steps", "cosine": "Cosine"}
NARROWEST = 120  # pixels of a field with its plus and minus
FLIPS = {"none": "Never", "random": "At random", "alternating": "Alternating"}
PRECISIONS = {"auto": "Automatic", "fp32": "fp32", "bf16": "bf16"}


def settings() -> None:
    """The four settings that matter, and the others folded away."""
    with st.grid(2, min_column_width=NARROWEST, gap="small"):
        _whole("epochs", "Epochs")
        _whole("batch_size", "Batch size", step=32)
        _number("lr", "Learning rate", step=0.01)
        _whole("seed", "Seed")
    with st.expander("More settings", icon=":material/tune:"):
        _choice("protocol", "Protocol", PROTOCOLS)
        _choice("schedule", "Schedule of the learning rate", SCHEDULES)
        with st.grid(2, min_column_width=NARROWEST, gap="small"):
            if state.config().schedule == "step":
                _whole("step_epochs", "Epochs a step")
                _number("step_factor", "Factor a step", step=0.05)
            _number("momentum", "Momentum", step=0.05)
            _number("weight_decay", "Weight decay", step=0.0001)
            _number("label_smoothing", "Label smoothing", step=0.05)
            _whole("crop_padding", "Shift by, pixels")
            _toggle("nesterov", "Nesterov")
        _choice("flip", "Mirror images", FLIPS)
        _choice("precision", "Precision", PRECISIONS)


def rate_points(steps_per_epoch: int, points: int = 80) -> list[tuple[float, float]]:
    """(epoch, learning rate) along the run to come."""
    config = state.config()
    steps = max(1, steps_per_epoch) * config.epochs
    at = sorted({round(i * (steps - 1) / (points - 1)) for i in range(points)})
    return [
        (step / max(1, steps_per_epoch), lr_at(step, steps, config, max(1, steps_per_epoch))) for step in at
    ]


def _changer(name: str, key: str) -> Callable[[], None]:
    def change() -> None:
        value = st.session_state[key]
        if value is None:  # an emptied field keeps what was there
            return
        try:
            state.change_config(**{name: value})
        except ConfigError as error:
            state.notify(str(error))

    return change


def _key(name: str) -> str:
    return state.control(f"recipe_{name}", getattr(state.config(), name))


def _whole(name: str, label: str, step: int = 1) -> None:
    known = limits(name)
    key = _key(name)
    st.number_input(
        label,
        min_value=int(known["low"]),
        max_value=int(known["high"]),
        step=step,
        key=key,
        on_change=_changer(name, key),
        help=HELP[name],
    )


def _number(name: str, label: str, step: float) -> None:
    known: dict[str, Any] = limits(name)
    key = _key(name)
    st.number_input(
        label,
        min_value=float(known["low"]),
        max_value=float(known["high"]),
        step=step,
        format="%g",
        key=key,
        on_change=_changer(name, key),
        help=HELP[name],
    )


def _choice(name: str, label: str, words: dict[str, str]) -> None:
    key = _key(name)
    st.selectbox(
        label,
        list(words),
        key=key,
        format_func=words.__getitem__,
        on_change=_changer(name, key),
        help=HELP[name],
    )


def _toggle(name: str, label: str) -> None:
    key = _key(name)
    st.toggle(label, key=key, on_change=_changer(name, key), help=HELP[name])
