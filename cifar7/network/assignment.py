"""The assignment card: what a profile requires, what the network has, and what to change where it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cifar7.network import measures
from cifar7.network.arithmetic import Analysis, Row
from cifar7.network.profiles import Profile, Requirement, quantity

# Those of `profiles.MEASURES` that are counted on the layers.
_OF_ROWS: dict[str, Callable[[Sequence[Row]], float]] = {
    "max_pools": measures.max_pools,
    "downsamplings": measures.downsamplings,
    "separable": measures.separable,
    "dilated": measures.dilated,
    "grouped": measures.grouped,
    "dropouts": measures.dropouts,
    "seen": measures.seen,
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
    """One line of the card. `passed` is None where it takes a run and there is none."""

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


def card(analysis: Analysis, profile: Profile, achieved: Achieved | None = None) -> list[Verdict]:
    """The verdict on every requirement of the profile, in its order."""
    return [_verdict(requirement, analysis, achieved or Achieved()) for requirement in profile.requirements]


def breaks(before: Analysis, after: Analysis, profile: Profile) -> bool:
    """Whether a requirement that was fulfilled no longer is; those that need a run do not count."""
    then, now = card(before, profile), card(after, profile)
    return any(old.passed and new.passed is False for old, new in zip(then, now, strict=True))


def measure(name: str, analysis: Analysis, achieved: Achieved) -> float | None:
    """One of `profiles.MEASURES` on a network and its run; None where a run is needed and missing."""
    rows = analysis.rows
    match name:
        case "gpu":
            return None if achieved.on_gpu is None else int(achieved.on_gpu)
        case "accuracy":
            return achieved.accuracy
        case "receptive_field":
            return analysis.receptive_field_total
        case "receptive_field_before_pooling":
            return analysis.receptive_field_before
        case "parameters":
            return analysis.parameters
        case "macs":
            return analysis.macs
        case "global_average_pooling":
            return int(measures.pools_to_one_pixel(rows))
    return _OF_ROWS[name](rows)


def _verdict(requirement: Requirement, analysis: Analysis, achieved: Achieved) -> Verdict:
    value = measure(requirement.id, analysis, achieved)
    if value is None:
        return Verdict(requirement, None, None, "needs a run", "")
    passed = requirement.holds(value)
    text = quantity(requirement.id, value)
    if requirement.id == "gpu":
        text = achieved.device or text
    elif requirement.id == "receptive_field":
        text += f" ({analysis.receptive_field_before} before pooling)"
    elif requirement.id == "accuracy" and achieved.protocol:
        text += f" ({achieved.protocol})"
    return Verdict(requirement, value, passed, text, "" if passed else _advice(requirement, value))


def _advice(requirement: Requirement, value: float) -> str:
    short = value < requirement.limit or (value == requirement.limit and requirement.relation == "above")
    if requirement.id.startswith("receptive_field"):
        if not short:
            return "Take a dilation or a convolution out, or pool later."
        missing = "It is exactly the limit, and more is asked. " if value == requirement.limit else ""
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
        "macs": "Widen a stage, or pool later.",
        "grouped": "Make a convolution grouped.",
        "dropouts": "Give a unit dropout.",
        "seen": "Give dilated convolutions that follow each other dilations such as 1, 2, 3.",
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
        "macs": "Pool earlier, or make convolutions on large maps narrower or depthwise separable.",
        "grouped": "Make a grouped convolution standard.",
        "dropouts": "Take the dropout out.",
        "seen": "Dilate convolutions by the same number.",
    }
    return (more if short else less)[requirement.id]
