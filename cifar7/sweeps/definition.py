"""A sweep as data: from what it starts, what varies, how often, who proposes, when it gives up."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

from cifar7.fields import choice, number, read_value
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import card
from cifar7.network.problems import problems
from cifar7.network.profiles import MEASURES, Profile, Requirement, read_profile
from cifar7.network.spec import NetSpec
from cifar7.sweeps.axes import Axis, apply, read_axis
from cifar7.sweeps.cluster.setting import read_address
from cifar7.sweeps.knobs import SweepError, Value
from cifar7.training.config import TrainConfig

SAMPLERS = {
    "grid": "every combination",
    "random": "combinations by chance",
    "tpe": "a sampler that learns from what it has seen (TPE)",
}
STOPS = {
    "none": "every run is trained to its end",
    "asha": "successive halving (ASHA): the worse part stops at each of a few epochs",
    "median": "the median rule: a run below the median of those before it stops",
}
MOST_AXES = 12
MOST_TRIALS = 10_000
# What the arithmetic decides before anything is trained.
KNOWN_BEFORE = tuple(name for name in MEASURES if name not in ("gpu", "accuracy"))
_SYMBOLS = {
    "<=": "at most",
    "≤": "at most",
    ">=": "at least",
    "≥": "at least",
    "<": "below",
    ">": "above",
    "=": "exactly",
}
_REQUIRED = re.compile(r"\s*([a-z_]+)\s*(<=|>=|≤|≥|<|>|=)\s*([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([kKmM]?)\s*")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a sweep does; raises SweepError where it cannot be.

    Trial n takes values for the axes and trains them with each of `seeds` seeds, which begin with that of
    `config`. `trials` 0: all combinations, which a grid alone has. `minutes` 0: no limit of time; with one,
    no trial begins after it. Trial n is proposed by what came of all before n + 1 - `at_once`. A `cluster` is
    named by the command line or the server's configuration, and by no browser.
    """

    spec: NetSpec
    config: TrainConfig
    data: str
    axes: tuple[Axis, ...]
    title: str = "Sweep"
    requirements: tuple[Requirement, ...] = ()
    seeds: int = number(1, low=1, high=20)
    sampler: str = choice("grid", SAMPLERS)
    stop: str = choice("none", STOPS)
    trials: int = number(0, low=0, high=MOST_TRIALS)
    minutes: float = number(0.0, low=0, high=100_000)
    seed: int = number(1, low=0, high=2**31 - 1)  # of the sampler
    at_once: int = number(2, low=1, high=1000)  # trials that go on beside each other
    cluster: str = ""  # the address of the Ray cluster that trains its runs; "": this machine does
    gpu_share: float = number(1.0, low=0.05, high=1)  # what a run takes of a GPU there, if it has any

    def __post_init__(self) -> None:
        for declared in fields(self):
            if declared.metadata or declared.name == "title":
                value = read_value(getattr(self, declared.name), declared, declared.name, SweepError)
                object.__setattr__(self, declared.name, value)
        if self.cluster != "":
            read_address(self.cluster)
        if not 1 <= len(self.axes) <= MOST_AXES:
            raise SweepError(f"{len(self.axes)} things vary; a sweep takes 1 to {MOST_AXES}")
        if self.config.protocol != "holdout":
            raise SweepError(
                "what is chosen among many must not be chosen by test images; set the protocol to holdout"
            )
        names = [axis.name for axis in self.axes]
        if len(set(names)) < len(names):
            raise SweepError(f"{max(names, key=names.count)} varies twice; give all of its values at once")
        ranges = [axis.name for axis in self.axes if axis.is_range]
        if self.sampler == "grid" and ranges:
            raise SweepError(
                f"{ranges[0]} is a range, which has no grid; list values, or sample by random or tpe"
            )
        if self.sampler != "grid" and not self.trials:
            raise SweepError(f"the sampler {self.sampler} does not end by itself; say how many trials")
        if self.planned > MOST_TRIALS:
            raise SweepError(f"the grid has {self.planned:,} combinations; {MOST_TRIALS:,} are the limit")

    @property
    def combinations(self) -> int | None:
        """How many combinations of values there are; None with a range."""
        return (
            None if any(axis.is_range for axis in self.axes) else math.prod(len(a.values) for a in self.axes)
        )

    @property
    def planned(self) -> int:
        """How many trials there will be at most."""
        if self.sampler == "grid":
            return min(self.combinations or 0, self.trials or MOST_TRIALS + 1)
        return self.trials

    def grid(self) -> Iterator[dict[str, Value]]:
        """All combinations; the last axis changes fastest."""
        names = [axis.name for axis in self.axes]
        for values in product(*(axis.values for axis in self.axes)):
            yield dict(zip(names, values, strict=True))

    def run(self, values: Mapping[str, Value], repeat: int) -> tuple[NetSpec, TrainConfig]:
        """Design and settings of a trial's run; `repeat` counts seeds from 0. Raises as `axes.apply`."""
        spec, config = apply(self.spec, self.config, values)
        return spec, replace(config, seed=self.config.seed + repeat)

    def obstacle(self, values: Mapping[str, Value]) -> str:
        """Why these values are not tried: what cannot be built, or a requirement; empty if nothing."""
        spec, _ = self.run(values, 0)
        wrong = problems(spec)
        if wrong:
            return wrong[0].message
        verdicts = card(analyse(spec), Profile("required", "", self.requirements))
        failed = [verdict for verdict in verdicts if verdict.passed is False]
        return (
            f"{failed[0].requirement.title}: {failed[0].words}, not {failed[0].requirement.words}"
            if failed
            else ""
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        required = Profile("required", "Required", self.requirements).to_dict()["requirements"]
        return {
            **plain,
            "spec": self.spec.to_dict(),
            "config": self.config.to_dict(),
            "axes": [axis.to_dict() for axis in self.axes],
            "requirements": required,
        }

    @classmethod
    def from_dict(cls, data: Any) -> Definition:
        """What `to_dict` wrote; from anywhere. Raises SweepError, SpecError, ConfigError, ProfileError."""
        known = {f.name for f in fields(cls)}
        if (
            not isinstance(data, dict)
            or set(data) - known
            or not {"spec", "config", "data", "axes"} <= set(data)
        ):
            raise SweepError(f"a sweep is an object with {', '.join(sorted(known))}")
        if not isinstance(data["axes"], list) or not isinstance(data["data"], str):
            raise SweepError('"axes" is a list, and "data" the name of an image set')
        spec = NetSpec.from_dict(data["spec"])
        required = data.get("requirements") or []
        requirements = read_profile({"requirements": required}).requirements if required else ()
        return cls(
            **{
                **data,
                "spec": spec,
                "config": TrainConfig.from_dict(data["config"]),
                "axes": tuple(read_axis(axis, spec) for axis in data["axes"]),
                "requirements": _known_before(requirements),
            }
        )


def requirement(text: str) -> Requirement:
    """Read `parameters<100000` or `receptive_field > 44`. Raises SweepError that lists the measures."""
    match = _REQUIRED.fullmatch(text)
    if match is None or match[1] not in KNOWN_BEFORE:
        raise SweepError(
            f"{text!r:.60} is no requirement; write parameters<100000; there are {', '.join(KNOWN_BEFORE)}"
        )
    limit = float(match[3].replace("_", "").replace(",", "")) * {"": 1, "k": 1e3, "m": 1e6}[match[4].lower()]
    return Requirement(match[1], _SYMBOLS[match[2]], limit, MEASURES[match[1]][0])


def of_design(profile: Profile) -> tuple[Requirement, ...]:
    """The requirements of an assignment that arithmetic decides."""
    return tuple(item for item in profile.requirements if item.id in KNOWN_BEFORE)


def _known_before(requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    for item in requirements:
        if item.id not in KNOWN_BEFORE:
            raise SweepError(
                f"{item.id} is known after a training only; what can be required: {', '.join(KNOWN_BEFORE)}"
            )
    return requirements
