"""A network is data: stages C1 to C4 of units, and an output stage O.

The vocabulary is closed. What it can say is exactly what the page edits, the arithmetic counts, the
builder builds and the exporter writes. The kinds of layers that a network may name stand in `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from cifar7.fields import choice, number, show
from cifar7.network.unit import (
    ACTIVATIONS,
    CONVOLUTIONS,
    DROPOUT_KINDS,
    DROPOUT_PLACES,
    JOINS,
    KEEPING,
    MAX_UNITS,
    NORMS,
    OPERATIONS,
    ORDERS,
    PADDING_MODES,
    SpecError,
    Unit,
)
from cifar7.network.written import (
    FIRST_HEAD,
    FIRST_NETWORK,
    FIRST_UNIT,
    changed,
    in_first,
    mapping,
    read_fields,
    read_units,
    units_to_data,
)

__all__ = [
    "ACTIVATIONS", "CLASSIFIERS", "CONVOLUTIONS", "DROPOUT_KINDS", "DROPOUT_PLACES", "JOINS", "KEEPING",
    "MAX_UNITS", "NORMS", "OPERATIONS", "ORDERS", "OUTPUT", "PADDING_MODES", "POOLINGS", "STAGE_NAMES",
    "Head", "NetSpec", "SpecError", "Stage", "Unit",
]  # fmt: skip

SCHEMA_VERSION = 2
STAGE_NAMES = ("C1", "C2", "C3", "C4")
OUTPUT = "O"
CLASSIFIERS = ("none", "conv", "linear")
POOLINGS = ("average", "max", "none")


@dataclass(frozen=True, slots=True)
class Stage:
    """Units in a row, then a max-pool of `pool` x `pool` pixels with that stride, or none.

    A stage without units passes its input on: a network may have fewer than four. Other pools are units.
    """

    units: tuple[Unit, ...] = ()
    pool: int | None = number(None, low=2, high=4)


@dataclass(frozen=True, slots=True)
class Head:
    """The output stage O: units, then the pooling, units behind it, and the classifier.

    `pool`: None pools the whole map (global average pooling); a number is a fixed kernel with that stride.
    `pooling`: `none` leaves it out, and a linear layer then reads every value of the map.
    `classifier`: a 1x1 convolution or a linear layer to the classes, or none, and then the last unit has to
    put out one channel a class.
    """

    units: tuple[Unit, ...] = ()
    pool: int | None = number(None, low=1, high=64)
    classifier: str = choice("conv", CLASSIFIERS)
    pooling: str = choice("average", POOLINGS)
    behind: tuple[Unit, ...] = ()  # units behind the pooling
    bias: bool = True  # of the classifier


@dataclass(frozen=True, slots=True)
class NetSpec:
    """A whole network, from an image (in_channels, image_size, image_size) to `classes` logits."""

    name: str
    stages: tuple[Stage, ...]  # four, C1 to C4
    output: Head = Head()
    activation: str = choice("relu", ACTIVATIONS)
    norm: str = choice("batch", NORMS)
    order: str = choice("conv-norm-act", ORDERS)
    bias: bool = True  # False: convolutions that a normalisation follows have no bias
    classes: int = number(10, low=2, high=1000)
    in_channels: int = number(3, low=1, high=4)
    image_size: int = number(32, low=8, high=256)  # pixels, square
    norm_groups: int | None = number(None, low=1, high=1024)  # of group normalisations; None: 8 or fewer

    def stage(self, name: str) -> Stage:
        """The stage called `C1` … `C4`."""
        return self.stages[STAGE_NAMES.index(name)]

    def parts(self) -> list[tuple[str, Stage | Head]]:
        """Name and content of C1 … C4 and O, in order."""
        return [*zip(STAGE_NAMES, self.stages), (OUTPUT, self.output)]

    def units(self, name: str) -> tuple[Unit, ...]:
        """The units of C1 … C4, or those of O before the pooling."""
        return self.output.units if name == OUTPUT else self.stage(name).units

    def every(self, name: str) -> tuple[Unit, ...]:
        """The units of C1 … C4 or O, in O also those behind the pooling: unit n is the n-th of them."""
        return self.units(name) + (self.output.behind if name == OUTPUT else ())

    def flow(self) -> Iterator[tuple[str, int, int, Unit, int]]:
        """(stage, number, channels in, unit, channels out) of every unit of every row, shortcuts left out."""
        channels = self.in_channels
        for name, _ in self.parts():
            into: list[int] = []
            for at, unit in enumerate(self.every(name), 1):
                into.append(channels)
                out = channels if unit.keeps_channels else unit.channels
                if unit.residual and unit.join == "concat":
                    start = into[max(0, at - unit.residual)]
                    out += row_channels(unit.shortcut, start)
                yield name, at, channels, unit, out
                channels = out

    def channels_into(self, name: str) -> int:
        """Channels that the stage C1 … C4 or O gets from what stands before it."""
        last = self.in_channels
        for stage, _, _, _, out in self.flow():
            if (*STAGE_NAMES, OUTPUT).index(stage) >= (*STAGE_NAMES, OUTPUT).index(name):
                break
            last = out
        return last

    def channels_from(self, name: str) -> int:
        """Channels that the stage C1 … C4 puts out, or O before its pooling."""
        last = self.channels_into(name)
        for stage, at, _, _, out in self.flow():
            if stage == name and at <= len(self.units(name)):
                last = out
        return last

    def with_stage(self, name: str, stage: Stage) -> NetSpec:
        """The same network with one stage C1 … C4 replaced."""
        at = STAGE_NAMES.index(name)
        return settled(replace(self, stages=(*self.stages[:at], stage, *self.stages[at + 1 :])))

    def with_units(self, name: str, units: tuple[Unit, ...]) -> NetSpec:
        """The same network with other units in C1 … C4, or before the pooling of O."""
        if name == OUTPUT:
            return settled(replace(self, output=replace(self.output, units=units)))
        return self.with_stage(name, replace(self.stage(name), units=units))

    def with_every(self, name: str, units: tuple[Unit, ...]) -> NetSpec:
        """The same network with other units in C1 … C4 or O, as `every` gives them and as many."""
        before = len(self.units(name))
        if name == OUTPUT and self.output.behind:
            output = replace(self.output, units=units[:before], behind=units[before:])
            return settled(replace(self, output=output))
        return self.with_units(name, units)

    def with_classes(self, classes: int) -> NetSpec:
        """The same network for another number of classes; without a classifier its last unit changes."""
        if classes == self.classes:
            return self
        spec = replace(self, classes=classes)
        if spec.output.classifier != "none":
            return spec
        last = next((name for name, _ in reversed(spec.parts()) if spec.every(name)), None)
        if last is None:
            return spec
        *units, unit = spec.every(last)
        return spec.with_every(last, (*units, replace(unit, channels=classes)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, of the oldest version that can say it."""
        units = [unit for name, _ in self.parts() for unit in self.every(name)]
        head = self.output
        first = in_first(self, FIRST_NETWORK) and in_first(head, FIRST_HEAD)
        first = first and all(in_first(unit, FIRST_UNIT) for unit in units)
        behind = {"behind": units_to_data(head.behind)} if head.behind else {}
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name in FIRST_NETWORK}
        del plain["stages"], plain["output"]
        return {
            "version": 1 if first else SCHEMA_VERSION,
            **plain,
            **changed(self, FIRST_NETWORK),
            "stages": {n: _part_to_dict(s) for n, s in zip(STAGE_NAMES, self.stages, strict=True)},
            "output": {
                **_part_to_dict(head), "classifier": head.classifier, **changed(head, FIRST_HEAD), **behind,
            },
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Any) -> NetSpec:
        """The network that `to_dict` wrote, of this version or an older one.

        Raises SpecError for anything else: names, types and ranges are checked here. `problems.problems`
        says whether the network can be built.
        """
        values = mapping(data, "the network")
        version = values.pop("version", None)
        if isinstance(version, bool) or version not in range(1, SCHEMA_VERSION + 1):
            raise SpecError(
                f"the network's version is {show(version)}; this cifar7 reads 1 to {SCHEMA_VERSION}."
            )
        stages = mapping(values.pop("stages", None), "stages")
        if sorted(stages) != sorted(STAGE_NAMES):
            raise SpecError(
                f"stages has {show(sorted(map(str, stages)))}; it needs exactly {', '.join(STAGE_NAMES)}."
            )
        return cls(
            stages=tuple(_read_stage(stages[n], n) for n in STAGE_NAMES),
            output=_read_head(values.pop("output", None)),
            **read_fields(cls, values, "the network", skip=("stages", "output")),
        )


def _part_to_dict(part: Stage | Head) -> dict[str, Any]:
    return {"units": units_to_data(part.units), "pool": part.pool}


def _read_stage(data: Any, where: str) -> Stage:
    values = mapping(data, where)
    units = read_units(values.pop("units", []), where)
    return Stage(units=units, **read_fields(Stage, values, where, skip=("units",)))


def _read_head(data: Any) -> Head:
    if data is None:
        return Head()
    values = mapping(data, OUTPUT)
    units = read_units(values.pop("units", []), OUTPUT)
    behind = read_units(values.pop("behind", []), f"{OUTPUT}, behind the pooling", connected=False)
    return Head(units=units, behind=behind, **read_fields(Head, values, OUTPUT, skip=("units", "behind")))


def row_channels(units: tuple[Unit, ...], channels: int) -> int:
    """Channels that units in a row, without connections, make of `channels`."""
    for unit in units:
        channels = channels if unit.keeps_channels else unit.channels
    return channels


def settled(spec: NetSpec) -> NetSpec:
    """The same network, each unit that keeps its channels as wide as what it gets."""
    if not any(
        u.keeps_channels
        for name, _ in spec.parts()
        for unit in spec.every(name)
        for u in (unit, *unit.shortcut)
    ):
        return spec
    rows: dict[str, list[Unit]] = {name: [] for name, _ in spec.parts()}
    into: dict[tuple[str, int], int] = {}
    for name, at, channels, unit, _ in spec.flow():
        into[name, at] = channels
        unit = _settled_unit(unit, channels)
        if unit.shortcut:
            row = _settled_row(unit.shortcut, into[name, max(1, at - max(unit.residual, 1) + 1)])
            unit = unit if row == unit.shortcut else replace(unit, shortcut=row)
        rows[name].append(unit)
    if all(tuple(row) == spec.every(name) for name, row in rows.items()):
        return spec
    before = len(spec.output.units)
    output = replace(spec.output, units=tuple(rows[OUTPUT][:before]), behind=tuple(rows[OUTPUT][before:]))
    stages = tuple(replace(s, units=tuple(rows[n])) for n, s in zip(STAGE_NAMES, spec.stages, strict=True))
    return replace(spec, stages=stages, output=output)


def _settled_unit(unit: Unit, channels: int) -> Unit:
    """The unit where `channels` come in."""
    return replace(unit, channels=channels) if unit.keeps_channels and unit.channels != channels else unit


def _settled_row(units: tuple[Unit, ...], channels: int) -> tuple[Unit, ...]:
    row = []
    for unit in units:
        row.append(_settled_unit(unit, channels))
        channels = row[-1].channels
    return tuple(row)
