"""The designs and settings that fixtures are made of."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import tiny

from cifar7.network.presets import PRESETS
from cifar7.network.spec import Head, NetSpec, Stage, Unit
from cifar7.training.config import TrainConfig
from cifar7.training.recipes import RECIPES

# 135 parameters, of which one norm: weights of 4 kB.
TINY = replace(tiny.SPEC, stages=(Stage((Unit(4),), pool=4), Stage(), Stage(), Stage()))

# Padding that shrinks, strides, groups, a shortcut around two, a separable unit without a norm in between.
ODD = NetSpec(
    name="Odd <one> & ümläut",
    activation="gelu",
    norm="group",
    order="conv-act-norm",
    bias=False,
    image_size=48,
    classes=3,
    stages=(
        Stage((Unit(8, kernel=5, padding=0, stride=2),
               Unit(8, kind="grouped", groups=4, dropout=0.2)), pool=2),
        Stage((Unit(12), Unit(8, kernel=3, dilation=2, activation=False, residual=2))),
        Stage((Unit(16, kind="separable", between=False, dropout=0.1, dropout_after="depthwise",
                    pointwise_padding=1),), pool=3),
        Stage(),
    ),
    output=Head((Unit(6, kernel=1, norm=False),), pool=4, classifier="linear"),
)  # fmt: skip

_separable = partial(Unit, kind="separable")

# What this preset was before it was improved upon.
CHAMPION = NetSpec(
    name="champion",
    bias=False,
    stages=(
        Stage((Unit(32), Unit(64)), pool=2),
        Stage((Unit(128), Unit(128)), pool=2),
        Stage((Unit(192), Unit(192, dilation=2)), pool=2),
        Stage((_separable(256), _separable(256))),
    ),
    output=Head(classifier="linear"),
)
REPLACED = (CHAMPION,)


def specs() -> dict[str, NetSpec]:
    """Every preset, and odd designs."""
    return {
        **{name: preset.spec for name, preset in PRESETS.items()},
        "tiny": TINY,
        "odd": ODD,
        **{
            f"starter {change}": replace(PRESETS["starter"].spec, **change)
            for change in (
                {"activation": "silu"},
                {"activation": "leaky_relu", "norm": "none", "order": "conv-act-norm"},
                {"norm": "group", "bias": False, "classes": 100},
                {"in_channels": 1, "image_size": 64},
            )
        },
    }


def configs() -> dict[str, TrainConfig]:
    """Every recipe, and settings at their limits."""
    return {
        **{name: recipe.config for name, recipe in RECIPES.items()},
        "adamw": TrainConfig(optimiser="adamw", momentum=0.85, nesterov=False, schedule="cosine", cutout=8),
        "step": TrainConfig(schedule="step", step_epochs=3, step_factor=0.1, warmup=0.0, test_flip=True),
        "extremes": TrainConfig(epochs=1000, batch_size=16384, lr=1e-5, weight_decay=1.0, averaging=0.9999,
                                label_smoothing=0.9, crop_padding=16, holdout=1, train_sample=1,
                                device="mps", precision="bf16", seed=2**31 - 1),
    }  # fmt: skip
