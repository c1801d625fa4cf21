"""Ways to train, as data: settings with a name, what their source says of them, and what was chosen here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cifar7.training.config import ConfigError, TrainConfig


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training configuration with its story. `chosen` is empty where the source leaves nothing open."""

    name: str
    title: str
    summary: str
    config: TrainConfig
    told: str = ""  # what its source says
    chosen: str = ""  # what its source does not say, and what is done here


# What PyTorch does where nothing is asked for, scored as in the submissions.
_SUBMITTED = TrainConfig(
    nesterov=False,
    weight_decay=0.0,
    normalisation="half",
    flip="none",
    crop_padding=0,
    protocol="test-each-epoch",
    precision="fp32",
)

DEFAULT = Recipe(
    name="default",
    title="Default",
    summary="Good for any of the designs in a few minutes: SGD with Nesterov momentum, one-cycle, mirrored "
    "and shifted images, scored on held-out images.",
    config=TrainConfig(),
)

VELASOKA = Recipe(
    name="velasoka",
    title="velasoka's",
    summary="As the three velasoka networks were trained: small steps of 4 images, no augmentation.",
    told="SGD with learning rate 0.001 and momentum 0.9, constant; batches of 4, shuffled with seed 6; "
    "cross-entropy; images brought from 0..1 to -1..1 (mean and deviation 0.5); no augmentation; tested "
    "after every epoch, up to 7 epochs.",
    chosen="fp32, as in PyTorch where nothing else is asked for. The seed draws other weights and another "
    "order here than it did there.",
    config=replace(_SUBMITTED, epochs=7, batch_size=4, lr=0.001, momentum=0.9, schedule="constant", seed=6),
)

SHRIMALI = Recipe(
    name="shrimali",
    title="shrimali's",
    summary="As the shrimali network was trained: a large learning rate, halved after 8 of 10 epochs.",
    told="Learning rate 0.2, times 0.5 every 8 epochs; 10 epochs; tested after every epoch. (Its dropout of "
    "0.15 is part of the network.)",
    chosen="Batches of 128. SGD without momentum, weight decay or augmentation, which is what PyTorch does "
    "where nothing is said. Images brought to -1..1. fp32.",
    config=replace(
        _SUBMITTED,
        epochs=10,
        batch_size=128,
        lr=0.2,
        momentum=0.0,
        schedule="step",
        step_epochs=8,
        step_factor=0.5,
    ),
)

# What our recipes with Muon have in common.
_MUON = TrainConfig(batch_size=256, optimiser="muon", lr=0.07, flip="alternating", train_sample=2000)

SPRINT = Recipe(
    name="sprint",
    title="Sprint",
    summary="For a first result while the class watches: three epochs with Muon, with which Sprinter gets "
    "over 80 % on CIFAR-10.",
    config=replace(_MUON, epochs=3, crop_padding=1),
)

CHAMPION = Recipe(
    name="champion",
    title="Champion's",
    summary="For the design Champion: 89 % on a JPEG copy of CIFAR-10 after 21 minutes on one CPU core; "
    "train it for longer on a GPU.",
    config=replace(
        _MUON,
        epochs=20,
        weight_decay=0.004,
        label_smoothing=0.1,
        averaging=0.99,
        crop_padding=4,
        cutout=10,
        holdout=2000,
    ),
)

FEATHERWEIGHT = Recipe(
    name="featherweight",
    title="Featherweight's",
    summary="For the design Featherweight: small networks want to be trained for long.",
    config=TrainConfig(epochs=36, flip="alternating", averaging=0.998),
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (DEFAULT, SPRINT, CHAMPION, FEATHERWEIGHT, VELASOKA, SHRIMALI)
}


def recipe(name: str) -> Recipe:
    """The recipe of that name. Raises ConfigError, which lists the names."""
    if name not in RECIPES:
        raise ConfigError(f"there is no recipe {name!r:.60}; there are {', '.join(RECIPES)}.")
    return RECIPES[name]
