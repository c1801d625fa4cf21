"""Questions to begin with: each is a sweep from the design on the page, chosen whole. No streamlit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cifar7.network.arithmetic import analyse
from cifar7.network.problems import problems
from cifar7.network.profiles import Profile
from cifar7.network.spec import STAGE_NAMES, NetSpec
from cifar7.sweeps.axes import apply, read_axis
from cifar7.sweeps.knobs import SweepError, Value
from cifar7.training.config import TrainConfig
from cifar7.ui.explore.draft import Draft
from cifar7.wording import percent

DILATIONS, KINDS = (1, 2), ("standard", "separable")
DROPOUTS = (0.0, 0.05, 0.1, 0.2)
SMALLER = (0.25, 0.5, 1.0)  # shares of the channels that a stage has
TRIED = 30  # designs of the sampler that learns
USUAL_ACCURACY = 0.8


@dataclass(frozen=True, slots=True)
class Question:
    """Its key, its title on the button, a sentence about what is tried, and the sweep."""

    key: str
    title: str
    about: str
    icon: str
    draft: Callable[[NetSpec, TrainConfig], Draft]


def questions(profile: Profile) -> tuple[Question, ...]:
    """The three, for this version of the assignment."""
    asked = profile.asks("accuracy")
    goal = percent(asked.limit if asked else USUAL_ACCURACY, 0)
    return (
        Question(
            "dilation",
            "Which dilation?",
            "Dilation and convolution of the last stages, every combination, two seeds.",
            "blur_on",
            _dilation,
        ),
        Question(
            "small",
            f"How small can it be and still reach {goal}?",
            "Fewer channels and cheaper convolutions, below half the parameters; a sampler that learns.",
            "compress",
            _small,
        ),
        Question(
            "dropout",
            "Is dropout worth it?",
            "Four amounts of dropout in all stages, three seeds.",
            "grain",
            _dropout,
        ),
    )


def _stages(spec: NetSpec) -> list[str]:
    return [name for name in STAGE_NAMES if spec.stage(name).units]


def _dilation(spec: NetSpec, config: TrainConfig) -> Draft:
    axes = [
        axis
        for stage in _stages(spec)[-2:]
        for axis in (
            _axis(f"{stage.lower()}.dilation", DILATIONS, spec, config),
            _axis(f"{stage.lower()}.kind", KINDS, spec, config),
        )
    ]
    return Draft(tuple(filter(None, axes)), title="Which dilation?", seeds=2)


def _small(spec: NetSpec, config: TrainConfig) -> Draft:
    axes = [
        _axis(
            f"{stage.lower()}.channels",
            tuple(dict.fromkeys(max(4, round(share * _channels(spec, stage))) for share in SMALLER)),
            spec,
            config,
        )
        for stage in _stages(spec)
    ]
    kinds = [
        _axis(f"{stage.lower()}.kind", ("standard", "grouped", "separable"), spec, config)
        for stage in _stages(spec)
    ]
    return Draft(
        tuple(filter(None, (*axes, *kinds))),
        title="How small can it be?",
        seeds=1,
        sampler="tpe",
        trials=TRIED,
        parameters=max(1, analyse(spec).parameters // 2),
    )


def _dropout(spec: NetSpec, config: TrainConfig) -> Draft:
    axis = _axis("dropout", DROPOUTS, spec, config)
    return Draft((axis,) if axis else (), title="Is dropout worth it?", seeds=3)


def _channels(spec: NetSpec, stage: str) -> int:
    return max(unit.channels for unit in spec.units(stage))


def _axis(name: str, values: tuple[Value, ...], spec: NetSpec, config: TrainConfig) -> dict[str, Any] | None:
    """The axis with those of the values that the design takes; None without two of them."""
    usable = []
    for value in values:
        try:
            read_axis({"name": name, "values": [value]}, spec)
            if not problems(apply(spec, config, {name: value})[0]):
                usable.append(value)
        except SweepError:
            continue
    return {"name": name, "values": usable} if len(usable) > 1 else None
