"""A sweep that is being chosen: what varies and how it is tried, before it is one. No streamlit.

It holds what was chosen even where that does not fit the design any more: making the definition says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cifar7.network.profiles import Profile, Requirement
from cifar7.network.spec import NetSpec
from cifar7.runs.workers.served import served_devices
from cifar7.sweeps.axes import read_axis
from cifar7.sweeps.definition import Definition, of_design, requirement
from cifar7.training.config import TrainConfig
from cifar7.ui.explore.offered import label

AxisData = Mapping[str, Any]  # as `axes.read_axis` takes it
TITLE = "Sweep"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was chosen. 0 epochs: as on Train; 0 of a limit: none."""

    axes: tuple[AxisData, ...] = ()
    title: str = TITLE
    seeds: int = 2
    sampler: str = "grid"
    trials: int = 24  # of a sampler; the grid has its own
    stop: str = "none"
    epochs: int = 0
    parameters: int = 0  # fewer than these
    field: int = 0  # more pixels than these
    assignment: bool = False
    minutes: int = 0

    def axis(self, name: str) -> AxisData | None:
        """What is chosen for this name; None where it does not vary."""
        return next((axis for axis in self.axes if axis["name"] == name), None)

    def with_axis(self, data: AxisData) -> Draft:
        """With this axis, in its place if there is one of the name."""
        if self.axis(data["name"]) is None:
            return replace(self, axes=(*self.axes, data), title=TITLE)
        return replace(self, axes=tuple(data if axis["name"] == data["name"] else axis for axis in self.axes))

    def without(self, name: str) -> Draft:
        """Without the axis of this name."""
        return replace(self, axes=tuple(axis for axis in self.axes if axis["name"] != name))

    def requirements(self, profile: Profile) -> tuple[Requirement, ...]:
        """What is required of every design."""
        asked = [
            *([requirement(f"parameters<{self.parameters}")] if self.parameters else []),
            *([requirement(f"receptive_field_before_pooling>{self.field}")] if self.field else []),
        ]
        return (*asked, *(of_design(profile) if self.assignment else ()))

    def definition(self, spec: NetSpec, config: TrainConfig, data: str, profile: Profile) -> Definition:
        """The sweep from this design. Raises SweepError, ConfigError."""
        return Definition(
            spec=spec,
            config=replace(config, epochs=self.epochs or config.epochs, protocol="holdout"),
            data=data,
            axes=tuple(read_axis(dict(axis), spec) for axis in self.axes),
            title=self.title if self.title != TITLE else _title(self, spec),
            requirements=self.requirements(profile),
            seeds=self.seeds,
            sampler=self.sampler,
            stop=self.stop,
            trials=0 if self.sampler == "grid" else self.trials,
            minutes=float(self.minutes),
            at_once=len(served_devices(config.device)) + 1,
        )


def _title(draft: Draft, spec: NetSpec) -> str:
    """As "C3 dilation and 2 more of starter"."""
    first = label(draft.axes[0]["name"], spec) if draft.axes else "Nothing"
    more = f" and {len(draft.axes) - 1} more" if len(draft.axes) > 1 else ""
    return f"{first}{more} · {spec.name}"[:60]
