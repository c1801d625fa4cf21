"""The recipe of a training run, as widgets: each shows the recipe kept in `state` and changes one setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cifar7.training.config import ConfigError, limits
from cifar7.training.schedule import lr_at
from cifar7.ui.shell import state
from cifar7.ui.train import lr_test, recipe_chooser

LABELS = {
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "lr": "Learning rate",
    "seed": "Seed",
    "optimiser": "Optimiser",
    "momentum": "Momentum",
    "nesterov": "Nesterov",
    "weight_decay": "Weight decay",
    "schedule": "Schedule of the learning rate",
    "step_epochs": "Epochs a step",
    "step_factor": "Factor a step",
    "label_smoothing": "Label smoothing",
    "normalisation": "Normalise images by",
    "flip": "Mirror images",
    "crop_padding": "Shift by, pixels",
    "cutout": "Cutout, pixels",
    "averaging": "Weight averaging",
    "test_flip": "Test-time flips",
    "protocol": "Protocol",
    "precision": "Precision",
}
HELP = {
    "epochs": "How often the network goes through all training images.",
    "batch_size": "How many images it looks at before each small correction of its weights.",
    "lr": "How large the corrections are at their peak. Too large and the loss explodes, too small and "
    "nothing moves.",
    "seed": "Chance with a number: the same seed gives the same start and the same order of images.",
    "optimiser": "How a gradient becomes a correction: SGD goes along it, AdamW gives every weight a stride "
    "of its own and wants a far smaller learning rate, about 0.002.",
    "momentum": "The share of the last correction that is carried on into the next.",
    "weight_decay": "A pull of all weights towards zero, against learning by heart; not on norms and biases.",
    "label_smoothing": "Asks for less than certainty: the probability that is spread over all classes.",
    "schedule": "How the learning rate changes over the run. One-cycle rises first and then falls to zero.",
    "step_epochs": "Epochs between two drops of the learning rate.",
    "step_factor": "What the learning rate is multiplied by at each drop.",
    "normalisation": "The mean and deviation that pixels are brought to 0 and 1 with: those of the training "
    "images, or one half for both, which gives -1 to 1.",
    "crop_padding": "Each image is shifted at random by up to so many pixels: position is not learnt.",
    "flip": "At random: each image is mirrored left to right with probability one half. Alternating: half of "
    "the images first, the other half in the next epoch, so that each is seen from both sides.",
    "cutout": "Blanks a square of so many pixels a side at a random place in each training image, so that no "
    "single detail decides; 0 is off.",
    "averaging": "A second set of weights follows the learning ones, keeping this share of itself at each "
    "step, and is the one that is scored and kept: 0.99 is usual, 0 is off.",
    "test_flip": "Asks each image and its mirror image and averages both answers: a better score for twice "
    "the work, so it is said beside the result.",
    "nesterov": "Looks ahead along the momentum before correcting.",
    "protocol": "Held-out: some training images, a tenth at most, are set aside to choose the epoch, "
    "and the test images are read once. Test after each epoch: as in the submissions; it flatters.",
    "precision": "bf16 calculates with half the digits, faster where the device is built for it.",
}
CHOICES = {
    "protocol": {"holdout": "Held-out images", "test-each-epoch": "Test after each epoch"},
    "schedule": {"one-cycle": "One-cycle", "constant": "Constant", "step": "Steps", "cosine": "Cosine"},
    "optimiser": {"sgd": "SGD", "adamw": "AdamW"},
    "normalisation": {"set": "Their own mean", "half": "One half"},
    "flip": {"none": "Never", "random": "At random", "alternating": "Alternating"},
    "precision": {"auto": "Automatic", "fp32": "fp32", "bf16": "bf16"},
}
NARROWEST = 120  # pixels of a field with its plus and minus


def settings() -> None:
    """The recipe, the four settings that matter, and the others folded away."""
    recipe_chooser.choose()
    with st.grid(2, min_column_width=NARROWEST, gap="small"):
        _whole("epochs")
        _whole("batch_size", step=32)
        _number("lr", step=0.01)
        _whole("seed")
    lr_test.offer()
    with st.expander("More settings", icon=":material/tune:"):
        _choice("protocol")
        _learning()
        _images()
        _choice("precision")
    recipe_chooser.say(LABELS, CHOICES)


def _learning() -> None:
    config = state.config()
    _choice("schedule")
    if config.schedule == "step":
        with st.grid(2, min_column_width=NARROWEST, gap="small"):
            _whole("step_epochs")
            _number("step_factor", step=0.05)
    _choice("optimiser")
    with st.grid(2, min_column_width=NARROWEST, gap="small"):
        _number("momentum", step=0.05)
        _number("weight_decay", step=0.0001)
        _number("label_smoothing", step=0.05)
        _number("averaging", step=0.01)
    if config.optimiser == "sgd":
        _toggle("nesterov")


def _images() -> None:
    with st.grid(2, min_column_width=NARROWEST, gap="small"):
        _whole("crop_padding")
        _whole("cutout")
    _choice("flip")
    _choice("normalisation")
    _toggle("test_flip")


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


def _whole(name: str, step: int = 1) -> None:
    known = limits(name)
    key = _key(name)
    st.number_input(
        LABELS[name],
        min_value=int(known["low"]),
        max_value=int(known["high"]),
        step=step,
        key=key,
        on_change=_changer(name, key),
        help=HELP[name],
    )


def _number(name: str, step: float) -> None:
    known: dict[str, Any] = limits(name)
    key = _key(name)
    st.number_input(
        LABELS[name],
        min_value=float(known["low"]),
        max_value=float(known["high"]),
        step=step,
        format="%g",
        key=key,
        on_change=_changer(name, key),
        help=HELP[name],
    )


def _choice(name: str) -> None:
    key, words = _key(name), CHOICES[name]
    st.selectbox(
        LABELS[name],
        list(words),
        key=key,
        format_func=words.__getitem__,
        on_change=_changer(name, key),
        help=HELP[name],
    )


def _toggle(name: str) -> None:
    key = _key(name)
    st.toggle(LABELS[name], key=key, on_change=_changer(name, key), help=HELP[name])
