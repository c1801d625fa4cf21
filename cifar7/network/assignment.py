"""The assignment card: what a profile asks, what the network has, and what to change where it falls short."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from cifar7.network import measures
from cifar7.network.arithmetic import Analysis
from cifar7.network.profiles import Profile, Requirement, quantity

_HOLDS = {
    "above": operator.gt,
    "at least": operator.ge,
    "exactly": operator.eq,
    "at most": operator.le,
    "below": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Achieved:
    """What a run adds to the card: its test accuracy (0 to 1) and how it was had, and its device."""

    accuracy: float | None = None
    protocol: str = ""
    on_gpu: bool | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the card. `passed` is None where only a run can tell and none was given."""

    requirement: Requirement
    measured: float | None
    passed: bool | None
    words: str  # the measured value as it is read
    advice: str  # what to change; empty unless it failed

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "id": self.requirement.id,
            "title": self.requirement.title,
            "limit": self.requirement.words,
            "measured": self.measured,
            "passed": self.passed,
            "words": self.words,
            "advice": self.advice,
        }


def card(found: Analysis, profile: Profile, achieved: Achieved | None = None) -> list[Verdict]:
    """The verdict on every requirement of the profile, in its order."""
    return [_verdict(requirement, found, achieved or Achieved()) for requirement in profile.requirements]


def measure(name: str, found: Analysis, achieved: Achieved) -> float | None:
    """One of `profiles.MEASURES` on a network and its run; None where a run is needed and missing."""
    rows = found.rows
    values: dict[str, float | None] = {
        "gpu": None if achieved.on_gpu is None else int(achieved.on_gpu),
        "accuracy": achieved.accuracy,
        "max_pools": measures.max_pools(rows),
        "downsamplings": measures.downsamplings(rows),
        "receptive_field": found.receptive_field_total,
        "receptive_field_before_pooling": found.receptive_field_before,
        "separable": measures.separable(rows),
        "dilated": measures.dilated(rows),
        "global_average_pooling": int(measures.pools_to_one_pixel(rows)),
        "parameters": found.parameters,
    }
    return values[name]


def _verdict(asked: Requirement, found: Analysis, achieved: Achieved) -> Verdict:
    value = measure(asked.id, found, achieved)
    if value is None:
        return Verdict(asked, None, None, "needs a run", "")
    passed = bool(_HOLDS[asked.relation](value, asked.limit))
    advice = "" if passed else _advice(asked, value)
    return Verdict(asked, value, passed, _words(asked, value, found, achieved), advice)


def _words(asked: Requirement, value: float, found: Analysis, achieved: Achieved) -> str:
    if asked.id == "gpu":
        return achieved.device or ("yes" if value else "no")
    if asked.id == "global_average_pooling":
        return "yes" if value else "no"
    if asked.id == "receptive_field":
        return f"{quantity(asked.id, value)} ({found.receptive_field_before} before pooling)"
    if asked.id == "accuracy" and achieved.protocol:
        return f"{quantity(asked.id, value)} ({achieved.protocol})"
    return quantity(asked.id, value)


def _advice(asked: Requirement, value: float) -> str:
    short = value < asked.limit or (value == asked.limit and asked.relation == "above")
    if asked.id.startswith("receptive_field"):
        if not short:
            return "Take a dilation or a convolution out, or pool later."
        missing = "It is exactly the limit, and more is asked. " if value == asked.limit else ""
        return (
            missing + "Dilate a convolution in C3 or C4, where one step is several image pixels, or add one."
        )
    more = {
        "max_pools": "Give one more stage its max-pool.",
        "downsamplings": "Give one more stage a max-pool, or a convolution with stride 2.",
        "separable": "Make a convolution with a kernel above 1 depthwise separable, best in a wide stage.",
        "dilated": "Set the dilation of a 3×3 convolution to 2; a 1×1 has nothing to dilate.",
        "gpu": "Train it on a machine with a GPU; this run was on a CPU.",
        "global_average_pooling": "Pool the whole last map to 1×1.",
        "accuracy": "Train longer, widen a stage, or turn on flips and crops; look at the mistakes first.",
        "parameters": "Widen a stage.",
    }
    less = {
        "max_pools": "Take a max-pool out; a convolution with stride 2 halves the map as well.",
        "downsamplings": "Take a pool or a stride out.",
        "separable": "Make a separable convolution standard.",
        "dilated": "Set a dilation back to 1.",
        "gpu": "Train it on a CPU.",
        "global_average_pooling": "Take the average pooling out.",
        "accuracy": "Train less.",
        "parameters": "Make the widest convolutions depthwise separable, or give C3 and C4 fewer channels.",
    }
    return (more if short else less)[asked.id]
