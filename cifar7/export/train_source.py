"""A run's recipe as a stand-alone train.py: PyTorch, torchvision or Pillow, and the exported model.py.

Only what the recipe uses is written. A setting that the template does not know is refused, so that one that
is added to TrainConfig is never dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from cifar7.data.imageset import ImageSet
from cifar7.data.library import OFFICIAL, OFFICIAL_TITLE
from cifar7.export.errors import ExportError
from cifar7.export.templates import render
from cifar7.network.source import safe_name
from cifar7.training.config import TrainConfig

# The settings that stand as constants at the head of train.py where the template uses them, in that order,
# with what their comment says; None: the unit that TrainConfig gives.
CONSTANTS: dict[str, str | None] = {
    "epochs": "passes over the training images",
    "batch_size": "images a step",
    "lr": "the peak",
    "warmup": "share of all steps in which the learning rate rises",
    "step_epochs": "epochs between two drops",
    "step_factor": "what a drop leaves",
    "momentum": "share of the last step that is kept",
    "weight_decay": "a step, times the learning rate",
    "label_smoothing": "spread over all classes",
    "crop_padding": "pixels a side",
    "rotation": "degrees either way",
    "scaling": "percent either way",
    "cutout": "pixels a side",
    "averaging": "share of the averaged weights that a step keeps",
    "holdout": "images, at most a tenth of all",
    "train_sample": "training images that the training accuracy is taken on",
    "seed": "of weights, order and augmentation",
}
_NAMES = {"lr": "LEARNING_RATE", "holdout": "HELD_OUT"}  # the others: the setting's name in capitals

# The settings that choose between texts, and the values that the template knows; (): any.
CHOICES: dict[str, tuple[str, ...]] = {
    "optimiser": ("sgd", "adamw", "muon"),
    "normalisation": ("set", "half"),
    "flip": ("none", "random", "alternating"),
    "schedule": ("one-cycle", "constant", "step", "cosine"),
    "protocol": ("holdout", "test-each-epoch"),
    "precision": ("auto", "fp32", "bf16", "fp16"),
    "nesterov": (),
    "test_flip": (),
    "device": (),  # an argument of train.py
}

Constant = tuple[str, object, str]  # name, value, comment


def train_source(config: TrainConfig, images: ImageSet) -> str:
    """The text of `train.py`. Raises ExportError for a recipe with something in it that is not known here.

    torchvision downloads the official CIFAR-10; any other set comes as class folders.
    """
    check_known(config.to_dict())
    official = images.name == OFFICIAL
    title = OFFICIAL_TITLE if official else safe_name(images.title)[:60]
    exact = _exact(config)
    mean, std = (_triple(values, exact) for values in config.scale(images.mean, images.std))
    settings = {"config": config, "official": official, "mean": mean, "std": std, "exact": exact}
    # Nameless at first: no constant is used because a class is called like it.
    body = render("train.py", **settings, classes=(), title="", constants=())
    used = [constant for constant in _constants(config) if re.search(rf"\b{constant[0]}\b", body)]
    return render("train.py", **settings, classes=images.classes, title=title, constants=used)


def _exact(config: TrainConfig) -> bool:
    """Whether it repeats a run to the bit; recipes from before such settings are written as they were."""
    return config.optimiser == "muon" or config.rotation > 0 or config.scaling > 0


def check_known(settings: dict[str, Any]) -> None:
    """Raises ExportError for a setting, or a value of one, that the written train.py would not follow."""
    for name, value in settings.items():
        if name not in CONSTANTS and name not in CHOICES:
            raise ExportError(
                f"the setting {name} ({value!r:.60}) cannot be written to train.py yet; "
                "export the model alone, as in --out model.py."
            )
        choices = CHOICES.get(name)
        if choices and value not in choices:
            raise ExportError(
                f"{name} is {value!r:.60}, which cannot be written to train.py yet; it writes "
                f"{', '.join(choices)}. Export the model alone, as in --out model.py."
            )


def _constants(config: TrainConfig) -> list[Constant]:
    """Every constant that the template may use."""
    units = {field.name: field.metadata.get("unit", "") for field in fields(TrainConfig)}
    comments = {name: units[name] if comment is None else comment for name, comment in CONSTANTS.items()}
    if config.schedule == "constant":
        comments["lr"] = "throughout"
    if config.optimiser == "adamw":
        comments["momentum"] = "beta 1: share of the mean gradient that is kept"
    return [
        (_NAMES.get(name, name.upper()), getattr(config, name), comment) for name, comment in comments.items()
    ]


def _triple(values: Iterable[float], exact: bool) -> str:
    return f"({', '.join(repr(value) if exact else f'{value:.8g}' for value in values)})"
