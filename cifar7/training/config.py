"""How a network is trained. Each setting is one field, declared with its limits and texts.

The page's controls, the command line's flags, the tables of differences and the constants of an exported
train.py are made from `OPTIONS`; `cifar7.fields.Option` lists what a declaration may hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from cifar7.errors import UserError
from cifar7.fields import choice, flag, number, options, read_value

DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)"}
ONE_GPU = r"cuda:\d{1,2}"  # one of several, by its number

# The groups of options on the page and in --help, in this order.
BASICS = "basics"
SCORING = "scoring"
SCHEDULE = "learning rate schedule"
OPTIMISER = "optimiser and loss"
IMAGES = "images"
MACHINE = "machine"
GROUPS = (BASICS, SCORING, SCHEDULE, OPTIMISER, IMAGES, MACHINE)

Triple = tuple[float, float, float]  # of R, G, B, on the scale 0..1
HALF: Triple = (0.5, 0.5, 0.5)


def is_device(name: str) -> bool:
    """Whether a device can be called so; whether there is one is another question."""
    return name in DEVICES or re.fullmatch(ONE_GPU, name) is not None


class ConfigError(UserError):
    """A setting that cannot be trained with: says which field, its limits and what would be right."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One recipe. Checked when it is made: raises ConfigError.

    The order of the fields is that of the saved JSON, the tables and, within a group, the flags.
    """

    # Limits first, then names and unit, then a sentence or two of help.
    # fmt: off
    epochs: int = number(
        8, low=1, high=1000, group=BASICS, unit="passes over the training images",
        help="How often the network goes through all training images.",
    )
    batch_size: int = number(
        128, low=1, high=16384, step=32, group=BASICS, unit="images a step",
        help="How many images it looks at before each small correction of its weights.",
    )
    lr: float = number(
        0.2, low=0, high=100, above=True, step=0.01, group=BASICS, title="Learning rate",
        unit="peak learning rate", noun="peak learning rate", constant="LEARNING_RATE",
        help="How large the corrections are at their peak. Too large and the loss explodes, too small and "
        "nothing moves.",
    )
    optimiser: str = choice(
        "sgd", {"sgd": "SGD", "adamw": "AdamW", "muon": "Muon"}, group=OPTIMISER,
        help="How a gradient becomes a correction: SGD goes along it, AdamW gives every weight a stride of "
        "its own and wants a far smaller learning rate, about 0.002. Muon corrects a layer's kernels by as "
        "much in every direction: more is learnt in few epochs, for more arithmetic a step.",
    )
    momentum: float = number(
        0.9, low=0, high=0.999, step=0.05, group=OPTIMISER,
        unit="share of the last step that is kept (adamw: beta 1)",
        help="The share of the last correction that is carried on into the next.",
    )
    nesterov: bool = flag(  # needs momentum above 0
        True, group=OPTIMISER, when={"optimiser": "sgd"},
        help="Looks ahead along the momentum before correcting.",
    )
    weight_decay: float = number(
        5e-4, low=0, high=1, step=0.0001, group=OPTIMISER,
        unit="a step, times the learning rate",
        help="A pull of all weights towards zero, against learning by heart; not on norms and biases.",
    )
    schedule: str = choice(
        "one-cycle",
        {"one-cycle": "One-cycle", "constant": "Constant", "step": "Steps", "cosine": "Cosine"},
        group=SCHEDULE, title="Schedule of the learning rate",
        help="How the learning rate changes over the run. One-cycle rises first and then falls to zero.",
    )
    warmup: float = number(
        0.25, low=0, high=1, step=0.05, group=SCHEDULE, title="Warm-up", when={"schedule": "one-cycle"},
        unit="share of all steps in which the learning rate rises",
        help="The share of the steps in which the learning rate rises to its peak; in the rest it falls.",
    )
    step_epochs: int = number(
        8, low=1, high=1000, group=SCHEDULE, title="Epochs a step", when={"schedule": "step"},
        unit="epochs between two drops",
        help="Epochs between two drops of the learning rate.",
    )
    step_factor: float = number(
        0.5, low=0, high=1, above=True, step=0.05, group=SCHEDULE, title="Factor a step",
        when={"schedule": "step"}, unit="what a drop leaves",
        help="What the learning rate is multiplied by at each drop.",
    )
    label_smoothing: float = number(
        0.0, low=0, high=0.9, step=0.05, group=OPTIMISER,
        unit="spread over all classes",
        help="Asks for less than certainty: the probability that is spread over all classes.",
    )
    normalisation: str = choice(
        "set", {"set": "Their own mean", "half": "One half"}, group=IMAGES, title="Normalise images by",
        help="The mean and deviation that pixels are brought to 0 and 1 with: those of the training images, "
        "or one half for both, which gives -1 to 1.",
    )
    flip: str = choice(
        "random", {"none": "Never", "random": "At random", "alternating": "Alternating"}, group=IMAGES,
        title="Mirror images", noun="mirror images",
        help="At random: each image is mirrored left to right with probability one half. Alternating: half "
        "of the images first, the other half in the next epoch, so that each is seen from both sides.",
    )
    crop_padding: int = number(
        2, low=0, high=16, group=IMAGES, title="Shift by, pixels", unit="pixels a side",
        noun="shift by, pixels",
        help="Each image is shifted at random by up to so many pixels: position is not learnt.",
    )
    rotation: float = number(
        0.0, low=0, high=45, step=1, group=IMAGES, title="Turn by, degrees", unit="degrees either way",
        noun="turn by, degrees",
        help="Each image is turned at random by up to so many degrees either way, its border mirrored, so "
        "that a slope is not learnt; 0 is off, 5 to 15 are usual.",
    )
    scaling: float = number(
        0.0, low=0, high=50, step=1, group=IMAGES, title="Scale by, percent", unit="percent either way",
        noun="scale by, percent",
        help="Each image is made larger or smaller at random by up to so many percent, so that size is not "
        "learnt; 0 is off, 10 to 20 are usual.",
    )
    cutout: int = number(
        0, low=0, high=32, group=IMAGES, title="Cutout, pixels", unit="pixels a side",
        help="Blanks a square of so many pixels a side at a random place in each training image, so that no "
        "single detail decides; 0 is off.",
    )
    averaging: float = number(
        0.0, low=0, high=0.9999, step=0.01, group=OPTIMISER, title="Weight averaging",
        unit="share of the averaged weights that a step keeps",
        help="A second set of weights follows the learning ones, keeping this share of itself at each step, "
        "and is the one that is scored and kept: 0.99 is usual, 0 is off.",
    )
    test_flip: bool = flag(
        False, group=IMAGES, title="Test-time flips",
        help="Asks each image and its mirror image and averages both answers: a better score for twice the "
        "work, so it is said beside the result.",
    )
    protocol: str = choice(
        "holdout", {"holdout": "Held-out images", "test-each-epoch": "Test after each epoch"},
        group=SCORING,
        help="Held-out: some training images, a tenth at most, are set aside to choose the epoch, and the "
        "test images are read once. Test after each epoch: as in the submissions; it flatters.",
    )
    holdout: int = number(
        5000, low=1, high=1_000_000, step=500, group=SCORING, title="Images held out",
        when={"protocol": "holdout"}, unit="images, at most a tenth of all", noun="images held out",
        constant="HELD_OUT",
        help="How many training images are set aside; never more than a tenth of them.",
    )
    train_sample: int = number(
        5000, low=1, high=1_000_000, step=500, group=SCORING, title="Train accuracy on, images",
        unit="training images that the training accuracy is taken on", noun="images of the train accuracy",
        help="How many training images the training accuracy is measured on: fewer take less time, more are "
        "more exact.",
    )
    precision: str = choice(
        "auto", {"auto": "Automatic", "fp32": "fp32", "bf16": "bf16", "fp16": "fp16"}, group=MACHINE,
        help="bf16 calculates with half the digits, faster where the device is built for it; fp16 likewise, "
        "for NVIDIA GPUs that have no bf16. The test is always in fp32.",
    )
    device: str = choice(
        "auto", DEVICES, group=MACHINE, pattern=ONE_GPU, form="cuda:N",
        help="What it is trained on. Automatic: a GPU where one works, otherwise the CPU. cuda:1 is the "
        "second of several.",
    )
    seed: int = number(
        1, low=0, high=2**31 - 1, group=BASICS, unit="of weights, order and augmentation",
        help="Chance with a number: the same seed gives the same start and the same order of images.",
    )
    # fmt: on

    def __post_init__(self) -> None:
        for declared in fields(self):
            value = read_value(getattr(self, declared.name), declared, declared.name, ConfigError)
            object.__setattr__(self, declared.name, value)
        if self.optimiser == "sgd" and self.nesterov and self.momentum == 0:
            raise ConfigError("nesterov needs momentum, which is 0; give it above 0, or turn nesterov off.")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, every field."""
        return {name: getattr(self, name) for name in OPTIONS}

    @classmethod
    def from_dict(cls, data: Any) -> TrainConfig:
        """The recipe that `to_dict` wrote; a field that is missing takes its default. Raises ConfigError."""
        if not isinstance(data, dict):
            raise ConfigError(f"the training settings are {data!r:.60}; give an object with named fields.")
        for name in data:
            if name not in OPTIONS:
                raise ConfigError(
                    f"there is no training setting {name!r:.60}; there are {', '.join(OPTIONS)}."
                )
        if isinstance(data.get("flip"), bool):  # as it was before there were two ways to mirror
            data = {**data, "flip": "random" if data["flip"] else "none"}
        return cls(**data)

    def scale(self, mean: Triple, std: Triple) -> tuple[Triple, Triple]:
        """Mean and deviation that pixels are brought to 0 and 1 with; `mean`, `std`: of the image set."""
        return (mean, std) if self.normalisation == "set" else (HALF, HALF)


OPTIONS = options(TrainConfig)
